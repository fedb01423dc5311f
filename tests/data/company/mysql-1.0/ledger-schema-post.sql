/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'*/;
/*!40103 SET TIME_ZONE='+00:00' */;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP FUNCTION IF EXISTS `balance`;
CREATE DEFINER=`root`@`localhost` FUNCTION `balance`(a INT) RETURNS bigint
    READS SQL DATA
RETURN (SELECT COALESCE(SUM(cents), 0) FROM ledger.entry_lines WHERE account = a);
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP FUNCTION IF EXISTS `converted`;
CREATE DEFINER=`root`@`localhost` FUNCTION `converted`(x DECIMAL(20,6), c CHAR(3), d DATE) RETURNS decimal(20,2)
    READS SQL DATA
    COMMENT 'calls two; others'
RETURN ledger.round_cents(x / ledger.rate_of(c, d));
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP FUNCTION IF EXISTS `is_open`;
CREATE DEFINER=`root`@`localhost` FUNCTION `is_open`(e INT) RETURNS tinyint(1)
    READS SQL DATA
BEGIN
  DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END; 
  RETURN NOT EXISTS (SELECT 1 FROM ledger.entries WHERE id = e AND locked); 
END;
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP FUNCTION IF EXISTS `rate_of`;
CREATE DEFINER=`root`@`localhost` FUNCTION `rate_of`(c CHAR(3), d DATE) RETURNS decimal(12,6)
    READS SQL DATA
BEGIN
  DECLARE found DECIMAL(12,6) DEFAULT NULL; 
  SELECT rate INTO found FROM ledger.rates WHERE currency = c AND day <= d ORDER BY day DESC LIMIT 1; 
  RETURN COALESCE(found, 1); 
END;
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP FUNCTION IF EXISTS `round_cents`;
CREATE DEFINER=`root`@`localhost` FUNCTION `round_cents`(x DECIMAL(20,6)) RETURNS decimal(20,2)
    NO SQL
    DETERMINISTIC
RETURN ROUND(x, 2);
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP PROCEDURE IF EXISTS `close_day`;
CREATE DEFINER=`root`@`localhost` PROCEDURE `close_day`(IN d DATE, OUT closed INT)
    MODIFIES SQL DATA
    SQL SECURITY INVOKER
    COMMENT 'locks; counts'
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
END;
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP PROCEDURE IF EXISTS `note`;
CREATE DEFINER=`root`@`localhost` PROCEDURE `note`(IN w VARCHAR(200) CHARSET utf8mb4)
    MODIFIES SQL DATA
INSERT INTO ledger.audit (n, what) SELECT COUNT(*) + 1, w FROM ledger.audit AS before_it;
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP PROCEDURE IF EXISTS `post`;
CREATE DEFINER=`root`@`localhost` PROCEDURE `post`(IN e INT, IN t VARCHAR(100) CHARSET utf8mb4, IN c BIGINT)
    MODIFIES SQL DATA
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    CALL ledger.note(CONCAT('failed; ', e)); 
    RESIGNAL; 
  END; 
  INSERT INTO ledger.entries (id, day, text) VALUES (e, '2026-03-31', t); 
  INSERT INTO ledger.entry_lines (entry, line, account, cents) VALUES (e, 1, 2, -c), (e, 2, 3, c); 
END;
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP PROCEDURE IF EXISTS `run_it`;
CREATE DEFINER=`root`@`localhost` PROCEDURE `run_it`(IN statement_text VARCHAR(200) CHARSET utf8mb4)
BEGIN
  SET @dm_text = statement_text; 
  PREPARE s FROM @dm_text; 
  EXECUTE s; 
  DEALLOCATE PREPARE s; 
END;
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP PROCEDURE IF EXISTS `total`;
CREATE DEFINER=`root`@`localhost` PROCEDURE `total`(OUT cents_of_all BIGINT)
    READS SQL DATA
SELECT SUM(ledger.balance(id)) INTO cents_of_all FROM ledger.accounts;
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP EVENT IF EXISTS `close`;
CREATE DEFINER=`root`@`localhost` EVENT `close` ON SCHEDULE EVERY 1 MONTH STARTS '2030-02-01 00:00:00' ENDS '2036-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO CALL ledger.close_day(CURRENT_DATE, @dm_closed);
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;
SET @PREV_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS;
SET @PREV_COLLATION_CONNECTION=@@COLLATION_CONNECTION;
SET character_set_client = utf8mb4;
SET character_set_results = utf8mb4;
SET collation_connection = utf8mb4_general_ci;
DROP EVENT IF EXISTS `trim_audit`;
CREATE DEFINER=`root`@`localhost` EVENT `trim_audit` ON SCHEDULE EVERY 90 MINUTE STARTS '2031-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO DELETE FROM ledger.audit WHERE n < 0;
SET character_set_client = @PREV_CHARACTER_SET_CLIENT;
SET character_set_results = @PREV_CHARACTER_SET_RESULTS;
SET collation_connection = @PREV_COLLATION_CONNECTION;
