/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `entries` (
  `id` int NOT NULL,
  `day` date NOT NULL,
  `text` varchar(100) COLLATE utf8mb4_general_ci DEFAULT NULL,
  `locked` tinyint(1) NOT NULL DEFAULT '0',
  `month` char(7) COLLATE utf8mb4_general_ci GENERATED ALWAYS AS (date_format(`day`,_utf8mb4'%Y-%m')) VIRTUAL,
  PRIMARY KEY (`id`),
  KEY `day` (`day`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
