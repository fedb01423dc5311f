/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `hebrew_grֳ¶ֳe` VALUES
(1,"שלום\"\'\\","כן","כן","כן","א"),
(2,NULL,"לא","לא","לא","א"),
(3,"","שלום","",NULL,"");
