-- The source of the dump beside it: a table for each charset, written in hex.
CREATE DATABASE `charsets` DEFAULT CHARACTER SET utf8mb4;
USE `charsets`;
SET NAMES utf8mb4;
CREATE TABLE `latin1_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'ä',
  `c` char(5) DEFAULT 'ä',
  `e` enum('ä','ß,','€') DEFAULT 'ä',
  `s` set('é','ü') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='表 in latin1';
INSERT INTO `latin1_größe` VALUES (1,_latin1 0x000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9FA0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C5C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEFF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF,DEFAULT,DEFAULT,DEFAULT,'é'),(2,NULL,'ß,','ß,','ß,','é,ü'),(3,'',_latin1 0x00010203,'',NULL,'');
CREATE TABLE `cp1251_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'да',
  `c` char(5) DEFAULT 'да',
  `e` enum('да','нет') DEFAULT 'да',
  `s` set('я','ю') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=cp1251 COMMENT='表 in cp1251';
INSERT INTO `cp1251_größe` VALUES (1,_cp1251 0xCFF0E8E2E5F222275C0AFF00,DEFAULT,DEFAULT,DEFAULT,'я'),(2,NULL,'нет','нет','нет','я,ю'),(3,'',_cp1251 0xCFF0E8E2,'',NULL,'');
CREATE TABLE `koi8r_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'да',
  `c` char(5) DEFAULT 'да',
  `e` enum('да','нет') DEFAULT 'да',
  `s` set('я','ю') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=koi8r COMMENT='表 in koi8r';
INSERT INTO `koi8r_größe` VALUES (1,_koi8r 0xF0D2C9D7C5D422275C0A,DEFAULT,DEFAULT,DEFAULT,'я'),(2,NULL,'нет','нет','нет','я,ю'),(3,'',_koi8r 0xF0D2C9D7,'',NULL,'');
CREATE TABLE `hebrew_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'כן',
  `c` char(5) DEFAULT 'כן',
  `e` enum('כן','לא') DEFAULT 'כן',
  `s` set('א') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=hebrew COMMENT='表 in hebrew';
INSERT INTO `hebrew_größe` VALUES (1,_hebrew 0xF9ECE5ED22275C,DEFAULT,DEFAULT,DEFAULT,'א'),(2,NULL,'לא','לא','לא','א'),(3,'',_hebrew 0xF9ECE5ED,'',NULL,'');
CREATE TABLE `ascii_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'a',
  `c` char(5) DEFAULT 'a',
  `e` enum('a','b') DEFAULT 'a',
  `s` set('c') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COMMENT='表 in ascii';
INSERT INTO `ascii_größe` VALUES (1,_ascii 0x000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F,DEFAULT,DEFAULT,DEFAULT,'c'),(2,NULL,'b','b','b','c'),(3,'',_ascii 0x00010203,'',NULL,'');
CREATE TABLE `gbk_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '是',
  `c` char(5) DEFAULT '是',
  `e` enum('是','縗') DEFAULT '是',
  `s` set('不') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=gbk COMMENT='表 in gbk';
INSERT INTO `gbk_größe` VALUES (1,_gbk 0xBF5C815C8140B5C4FE5C5C22276E,DEFAULT,DEFAULT,DEFAULT,'不'),(2,NULL,'縗','縗','縗','不'),(3,'',_gbk 0xBF5C815C,'',NULL,'');
CREATE TABLE `sjis_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '表',
  `c` char(5) DEFAULT '表',
  `e` enum('表','ソ') DEFAULT '表',
  `s` set('能') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=sjis COMMENT='表 in sjis';
INSERT INTO `sjis_größe` VALUES (1,_sjis 0x955C835C815C8F5CB15C2227B6,DEFAULT,DEFAULT,DEFAULT,'能'),(2,NULL,'ソ','ソ','ソ','能'),(3,'',_sjis 0x955C835C,'',NULL,'');
CREATE TABLE `cp932_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '表',
  `c` char(5) DEFAULT '表',
  `e` enum('表','ソ') DEFAULT '表',
  `s` set('能') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=cp932 COMMENT='表 in cp932';
INSERT INTO `cp932_größe` VALUES (1,_cp932 0x955C835CED40FC4B5C22B6,DEFAULT,DEFAULT,DEFAULT,'能'),(2,NULL,'ソ','ソ','ソ','能'),(3,'',_cp932 0x955C835C,'',NULL,'');
CREATE TABLE `big5_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '功',
  `c` char(5) DEFAULT '功',
  `e` enum('功','許') DEFAULT '功',
  `s` set('蓋') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=big5 COMMENT='表 in big5';
INSERT INTO `big5_größe` VALUES (1,_big5 0xA55CB35CAE5CA4A45C2227,DEFAULT,DEFAULT,DEFAULT,'蓋'),(2,NULL,'許','許','許','蓋'),(3,'',_big5 0xA55CB35C,'',NULL,'');
CREATE TABLE `eucjpms_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '表',
  `c` char(5) DEFAULT '表',
  `e` enum('表','あ') DEFAULT '表',
  `s` set('能') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=eucjpms COMMENT='表 in eucjpms';
