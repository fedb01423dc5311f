/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `skills` VALUES
(1,"SQL"),
(2,"C;C++"),
(3,"--");
