/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET NAMES binary*/;
CREATE TABLE `odd ``name`` / . "é" %` (
  `a b` int DEFAULT NULL,
  `c``d` varchar(9) COLLATE utf8mb4_general_ci DEFAULT NULL,
  KEY `k ``k` (`a b`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
