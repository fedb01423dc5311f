/*!40101 SET NAMES binary*/;
CREATE TABLE `f_smaller`(
`id` int,
`name` int,
`budget` int
)ENGINE=MyISAM;
