/*!40101 SET NAMES binary*/;
CREATE TABLE `c_by_country`(
`name` int,
`heads` int
)ENGINE=MyISAM;
