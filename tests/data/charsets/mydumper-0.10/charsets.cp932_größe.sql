/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `cp932_grÃ¶ÃŸe` VALUES
(1,"•\\ƒ\\í@üK\\\"¶","•\\","•\\","•\\","”\\"),
(2,NULL,"ƒ\\","ƒ\\","ƒ\\","”\\"),
(3,"","•\\ƒ\\","",NULL,"");
