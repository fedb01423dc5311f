/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `ucs2_grÃ¶ÃŸe` VALUES
(1,"\\\"\"\'\n\n\\\\\0\"\0\'\0\\\0\n\0\0,))\n\n(\\NN\\\0\\\0N0Bˆh\0ß","\0ä","\0ä","\0ä","\0é"),
(2,NULL,"ˆh","ˆh","ˆh","\0é\0,\0ü\0,\0c"),
(3,"","\\\"\"\'","",NULL,"");
