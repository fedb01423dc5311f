/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'*/;
/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `employee_skills` (
  `employee` int NOT NULL,
  `skill` int NOT NULL,
  `level` enum('some','good','ex;pert') COLLATE utf8mb4_general_ci NOT NULL,
  PRIMARY KEY (`employee`,`skill`),
  KEY `skill` (`skill`),
  CONSTRAINT `es_employee` FOREIGN KEY (`employee`) REFERENCES `employees` (`id`) ON DELETE CASCADE,
  CONSTRAINT `es_skill` FOREIGN KEY (`skill`) REFERENCES `skills` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
