"""Data files as mysqldump and people write them load as the server's own client loads them, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import UnsupportedStatementError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.tables import hashes_by_client, table_hashes

MYSQLDUMP = r"""-- MySQL dump 10.13  Distrib 8.0.36
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;

--
-- Dumping data for table `t`
--

LOCK TABLES `t` /* it is mine */ WRITE;
/*!40000 ALTER TABLE `t` DISABLE KEYS */;
INSERT INTO `t` VALUES (1,'a;b'),(2,'it\'s -- no comment'); -- a comment
/* another; */ INSERT INTO `t` VALUES (3,'c') /* between */,
# and one more
(4,NULL);
INSERT LOW_PRIORITY INTO `t` (`v`, `id`) VALUES ('d', 5);
INSERT /*+ MAX_EXECUTION_TIME(1000) */ INTO `t` SET `id` = 6, `v` = 'set, `v` = 1';
INSERT INTO t SET id=0x37, t.v = NULL;
REPLACE LOW_PRIORITY INTO `s`.`t` VALUES (8,'é');
/*!40000 ALTER TABLE `t` ENABLE KEYS */;
UNLOCK TABLES;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;
-- Dump completed
"""


@pytest.mark.parametrize("chunk_bytes", [4096, 1 << 20])
def test_they_load_as_the_client_loads_them(
    chunk_bytes: int, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=["(1,1)"]))
    text = MYSQLDUMP.replace("UNLOCK", "".join(f"INSERT INTO t SET id={at};\n" for at in range(100, 400)) + "UNLOCK")
    (folder / "s.t.sql").write_text(text)
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder, chunk_bytes=chunk_bytes), target)

    assert (report.outcome, report.rows) == ("clean", 308)
    assert table_hashes(server, ["s"]) == reference


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("INSERT INTO t SELECT 9, 'x'", "rows out of a query"),
        ("INSERT INTO t PARTITION (p0) VALUES (9,'x')", r"INSERT \.\.\. PARTITION"),
        ("INSERT /*+ SET_VAR(sql_mode='') */ INTO t VALUES (9,'x')", "an optimizer hint that sets a variable"),
        ("SET TIME_ZONE=@OLD; INSERT INTO t VALUES (9,'x')", "given back its former value"),
        ("INSERT INTO t SET id = SLEEP(9)", "a data file may hold"),
    ],
)
def test_what_would_mean_something_else_is_refused(
    statement: str, says: str, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=["(1,1)"]))
    with (folder / "s.t.sql").open("a") as file:
        file.write(f"{statement};\n")

    with pytest.raises(UnsupportedStatementError, match=says):
        load_dump(load_config(folder), target)
