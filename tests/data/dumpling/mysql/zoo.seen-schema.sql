/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET NAMES binary*/;
CREATE TABLE `seen`(
`id` int,
`v` int
)ENGINE=MyISAM;
