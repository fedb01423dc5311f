/*!40101 SET NAMES binary*/;
SET FOREIGN_KEY_CHECKS=0;
CREATE TABLE `odd ``name`` / . "é" %` (
  `a b` int(11) DEFAULT NULL,
  `c``d` varchar(9) DEFAULT NULL,
  KEY `k ``k` (`a b`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
