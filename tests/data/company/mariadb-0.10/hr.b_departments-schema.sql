/*!40101 SET NAMES binary*/;
CREATE TABLE `b_departments`(
`id` int,
`name` int,
`heads` int,
`city` int
)ENGINE=MyISAM;
