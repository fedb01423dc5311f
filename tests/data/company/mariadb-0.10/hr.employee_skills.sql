/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `employee_skills` VALUES
(1,1,"good"),
(2,1,"ex;pert"),
(2,3,"some");
