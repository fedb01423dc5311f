DROP DATABASE IF EXISTS hr;
DROP DATABASE IF EXISTS ledger;
CREATE DATABASE hr CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE ledger CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
SET NAMES utf8mb4 COLLATE utf8mb4_general_ci;
SET time_zone = '+00:00';
USE ledger;
CREATE TABLE rates (currency CHAR(3) NOT NULL, day DATE NOT NULL, rate DECIMAL(12,6) NOT NULL, PRIMARY KEY (currency, day)) ENGINE=InnoDB COMMENT='per euro; "daily"';
CREATE TABLE accounts (id INT NOT NULL AUTO_INCREMENT, code VARCHAR(20) NOT NULL, parent INT, opened DATETIME NOT NULL, PRIMARY KEY (id), UNIQUE KEY code (code), KEY parent (parent), CONSTRAINT accounts_parent FOREIGN KEY (parent) REFERENCES accounts (id)) ENGINE=InnoDB AUTO_INCREMENT=100;
CREATE TABLE audit (n INT NOT NULL, what VARCHAR(200) NOT NULL, at TIMESTAMP NULL) ENGINE=InnoDB;
CREATE TABLE entries (id INT NOT NULL, day DATE NOT NULL, text VARCHAR(100), locked TINYINT(1) NOT NULL DEFAULT 0, month CHAR(7) GENERATED ALWAYS AS (DATE_FORMAT(day, '%Y-%m')) VIRTUAL, PRIMARY KEY (id), KEY day (day)) ENGINE=InnoDB;
CREATE TABLE entry_lines (entry INT NOT NULL, line SMALLINT NOT NULL, account INT NOT NULL, cents BIGINT NOT NULL, euros DECIMAL(14,2) GENERATED ALWAYS AS (cents / 100) STORED, PRIMARY KEY (entry, line), KEY account (account), CONSTRAINT lines_entry FOREIGN KEY (entry) REFERENCES entries (id) ON DELETE CASCADE, CONSTRAINT lines_account FOREIGN KEY (account) REFERENCES accounts (id) ON UPDATE CASCADE) ENGINE=InnoDB;
USE hr;
CREATE TABLE countries (code CHAR(2) NOT NULL, name VARCHAR(60) NOT NULL, PRIMARY KEY (code)) ENGINE=InnoDB;
CREATE TABLE offices (id INT NOT NULL, country CHAR(2) NOT NULL, city VARCHAR(60) NOT NULL, opened YEAR, PRIMARY KEY (id), KEY country (country), CONSTRAINT offices_country FOREIGN KEY (country) REFERENCES countries (code)) ENGINE=InnoDB;
CREATE TABLE departments (id INT NOT NULL, name VARCHAR(60) NOT NULL, office INT, parent INT, head INT, PRIMARY KEY (id), KEY office (office), KEY parent (parent), KEY head (head), CONSTRAINT departments_office FOREIGN KEY (office) REFERENCES offices (id), CONSTRAINT departments_parent FOREIGN KEY (parent) REFERENCES departments (id)) ENGINE=InnoDB;
CREATE TABLE employees (id INT NOT NULL, first VARCHAR(40) NOT NULL, last VARCHAR(40) NOT NULL, born DATE, department INT NOT NULL, manager INT, annual DECIMAL(12,2) NOT NULL DEFAULT 0.00, account INT, mail VARCHAR(90) GENERATED ALWAYS AS (LOWER(CONCAT(first, '.', last, '@example.org'))) STORED, changed INT NOT NULL DEFAULT 0, PRIMARY KEY (id), UNIQUE KEY mail (mail), KEY department (department), KEY manager (manager), KEY account (account), CONSTRAINT employees_department FOREIGN KEY (department) REFERENCES departments (id), CONSTRAINT employees_manager FOREIGN KEY (manager) REFERENCES employees (id), CONSTRAINT employees_account FOREIGN KEY (account) REFERENCES ledger.accounts (id), CONSTRAINT paid CHECK (annual >= 0)) ENGINE=InnoDB;
ALTER TABLE departments ADD CONSTRAINT departments_head FOREIGN KEY (head) REFERENCES employees (id);
CREATE TABLE salaries (employee INT NOT NULL, since DATE NOT NULL, annual DECIMAL(12,2) NOT NULL, PRIMARY KEY (employee, since), CONSTRAINT salaries_employee FOREIGN KEY (employee) REFERENCES employees (id) ON DELETE CASCADE) ENGINE=InnoDB;
CREATE TABLE skills (id INT NOT NULL, name VARCHAR(40) NOT NULL, PRIMARY KEY (id)) ENGINE=InnoDB;
CREATE TABLE employee_skills (employee INT NOT NULL, skill INT NOT NULL, level ENUM('some','good','ex;pert') NOT NULL, PRIMARY KEY (employee, skill), KEY skill (skill), CONSTRAINT es_employee FOREIGN KEY (employee) REFERENCES employees (id) ON DELETE CASCADE, CONSTRAINT es_skill FOREIGN KEY (skill) REFERENCES skills (id)) ENGINE=InnoDB;
CREATE TABLE projects (id INT NOT NULL, name VARCHAR(60) NOT NULL, budget INT NOT NULL, PRIMARY KEY (id)) ENGINE=InnoDB;
CREATE TABLE assignments (employee INT NOT NULL, project INT NOT NULL, share DECIMAL(4,3) NOT NULL, KEY employee (employee), KEY project (project)) ENGINE=InnoDB;
INSERT INTO ledger.rates VALUES ('USD','2026-01-01',1.1),('CHF','2026-01-01',0.95),('USD','2026-06-01',1.12);
INSERT INTO ledger.accounts (id, code, parent, opened) VALUES (1,'1000',NULL,'2020-01-01 00:00:00'),(2,'1100',1,'2020-01-01 00:00:00'),(3,'1200',1,'2021-05-05 05:05:05');
INSERT INTO ledger.entries (id, day, text, locked) VALUES (1,'2026-01-31','payroll; "January"',1),(2,'2026-02-28','it''s February',0);
INSERT INTO ledger.entry_lines (entry, line, account, cents) VALUES (1,1,2,-500000),(1,2,3,500000),(2,1,2,-123456),(2,2,3,123456);
INSERT INTO countries VALUES ('DE','Deutschland'),('CH','Schweiz');
INSERT INTO offices VALUES (1,'DE','Köln',1999),(2,'CH','Zürich',2011);
INSERT INTO departments (id,name,office,parent) VALUES (1,'Board',1,NULL),(2,'Engine\\room',1,1),(3,'Sales',2,1);
INSERT INTO employees (id,first,last,born,department,manager,annual,account) VALUES (1,'Ada','Ohm','1980-02-29',1,NULL,120000,1),(2,'Bo','O''Neil','1990-05-05',2,1,80000.50,2),(3,'Cy','Été',NULL,3,1,70000,NULL),(4,'Di','日本','2001-12-31',2,2,50000,3);
UPDATE departments SET head = id;
INSERT INTO salaries VALUES (1,'2020-01-01',100000),(1,'2024-01-01',120000),(2,'2023-03-01',80000.5);
INSERT INTO skills VALUES (1,'SQL'),(2,'C;C++'),(3,'--');
INSERT INTO employee_skills VALUES (1,1,'good'),(2,1,'ex;pert'),(2,3,'some');
INSERT INTO projects VALUES (1,'Move',1000),(2,'Stay',1);
INSERT INTO assignments VALUES (1,1,0.5),(1,1,0.5),(2,1,1),(3,2,0.25);
DELIMITER ;;
CREATE FUNCTION ledger.round_cents(x DECIMAL(20,6)) RETURNS DECIMAL(20,2) DETERMINISTIC NO SQL RETURN ROUND(x, 2);;
CREATE FUNCTION ledger.rate_of(c CHAR(3), d DATE) RETURNS DECIMAL(12,6) READS SQL DATA
BEGIN
  DECLARE found DECIMAL(12,6) DEFAULT NULL;
  SELECT rate INTO found FROM ledger.rates WHERE currency = c AND day <= d ORDER BY day DESC LIMIT 1;
  RETURN COALESCE(found, 1);
