/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `koi8r_größe` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'да',
  `c` char(5) DEFAULT 'да',
  `e` enum('да','нет') DEFAULT 'да',
  `s` set('я','ю') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=koi8r COLLATE=koi8r_general_ci COMMENT='表 in koi8r';
