/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET NAMES binary*/;
CREATE SEQUENCE `numbers` start with 10 minvalue 1 maxvalue 9223372036854775806 increment by 5 cache 3 nocycle ENGINE=InnoDB;
SELECT SETVAL(`numbers`,36);