END;;
CREATE FUNCTION ledger.converted(x DECIMAL(20,6), c CHAR(3), d DATE) RETURNS DECIMAL(20,2) READS SQL DATA COMMENT 'calls two; others'
RETURN ledger.round_cents(x / ledger.rate_of(c, d));;
CREATE FUNCTION ledger.balance(a INT) RETURNS BIGINT READS SQL DATA
RETURN (SELECT COALESCE(SUM(cents), 0) FROM ledger.entry_lines WHERE account = a);;
CREATE FUNCTION ledger.is_open(e INT) RETURNS TINYINT(1) READS SQL DATA
BEGIN
  DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
  RETURN NOT EXISTS (SELECT 1 FROM ledger.entries WHERE id = e AND locked);
END;;
CREATE FUNCTION hr.full_name(f VARCHAR(40) CHARSET utf8mb4, l VARCHAR(40) CHARSET utf8mb4) RETURNS VARCHAR(90) CHARSET utf8mb4 COLLATE utf8mb4_general_ci DETERMINISTIC
RETURN CONCAT(f, ' ', l);;
CREATE FUNCTION hr.initials(f VARCHAR(40) CHARSET utf8mb4, l VARCHAR(40) CHARSET utf8mb4) RETURNS VARCHAR(8) CHARSET utf8mb4 COLLATE utf8mb4_general_ci DETERMINISTIC
RETURN CONCAT(LEFT(hr.full_name(f, l), 1), LEFT(l, 1), ';');;
CREATE FUNCTION hr.monthly(a DECIMAL(12,2)) RETURNS DECIMAL(12,2) DETERMINISTIC RETURN ledger.round_cents(a / 12);;
CREATE FUNCTION hr.tax(a DECIMAL(12,2)) RETURNS DECIMAL(12,2) DETERMINISTIC
BEGIN
  /* brackets; of a country */
  CASE
    WHEN a < 60000 THEN RETURN ledger.round_cents(a * 0.2);
    WHEN a < 100000 THEN RETURN ledger.round_cents(a * 0.3);
    ELSE RETURN ledger.round_cents(a * 0.4);
  END CASE;
