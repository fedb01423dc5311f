/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `entry_lines` (
  `entry` int(11) NOT NULL,
  `line` smallint(6) NOT NULL,
  `account` int(11) NOT NULL,
  `cents` bigint(20) NOT NULL,
  `euros` decimal(14,2) GENERATED ALWAYS AS (`cents` / 100) STORED,
  PRIMARY KEY (`entry`,`line`),
  KEY `account` (`account`),
  CONSTRAINT `lines_account` FOREIGN KEY (`account`) REFERENCES `accounts` (`id`) ON UPDATE CASCADE,
  CONSTRAINT `lines_entry` FOREIGN KEY (`entry`) REFERENCES `entries` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
