"""Charsets that no client can speak: a schema file that names one, even as its last word, hinders nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import TargetError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.tables import query

TEXT = "Zoë 日本"


@pytest.mark.parametrize("charset", ["ucs2", "utf16", "utf16le", "utf32"])
@pytest.mark.parametrize("clause", ["CHARACTER SET {}", "CHARACTER SET {0} COLLATE {0}_bin"])
def test_a_column_in_a_charset_that_no_client_can_speak(
    clause: str, charset: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = f"(`id` int, `v` varchar(40) {clause.format(charset)}) ENGINE=InnoDB"
    table = Table("t", create, [f"(1,'{TEXT}')"], head="/*!40101 SET NAMES utf8mb4*/;\n")

    load_dump(load_config(write_dump(tmp_path / "dump", table)), target)

    assert query(server, "SELECT CONVERT(v USING utf8mb4) FROM s.t") == [(TEXT,)]


@pytest.mark.parametrize("clause", ["CHARACTER SET utf17", "CHARACTER SET utf16 COLLATE utf16_nowhere_ci"])
def test_an_unknown_one_is_named(clause: str, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", f"(`v` varchar(9) {clause}) ENGINE=InnoDB"))

    with pytest.raises(TargetError, match=f"the target does not know {clause.rsplit(' ', 1)[1]}"):
        load_dump(load_config(folder), target)
