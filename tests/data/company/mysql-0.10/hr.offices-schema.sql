/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `offices` (
  `id` int NOT NULL,
  `country` char(2) COLLATE utf8mb4_general_ci NOT NULL,
  `city` varchar(60) COLLATE utf8mb4_general_ci NOT NULL,
  `opened` year DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `country` (`country`),
  CONSTRAINT `offices_country` FOREIGN KEY (`country`) REFERENCES `countries` (`code`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
