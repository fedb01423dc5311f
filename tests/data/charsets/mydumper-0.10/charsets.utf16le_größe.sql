/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `utf16le_grÃ¶ÃŸe` VALUES
(1,"\"\\\'\"\n\n\\\\\"\0\'\0\\\0\n\0\0\0),\n)(\nN\\\\N\\\0N\0B0hˆß\0=ØBÞ","ä\0","ä\0","ä\0","é\0"),
(2,NULL,"hˆ","hˆ","hˆ","é\0,\0ü\0,\0c\0"),
(3,"","\"\\\'\"","",NULL,"");
