/*!40101 SET NAMES binary*/;
CREATE TABLE `h_quotes`(
`od;d "name"` int,
`id` int
)ENGINE=MyISAM;
