/*!40101 SET NAMES binary*/;
CREATE TABLE `e_small`(
`id` int,
`name` int,
`budget` int
)ENGINE=MyISAM;
