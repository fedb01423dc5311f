/*!40101 SET NAMES binary*/;
CREATE TABLE `a_best`(
`id` int,
`name` int
)ENGINE=MyISAM;
