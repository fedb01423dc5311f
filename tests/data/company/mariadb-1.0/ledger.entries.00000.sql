/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION'*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `entries` (`id`,`day`,`text`,`locked`) VALUES(1,_binary "2026-01-31","payroll; \"January\"",1)
,(2,_binary "2026-02-28","it\'s February",0)
;
