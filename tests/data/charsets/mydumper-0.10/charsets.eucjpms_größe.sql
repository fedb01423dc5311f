/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `eucjpms_gr√∂√üe` VALUES
(1,"§¢¥¡è∞°\\\"","…Ω","…Ω","…Ω","«Ω"),
(2,NULL,"§¢","§¢","§¢","«Ω"),
(3,"","§¢¥¡","",NULL,"");
