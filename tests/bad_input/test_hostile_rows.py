"""Rows of a dump that somebody else could write into: nothing of theirs is run, and no policy is overruled."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import UnsupportedStatementError
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stories import refused
from tests.dumps import HEAD, Table, load_config, write_dump
from tests.tables import one, query


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
@pytest.mark.parametrize(
    "rows",
    [
        "(2,(SELECT a FROM victim.precious))",
        "(2,victim.drain())",
        "(2,@@version)",
        "(2,'b')/**/ON DUPLICATE KEY UPDATE v=('hacked')",
        "(1,'b') /*!50000 ON DUPLICATE KEY UPDATE v=('hacked') */",
    ],
)
def test_what_is_no_literal_is_refused_before_it_runs(
    rows: str, load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    server.client(
        "CREATE DATABASE victim; CREATE TABLE victim.precious (a int); INSERT INTO victim.precious VALUES (7)"
    )
    folder = write_dump(tmp_path / "dump", Table("t"))
    head = f"{HEAD}INSERT INTO `t` VALUES\n(1,'a');\n"
    (folder / "s.t.sql").write_text(f"{head}INSERT INTO `t` VALUES\n{rows};\n")

    error = refused(load_config(folder, load_data=load_data), target, UnsupportedStatementError)

    assert (error.code, error.file) == (34009, "s.t.sql")
    assert error.offset is not None
    assert error.offset >= len(head)
    assert one(server, "SELECT a FROM victim.precious") == 7
    assert query(server, "SELECT v FROM s.t WHERE v <> 'a'") == []


def test_forms_that_no_tool_writes_are_read_as_the_server_s_client_reads_them(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", "(`id` int NOT NULL AUTO_INCREMENT PRIMARY KEY, `v` text)"))
    statements = (
        "INSERT /* shard 3 */ INTO `t` VALUES\n(1,'-- a'), # the first\n(2,N'b') -- the last\n;\n"
        "INSERT INTO `t` () VALUES ();\nINSERT INTO `t` VALUES (),();\nREPLACE `t` VALUES (9,_utf8mb4 x'41');\n"
    )
    (folder / "s.t.sql").write_text(HEAD + statements)

    report = load_dump(load_config(folder), target)

    assert (report.status, report.rows) == ("finished", 6)
    rows = [(1, "-- a"), (2, "b"), (3, None), (4, None), (5, None), (9, "A")]
    assert query(server, "SELECT id, v FROM s.t ORDER BY id") == rows
