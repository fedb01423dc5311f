/*!40101 SET NAMES binary*/;
SET FOREIGN_KEY_CHECKS=0;
INSERT INTO `odd ``name`` / . "é" %` VALUES
(1,'x'),
(1,'x');
