SET NAMES utf8mb4, sql_mode = '', time_zone = '+00:00';
CREATE DATABASE zoo DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE zoo;
CREATE TABLE every_type (
  id bigint NOT NULL, b1 bit(1), b8 bit(8), b64 bit(64), t tinyint, tu tinyint unsigned, bo bool, s smallint, m mediumint,
  i int, iu int unsigned, bi bigint, biu bigint unsigned, de decimal(65,30), d1 decimal(10,2), f float, d double,
  da date, ti time(3), dt datetime(6), ts timestamp(6) NULL, y year,
  c char(10), v varchar(200), bin binary(4), vb varbinary(20), tt tinytext, te text, mt mediumtext, lt longtext,
  tb tinyblob, bl blob, mb mediumblob, lb longblob, e enum('a','b,''c','é日'), st set('x','y','z'), j json,
  PRIMARY KEY (id), KEY v (v(20)));
INSERT INTO every_type VALUES
 (1, b'1', b'01000001', 18446744073709551615, -128, 255, true, -32768, -8388608, -2147483648, 4294967295,
  -9223372036854775808, 18446744073709551615, -12345678901234567890123456789012345.123456789012345678901234567890,
  -0.01, 1.5, 1e300, '1000-01-01', '-838:59:59.000', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999', 1901,
  ' a', 'it''s "q" \\ \n\r\t,', x'00ff00', x'0001fe', '', 'é日🙂', 'N', '\\N',
  x'', x'0a0d5c2227', x'ff', x'00', 'é日', 'x,z', '{"a": [1, 2.5, "é\\"", null, 123456789012345678]}'),
 (2, NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,
  NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
 (3, b'0', b'0', 0, 0, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0.25, 3.5, '0000-00-00', '00:00:00', '0000-00-00 00:00:00',
  '1970-01-01 00:00:01', 0, '', '', '', '', '\\', '"', '''', ',', 'NULL', '\0', '\Z', ';', 'a', '', 'null');
CREATE TABLE in_gbk (id int PRIMARY KEY, v varchar(20)) DEFAULT CHARSET=gbk COLLATE=gbk_chinese_ci COMMENT='汉字';
INSERT INTO in_gbk VALUES (1,'汉乗誠'),(2,'a''b"c\\d');
CREATE TABLE in_latin1 (id int PRIMARY KEY, v varchar(20)) DEFAULT CHARSET=latin1;
INSERT INTO in_latin1 VALUES (1,'né'),(2,'x');
CREATE TABLE in_ascii (id int PRIMARY KEY, v varchar(20)) DEFAULT CHARSET=ascii;
INSERT INTO in_ascii VALUES (1,'ne');
CREATE TABLE in_binary (id int PRIMARY KEY, v varchar(20)) DEFAULT CHARSET=binary;
INSERT INTO in_binary VALUES (1,x'ff00e9');
CREATE TABLE `odd ``name`` / . "é" %` (`a b` int, `c``d` varchar(9), KEY `k ``k` (`a b`));
INSERT INTO `odd ``name`` / . "é" %` VALUES (1,'x'),(1,'x');
CREATE TABLE computed (id int PRIMARY KEY, d decimal(10,5), r decimal(5,2) AS (d) STORED, w int AS (id + 1) VIRTUAL);
INSERT INTO computed (id, d) VALUES (1,1.23456),(2,2.5);
CREATE TABLE counted (id int AUTO_INCREMENT PRIMARY KEY, v int);
INSERT INTO counted VALUES (5,1),(9,2);
CREATE TABLE parts (id int, d date) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE);
INSERT INTO parts VALUES (1,'2026-01-01'),(11,'2026-01-02');
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int, CONSTRAINT to_parent FOREIGN KEY (id) REFERENCES parent (id));
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);
CREATE TABLE empty_one (id int);
CREATE VIEW seen AS SELECT id, v FROM in_latin1 WHERE v = 'né';
