/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `big5_größe` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '功',
  `c` char(5) DEFAULT '功',
  `e` enum('功','許') DEFAULT '功',
  `s` set('蓋') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=big5 COLLATE=big5_chinese_ci COMMENT='表 in big5';
