/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `departments` VALUES
(1,"Board",1,NULL,1),
(2,"Engine\\room",1,1,2),
(3,"Sales",2,1,3);
