/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;

/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `rates` (
  `currency` char(3) COLLATE utf8mb4_general_ci NOT NULL,
  `day` date NOT NULL,
  `rate` decimal(12,6) NOT NULL,
  PRIMARY KEY (`currency`,`day`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='per euro; "daily"';
