CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4; CREATE DATABASE crm DEFAULT CHARACTER SET latin1; USE shop;
CREATE TABLE orders (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, note varchar(200), ts timestamp NULL, b blob, j json, e enum('a','é'), KEY n (note));
INSERT INTO orders (id,note,ts,b,j,e) VALUES (1,'it''s; a "quote" \\ -- x','2024-03-31 00:30:00',x'00ff275c0a1a','{"a": "é"}','é'),(2,NULL,NULL,NULL,NULL,NULL),(3,'/*!50003 nope */;\nDELIMITER ;;\nnew line','2024-10-27 00:30:00','abc','[]','a');
CREATE TABLE log (line varchar(100), n int);
INSERT INTO log VALUES ('same',1),('same',1),('x;',2);
CREATE TABLE `odd.na``me` (`c-1` int, KEY (`c-1`)); INSERT INTO `odd.na``me` VALUES (1),(2);
CREATE TABLE empty_one (id int primary key);
CREATE VIEW big AS SELECT id, note FROM orders WHERE note <> '*/' WITH CASCADED CHECK OPTION;
CREATE VIEW a_first AS SELECT b.id FROM big b;
DELIMITER //
CREATE TRIGGER tr BEFORE INSERT ON log FOR EACH ROW BEGIN SET NEW.n = NEW.n + 1; END//
CREATE FUNCTION f(a int) RETURNS int DETERMINISTIC BEGIN DECLARE x int; SET x = a; /* c */ RETURN x + 1; END//
CREATE PROCEDURE p() BEGIN SELECT ';'; SELECT 1; END//
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO BEGIN DELETE FROM shop.log; END//
DELIMITER ;
USE crm;
CREATE TABLE users (id bigint unsigned NOT NULL, name varchar(50), s set('x','y'), PRIMARY KEY (id)) DEFAULT CHARSET=latin1;
INSERT INTO users VALUES (1,'Müller','x,y'),(18446744073709551615,'ÿ','');
CREATE TABLE child (id int primary key, u bigint unsigned, CONSTRAINT fk FOREIGN KEY (u) REFERENCES users (id)); INSERT INTO child VALUES (1,1);
