/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `hebrew_größe` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'כן',
  `c` char(5) DEFAULT 'כן',
  `e` enum('כן','לא') DEFAULT 'כן',
  `s` set('א') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=hebrew COLLATE=hebrew_general_ci COMMENT='表 in hebrew';
