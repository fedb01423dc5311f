/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `salaries` (
  `employee` int(11) NOT NULL,
  `since` date NOT NULL,
  `annual` decimal(12,2) NOT NULL,
  PRIMARY KEY (`employee`,`since`),
  CONSTRAINT `salaries_employee` FOREIGN KEY (`employee`) REFERENCES `employees` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