END;;
CREATE FUNCTION hr.net(a DECIMAL(12,2)) RETURNS DECIMAL(12,2) DETERMINISTIC RETURN hr.monthly(a - hr.tax(a));;
CREATE FUNCTION hr.headcount(d INT) RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM hr.employees WHERE department = d);;
CREATE FUNCTION hr.years(b DATE, d DATE) RETURNS INT DETERMINISTIC RETURN TIMESTAMPDIFF(YEAR, b, d);;
CREATE PROCEDURE ledger.note(IN w VARCHAR(200) CHARSET utf8mb4) MODIFIES SQL DATA
INSERT INTO ledger.audit (n, what) SELECT COUNT(*) + 1, w FROM ledger.audit AS before_it;;
CREATE PROCEDURE ledger.post(IN e INT, IN t VARCHAR(100) CHARSET utf8mb4, IN c BIGINT) MODIFIES SQL DATA
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    CALL ledger.note(CONCAT('failed; ', e));
    RESIGNAL;
  END;
  INSERT INTO ledger.entries (id, day, text) VALUES (e, '2026-03-31', t);
  INSERT INTO ledger.entry_lines (entry, line, account, cents) VALUES (e, 1, 2, -c), (e, 2, 3, c);
END;;
CREATE PROCEDURE ledger.close_day(IN d DATE, OUT closed INT) MODIFIES SQL DATA SQL SECURITY INVOKER COMMENT 'locks; counts'
BEGIN
  DECLARE done INT DEFAULT 0;
  DECLARE e INT;
  DECLARE c CURSOR FOR SELECT id FROM ledger.entries WHERE day = d AND locked = 0;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  SET closed = 0;
  OPEN c;
  each_one: LOOP
    FETCH c INTO e;
    IF done THEN LEAVE each_one; END IF;
    UPDATE ledger.entries SET locked = 1 WHERE id = e;
    SET closed = closed + 1;
  END LOOP each_one;
  CLOSE c;
  CALL ledger.note(CONCAT('closed ', closed));
