/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `employees` (
  `id` int NOT NULL,
  `first` varchar(40) COLLATE utf8mb4_general_ci NOT NULL,
  `last` varchar(40) COLLATE utf8mb4_general_ci NOT NULL,
  `born` date DEFAULT NULL,
  `department` int NOT NULL,
  `manager` int DEFAULT NULL,
  `annual` decimal(12,2) NOT NULL DEFAULT '0.00',
  `account` int DEFAULT NULL,
  `mail` varchar(90) COLLATE utf8mb4_general_ci GENERATED ALWAYS AS (lower(concat(`first`,_utf8mb4'.',`last`,_utf8mb4'@example.org'))) STORED,
  `changed` int NOT NULL DEFAULT '0',
  PRIMARY KEY (`id`),
  UNIQUE KEY `mail` (`mail`),
  KEY `department` (`department`),
  KEY `manager` (`manager`),
  KEY `account` (`account`),
  CONSTRAINT `employees_account` FOREIGN KEY (`account`) REFERENCES `ledger`.`accounts` (`id`),
  CONSTRAINT `employees_department` FOREIGN KEY (`department`) REFERENCES `departments` (`id`),
  CONSTRAINT `employees_manager` FOREIGN KEY (`manager`) REFERENCES `employees` (`id`),
  CONSTRAINT `paid` CHECK ((`annual` >= 0))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
