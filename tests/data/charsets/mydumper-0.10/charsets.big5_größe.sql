/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `big5_gr繹��e` VALUES
(1,"功\許\娉\中\\\"\'","功\","功\","功\","蓋\"),
(2,NULL,"許\","許\","許\","蓋\"),
(3,"","功\許\","",NULL,"");