END;;
CREATE PROCEDURE ledger.total(OUT cents_of_all BIGINT) READS SQL DATA SELECT SUM(ledger.balance(id)) INTO cents_of_all FROM ledger.accounts;;
CREATE PROCEDURE ledger.run_it(IN statement_text VARCHAR(200) CHARSET utf8mb4)
BEGIN
  SET @dm_text = statement_text;
  PREPARE s FROM @dm_text;
  EXECUTE s;
  DEALLOCATE PREPARE s;
END;;
CREATE PROCEDURE hr.raise_by(IN e INT, IN percent INT) MODIFIES SQL DATA
BEGIN
  UPDATE hr.employees SET annual = annual * (100 + percent) / 100 WHERE id = e;
  CALL ledger.note(CONCAT('raise of ', e, '; by ', percent, ' %'));
END;;
CREATE PROCEDURE hr.move(IN e INT, IN d INT) MODIFIES SQL DATA
BEGIN
  UPDATE hr.employees SET department = d WHERE id = e;
  CALL ledger.note(CONCAT('moved ', e));
END;;
CREATE PROCEDURE hr.swap_departments(IN a INT, IN b INT) MODIFIES SQL DATA
BEGIN
  DECLARE d_of_a, d_of_b INT;
  SELECT department INTO d_of_a FROM hr.employees WHERE id = a;
  SELECT department INTO d_of_b FROM hr.employees WHERE id = b;
  CALL hr.move(a, d_of_b);
  CALL hr.move(b, d_of_a);
END;;
CREATE PROCEDURE hr.chain(IN e INT, INOUT names VARCHAR(400) CHARSET utf8mb4) READS SQL DATA
BEGIN
  DECLARE m INT;
  SET max_sp_recursion_depth = 10;
  SELECT manager, CONCAT(names, '>', hr.full_name(first, last)) INTO m, names FROM hr.employees WHERE id = e;
  IF m IS NOT NULL THEN CALL hr.chain(m, names); END IF;
END;;
CREATE PROCEDURE hr.nothing() BEGIN END;;
CREATE VIEW ledger.w_balances AS SELECT id, code, ledger.balance(id) AS balance FROM ledger.accounts;;
CREATE VIEW ledger.v_lines AS SELECT e.day, e.text, e.month, l.euros, w.code FROM ledger.entries e JOIN ledger.entry_lines l ON l.entry = e.id JOIN ledger.w_balances w ON w.id = l.account;;
CREATE VIEW ledger.a_months AS SELECT month, SUM(euros) AS euros, COUNT(*) AS lines_of_it FROM ledger.v_lines GROUP BY month;;
CREATE VIEW ledger.b_dollars AS SELECT day, text, ledger.converted(euros, 'USD', day) AS dollars FROM ledger.v_lines;;
CREATE VIEW hr.z_people AS SELECT id, hr.full_name(first, last) AS name, hr.initials(first, last) AS initials, department, annual, account FROM hr.employees;;
CREATE VIEW hr.y_payroll AS SELECT id, name, hr.net(annual) AS net FROM hr.z_people;;
CREATE VIEW hr.a_best AS SELECT id, name FROM hr.y_payroll WHERE net > 3000;;
CREATE VIEW hr.b_departments AS SELECT d.id, d.name, hr.headcount(d.id) AS heads, o.city FROM hr.departments d LEFT JOIN hr.offices o ON o.id = d.office;;
CREATE ALGORITHM=TEMPTABLE VIEW hr.c_by_country AS SELECT c.name, SUM(b.heads) AS heads FROM hr.b_departments b JOIN hr.offices o ON o.city = b.city JOIN hr.countries c ON c.code = o.country GROUP BY c.name;;
CREATE SQL SECURITY INVOKER VIEW hr.d_skilled AS SELECT p.name, s.name AS skill, e.level FROM hr.z_people p JOIN hr.employee_skills e ON e.employee = p.id JOIN hr.skills s ON s.id = e.skill;;
CREATE ALGORITHM=MERGE VIEW hr.e_small AS SELECT id, name, budget FROM hr.projects WHERE budget < 100 WITH CASCADED CHECK OPTION;;
CREATE VIEW hr.f_smaller AS SELECT id, name, budget FROM hr.e_small WHERE budget < 10 WITH LOCAL CHECK OPTION;;
CREATE VIEW hr.g_crosses AS SELECT p.name, a.code, a.balance FROM hr.z_people p JOIN ledger.w_balances a ON a.id = p.account;;
CREATE VIEW hr.h_quotes AS SELECT 'it''s "a"; \\ `b`' AS `od;d "name"`, id FROM hr.a_best;;
CREATE TRIGGER hr.employees_bi BEFORE INSERT ON hr.employees FOR EACH ROW BEGIN IF NEW.first = '' THEN SET NEW.first = 'No; one'; END IF; END;;
CREATE TRIGGER hr.a_second BEFORE INSERT ON hr.employees FOR EACH ROW FOLLOWS employees_bi SET NEW.annual = ledger.round_cents(NEW.annual);;
CREATE TRIGGER hr.z_first BEFORE INSERT ON hr.employees FOR EACH ROW PRECEDES employees_bi SET NEW.changed = 1;;
CREATE TRIGGER hr.employees_ai AFTER INSERT ON hr.employees FOR EACH ROW CALL ledger.note(CONCAT('hired ', hr.full_name(NEW.first, NEW.last)));;
CREATE TRIGGER hr.employees_bu BEFORE UPDATE ON hr.employees FOR EACH ROW SET NEW.changed = OLD.changed + 1;;
CREATE TRIGGER hr.employees_au AFTER UPDATE ON hr.employees FOR EACH ROW
BEGIN
  -- a new salary; no other change
  IF NEW.annual <> OLD.annual THEN
    INSERT INTO hr.salaries (employee, since, annual) VALUES (NEW.id, '2026-12-01', NEW.annual) ON DUPLICATE KEY UPDATE annual = NEW.annual;
  END IF;
