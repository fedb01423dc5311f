/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET NAMES binary*/;
CREATE TABLE `computed` (
  `id` int NOT NULL,
  `d` decimal(10,5) DEFAULT NULL,
  `r` decimal(5,2) GENERATED ALWAYS AS (`d`) STORED,
  `w` int GENERATED ALWAYS AS (`id` + 1) VIRTUAL,
  PRIMARY KEY (`id`) /*T![clustered_index] CLUSTERED */
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
