/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `euckr_gr철횩e` VALUES
(1,"가한\\\"","가","가","가","다"),
(2,NULL,"나","나","나","다"),
(3,"","가한","",NULL,"");
