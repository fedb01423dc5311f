/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `koi8r_grц╤ц÷e` VALUES
(1,"Привет\"\'\\\n","да","да","да","я"),
(2,NULL,"нет","нет","нет","я,ю"),
(3,"","Прив","",NULL,"");
