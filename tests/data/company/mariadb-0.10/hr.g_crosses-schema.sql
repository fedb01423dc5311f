/*!40101 SET NAMES binary*/;
CREATE TABLE `g_crosses`(
`name` int,
`code` int,
`balance` int
)ENGINE=MyISAM;
