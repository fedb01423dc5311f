/*!40101 SET NAMES binary*/;
CREATE TABLE `v_lines`(
`day` int,
`text` int,
`month` int,
`euros` int,
`code` int
)ENGINE=MyISAM;
