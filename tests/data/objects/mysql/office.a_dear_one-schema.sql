/*!40101 SET NAMES binary*/;
CREATE TABLE `a_dear_one`(
`id` int
)ENGINE=MyISAM;
