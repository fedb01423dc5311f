/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `employee_skills` (
  `employee` int(11) NOT NULL,
  `skill` int(11) NOT NULL,
  `level` enum('some','good','ex;pert') NOT NULL,
  PRIMARY KEY (`employee`,`skill`),
  KEY `skill` (`skill`),
  CONSTRAINT `es_employee` FOREIGN KEY (`employee`) REFERENCES `employees` (`id`) ON DELETE CASCADE,
  CONSTRAINT `es_skill` FOREIGN KEY (`skill`) REFERENCES `skills` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
