/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET NAMES binary*/;
INSERT INTO `odd ``name`` / . "é" %` VALUES
(1,'x'),
(1,'x');
