/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `departments` (
  `id` int NOT NULL,
  `name` varchar(60) COLLATE utf8mb4_general_ci NOT NULL,
  `office` int DEFAULT NULL,
  `parent` int DEFAULT NULL,
  `head` int DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `office` (`office`),
  KEY `parent` (`parent`),
  KEY `head` (`head`),
  CONSTRAINT `departments_head` FOREIGN KEY (`head`) REFERENCES `employees` (`id`),
  CONSTRAINT `departments_office` FOREIGN KEY (`office`) REFERENCES `offices` (`id`),
  CONSTRAINT `departments_parent` FOREIGN KEY (`parent`) REFERENCES `departments` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
