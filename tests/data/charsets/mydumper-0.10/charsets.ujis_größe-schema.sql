/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `ujis_größe` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '表',
  `c` char(5) DEFAULT '表',
  `e` enum('表','あ') DEFAULT '表',
  `s` set('能') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=ujis COLLATE=ujis_japanese_ci COMMENT='表 in ujis';
