/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET NAMES binary*/;
INSERT INTO `in_gbk` VALUES
(1,'汉乗誠'),
(2,'a\'b\"c\\d');
