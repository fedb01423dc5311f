/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `entry_lines` (`entry`,`line`,`account`,`cents`) VALUES
(1,1,2,-500000),
(1,2,3,500000),
(2,1,2,-123456),
(2,2,3,123456);
