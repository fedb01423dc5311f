/*!40101 SET NAMES binary*/;
CREATE TABLE `w_balances`(
`id` int,
`code` int,
`balance` int
)ENGINE=MyISAM;
