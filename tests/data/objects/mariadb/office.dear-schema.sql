/*!40101 SET NAMES binary*/;
CREATE TABLE `dear`(
`id` int,
`g` int
)ENGINE=MyISAM;
