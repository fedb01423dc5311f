/*!40101 SET NAMES binary*/;
SET FOREIGN_KEY_CHECKS=0;
CREATE TABLE `computed` (
  `id` int(11) NOT NULL,
  `d` decimal(10,5) DEFAULT NULL,
  `r` decimal(5,2) GENERATED ALWAYS AS (`d`) STORED,
  `w` int(11) GENERATED ALWAYS AS (`id` + 1) VIRTUAL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
