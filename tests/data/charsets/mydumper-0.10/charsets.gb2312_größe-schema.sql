/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `gb2312_größe` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '是',
  `c` char(5) DEFAULT '是',
  `e` enum('是','不') DEFAULT '是',
  `s` set('中') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=gb2312 COLLATE=gb2312_chinese_ci COMMENT='表 in gb2312';
