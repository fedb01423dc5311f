/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `gbk_gr枚脽e` VALUES
(1,"縗\乗\丂的㘎\\\\"\'n","是","是","是","不"),
(2,NULL,"縗\","縗\","縗\","不"),
(3,"","縗\乗\","",NULL,"");
