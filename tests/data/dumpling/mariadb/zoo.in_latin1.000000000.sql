/*!40101 SET NAMES binary*/;
SET FOREIGN_KEY_CHECKS=0;
INSERT INTO `in_latin1` VALUES
(1,'né'),
(2,'x');
