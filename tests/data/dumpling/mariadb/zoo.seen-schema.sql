/*!40101 SET NAMES binary*/;
SET FOREIGN_KEY_CHECKS=0;
CREATE TABLE `seen`(
`id` int,
`v` int
)ENGINE=MyISAM;
