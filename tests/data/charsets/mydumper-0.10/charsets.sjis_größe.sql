/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `sjis_grﾃｶﾃ歹` VALUES
(1,"表\ソ\―\十\ｱ\\\"\'ｶ","表\","表\","表\","能\"),
(2,NULL,"ソ\","ソ\","ソ\","能\"),
(3,"","表\ソ\","",NULL,"");
