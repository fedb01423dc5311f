/*!40101 SET NAMES binary*/;
CREATE TABLE `b_dollars`(
`day` int,
`text` int,
`dollars` int
)ENGINE=MyISAM;
