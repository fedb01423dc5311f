/*!40101 SET NAMES binary*/;
SET FOREIGN_KEY_CHECKS=0;
INSERT INTO `in_gbk` VALUES
(1,'汉乗誠'),
(2,'a\'b\"c\\d');
