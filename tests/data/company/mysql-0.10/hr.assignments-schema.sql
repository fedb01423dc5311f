/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `assignments` (
  `employee` int NOT NULL,
  `project` int NOT NULL,
  `share` decimal(4,3) NOT NULL,
  KEY `employee` (`employee`),
  KEY `project` (`project`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
