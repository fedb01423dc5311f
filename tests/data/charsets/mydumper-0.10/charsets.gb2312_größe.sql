/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `gb2312_gr枚脽e` VALUES
(1,"啊中\\\"","是","是","是","中"),
(2,NULL,"不","不","不","中"),
(3,"","啊中","",NULL,"");
