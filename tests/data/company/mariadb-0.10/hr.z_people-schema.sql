/*!40101 SET NAMES binary*/;
CREATE TABLE `z_people`(
`id` int,
`name` int,
`initials` int,
`department` int,
`annual` int,
`account` int
)ENGINE=MyISAM;