INSERT INTO `eucjpms_größe` VALUES (1,_eucjpms 0xA4A2B4C18FB0A15C22,DEFAULT,DEFAULT,DEFAULT,'能'),(2,NULL,'あ','あ','あ','能'),(3,'',_eucjpms 0xA4A2B4C1,'',NULL,'');
CREATE TABLE `ujis_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '表',
  `c` char(5) DEFAULT '表',
  `e` enum('表','あ') DEFAULT '表',
  `s` set('能') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=ujis COMMENT='表 in ujis';
INSERT INTO `ujis_größe` VALUES (1,_ujis 0xA4A2B4C15C27,DEFAULT,DEFAULT,DEFAULT,'能'),(2,NULL,'あ','あ','あ','能'),(3,'',_ujis 0xA4A2B4C1,'',NULL,'');
CREATE TABLE `euckr_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '가',
  `c` char(5) DEFAULT '가',
  `e` enum('가','나') DEFAULT '가',
  `s` set('다') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=euckr COMMENT='表 in euckr';
INSERT INTO `euckr_größe` VALUES (1,_euckr 0xB0A1C7D15C22,DEFAULT,DEFAULT,DEFAULT,'다'),(2,NULL,'나','나','나','다'),(3,'',_euckr 0xB0A1C7D1,'',NULL,'');
CREATE TABLE `gb2312_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT '是',
  `c` char(5) DEFAULT '是',
  `e` enum('是','不') DEFAULT '是',
  `s` set('中') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=gb2312 COMMENT='表 in gb2312';
INSERT INTO `gb2312_größe` VALUES (1,_gb2312 0xB0A1D6D05C22,DEFAULT,DEFAULT,DEFAULT,'中'),(2,NULL,'不','不','不','中'),(3,'',_gb2312 0xB0A1D6D0,'',NULL,'');
CREATE TABLE `ucs2_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'ä',
  `c` char(5) DEFAULT 'ä',
  `e` enum('ä','表','a,b') DEFAULT 'ä',
  `s` set('é','ü','c') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=ucs2 COMMENT='表 in ucs2';
INSERT INTO `ucs2_größe` VALUES (1,_ucs2 0x5C2222270A0A5C5C00220027005C000A00002C29290A0A285C4E4E5C005C004E3042886800DF,DEFAULT,DEFAULT,DEFAULT,'é'),(2,NULL,'表','表','表','é,ü,c'),(3,'',_ucs2 0x5C222227,'',NULL,'');
CREATE TABLE `utf16_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'ä',
  `c` char(5) DEFAULT 'ä',
  `e` enum('ä','表','a,b') DEFAULT 'ä',
  `s` set('é','ü','c') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=utf16 COMMENT='表 in utf16';
INSERT INTO `utf16_größe` VALUES (1,_utf16 0x5C2222270A0A5C5C00220027005C000A00002C29290A0A285C4E4E5C005C004E3042886800DFD83DDE42D85CDC22,DEFAULT,DEFAULT,DEFAULT,'é'),(2,NULL,'表','表','表','é,ü,c'),(3,'',_utf16 0x5C222227,'',NULL,'');
CREATE TABLE `utf16le_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'ä',
  `c` char(5) DEFAULT 'ä',
  `e` enum('ä','表','a,b') DEFAULT 'ä',
  `s` set('é','ü','c') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=utf16le COMMENT='表 in utf16le';
INSERT INTO `utf16le_größe` VALUES (1,_utf16le 0x225C27220A0A5C5C220027005C000A000000292C0A29280A4E5C5C4E5C004E0042306888DF003DD842DE,DEFAULT,DEFAULT,DEFAULT,'é'),(2,NULL,'表','表','表','é,ü,c'),(3,'',_utf16le 0x225C2722,'',NULL,'');
CREATE TABLE `utf32_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'ä',
  `c` char(5) DEFAULT 'ä',
  `e` enum('ä','表','a,b') DEFAULT 'ä',
  `s` set('é','ü','c') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=utf32 COMMENT='表 in utf32';
INSERT INTO `utf32_größe` VALUES (1,_utf32 0x00005C220000222700000A0A00005C5C00000022000000270000005C0000000A0000000000002C290000290A00000A2800005C4E00004E5C0000005C0000004E0000304200008868000000DF0001F642,DEFAULT,DEFAULT,DEFAULT,'é'),(2,NULL,'表','表','表','é,ü,c'),(3,'',_utf32 0x00005C22,'',NULL,'');
CREATE TABLE `utf8mb3_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'ä',
  `c` char(5) DEFAULT 'ä',
  `e` enum('ä','表','a,b') DEFAULT 'ä',
  `s` set('é','ü','c') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COMMENT='表 in utf8mb3';
INSERT INTO `utf8mb3_größe` VALUES (1,_utf8mb3 0xC39FE8A1A85C22270A00,DEFAULT,DEFAULT,DEFAULT,'é'),(2,NULL,'表','表','表','é,ü,c'),(3,'',_utf8mb3 0xC39F,'',NULL,'');
CREATE TABLE `utf8mb4_größe` (
  `id` int NOT NULL AUTO_INCREMENT,
  `текст` text DEFAULT NULL COMMENT 'größe 表',
  `v` varchar(40) NOT NULL DEFAULT 'ä',
  `c` char(5) DEFAULT 'ä',
  `e` enum('ä','表','a,b') DEFAULT 'ä',
  `s` set('é','ü','c') DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `schlüssel` (`v`(3),`e`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='表 in utf8mb4';
INSERT INTO `utf8mb4_größe` VALUES (1,_utf8mb4 0xF09F9982C39F5C5C22,DEFAULT,DEFAULT,DEFAULT,'é'),(2,NULL,'表','表','表','é,ü,c'),(3,'',_utf8mb4 0xF09F9982,'',NULL,'');
