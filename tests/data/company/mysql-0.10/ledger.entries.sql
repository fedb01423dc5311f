/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `entries` (`id`,`day`,`text`,`locked`) VALUES
(1,"2026-01-31","payroll; \"January\"",1),
(2,"2026-02-28","it\'s February",0);
