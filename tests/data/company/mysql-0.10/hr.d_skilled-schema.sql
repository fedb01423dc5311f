/*!40101 SET NAMES binary*/;
CREATE TABLE `d_skilled`(
`name` int,
`skill` int,
`level` int
)ENGINE=MyISAM;