END;;
CREATE TRIGGER hr.employees_bd BEFORE DELETE ON hr.employees FOR EACH ROW BEGIN DELETE FROM hr.assignments WHERE employee = OLD.id; END;;
CREATE TRIGGER hr.employees_ad AFTER DELETE ON hr.employees FOR EACH ROW CALL ledger.note(CONCAT('left: ', OLD.last));;
CREATE TRIGGER hr.salaries_bi BEFORE INSERT ON hr.salaries FOR EACH ROW SET NEW.annual = GREATEST(NEW.annual, 0);;
CREATE TRIGGER hr.salaries_au AFTER UPDATE ON hr.salaries FOR EACH ROW CALL ledger.note('a salary; changed');;
CREATE TRIGGER hr.projects_bu BEFORE UPDATE ON hr.projects FOR EACH ROW BEGIN IF NEW.budget < 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no; budget'; END IF; END;;
CREATE TRIGGER ledger.entries_bu BEFORE UPDATE ON ledger.entries FOR EACH ROW BEGIN IF OLD.locked AND NEW.locked THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'it is locked'; END IF; END;;
CREATE TRIGGER ledger.lines_bi BEFORE INSERT ON ledger.entry_lines FOR EACH ROW BEGIN IF NOT ledger.is_open(NEW.entry) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the entry is locked'; END IF; END;;
CREATE TRIGGER ledger.lines_bd BEFORE DELETE ON ledger.entry_lines FOR EACH ROW BEGIN CALL ledger.note(CONCAT('line ', OLD.entry, '/', OLD.line)); END;;
CREATE EVENT hr.birthdays ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 06:00:00' ON COMPLETION PRESERVE DO CALL ledger.note('birthdays');;
CREATE EVENT hr.off ON SCHEDULE EVERY 2 WEEK STARTS '2030-03-03 03:03:03' DISABLE COMMENT 'off; for good' DO BEGIN CALL hr.nothing(); CALL hr.nothing(); END;;
CREATE EVENT hr.review ON SCHEDULE AT '2037-07-07 07:07:07' DO CALL hr.raise_by(1, 1);;
CREATE EVENT ledger.close ON SCHEDULE EVERY 1 MONTH STARTS '2030-02-01 00:00:00' ENDS '2036-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO CALL ledger.close_day(CURRENT_DATE, @dm_closed);;
CREATE EVENT ledger.trim_audit ON SCHEDULE EVERY 90 MINUTE STARTS '2031-01-01 00:00:00' ON COMPLETION PRESERVE DO DELETE FROM ledger.audit WHERE n < 0;;
DELIMITER ;
