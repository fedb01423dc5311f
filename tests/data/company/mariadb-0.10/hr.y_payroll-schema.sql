/*!40101 SET NAMES binary*/;
CREATE TABLE `y_payroll`(
`id` int,
`name` int,
`net` int
)ENGINE=MyISAM;
