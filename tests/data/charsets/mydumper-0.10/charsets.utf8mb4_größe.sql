/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `utf8mb4_größe` VALUES
(1,"🙂ß\\\\\"","ä","ä","ä","é"),
(2,NULL,"表","表","表","é,ü,c"),
(3,"","🙂","",NULL,"");
