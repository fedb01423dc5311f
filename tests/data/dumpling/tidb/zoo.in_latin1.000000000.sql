/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET NAMES binary*/;
INSERT INTO `in_latin1` VALUES
(1,'né'),
(2,'x');
