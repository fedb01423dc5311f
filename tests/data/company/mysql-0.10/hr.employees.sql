/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `employees` (`id`,`first`,`last`,`born`,`department`,`manager`,`annual`,`account`,`changed`) VALUES
(1,"Ada","Ohm","1980-02-29",1,NULL,120000.00,1,0),
(2,"Bo","O\'Neil","1990-05-05",2,1,80000.50,2,0),
(3,"Cy","Été",NULL,3,1,70000.00,NULL,0),
(4,"Di","日本","2001-12-31",2,2,50000.00,3,0);
