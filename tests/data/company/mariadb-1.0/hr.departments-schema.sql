/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION'*/;
/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `departments` (
  `id` int(11) NOT NULL,
  `name` varchar(60) NOT NULL,
  `office` int(11) DEFAULT NULL,
  `parent` int(11) DEFAULT NULL,
  `head` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `office` (`office`),
  KEY `parent` (`parent`),
  KEY `head` (`head`),
  CONSTRAINT `departments_head` FOREIGN KEY (`head`) REFERENCES `employees` (`id`),
  CONSTRAINT `departments_office` FOREIGN KEY (`office`) REFERENCES `offices` (`id`),
  CONSTRAINT `departments_parent` FOREIGN KEY (`parent`) REFERENCES `departments` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
