/*!40101 SET NAMES binary*/;
SET FOREIGN_KEY_CHECKS=0;
CREATE TABLE `in_ascii` (
  `id` int(11) NOT NULL,
  `v` varchar(20) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_general_ci;
