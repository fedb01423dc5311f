/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `orders` VALUES
(1,1,"a",0.00),
(2,2,"",0.00),
(3,3,"été",0.00);
