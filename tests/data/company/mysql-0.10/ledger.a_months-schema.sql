/*!40101 SET NAMES binary*/;
CREATE TABLE `a_months`(
`month` int,
`euros` int,
`lines_of_it` int
)ENGINE=MyISAM;
