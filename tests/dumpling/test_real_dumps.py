"""Dumps that the real dumpling 8.5 made of TiDB, MySQL and MariaDB, into each server: every value is the source's.

What the source held is what its statements, in tests/data/dumpling, make on the target itself.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import TargetError
from tests.dumps import load_config
from tests.servers import AnyServer
from tests.tables import one, query

DUMPS = Path(__file__).parents[1] / "data" / "dumpling"
# What another server calls otherwise, or has not.
COLLATIONS = {
    "utf8mb4_0900_ai_ci": "utf8mb4_general_ci",
    "utf8mb4_uca1400_ai_ci": "utf8mb4_general_ci",
    "latin1_swedish_ci": "latin1_bin",
    "ascii_general_ci": "ascii_bin",
}
TABLES = (
    "every_type", "in_gbk", "in_latin1", "in_ascii", "in_binary", 'odd `name` / . "é" %', "computed", "counted",
    "parts", "parent", "child", "empty_one",
)  # fmt: skip


@pytest.mark.servers
@pytest.mark.parametrize("dump", ["tidb", "tidb-csv", "mysql", "mariadb"])
def test_every_value_arrives(dump: str, server: AnyServer, server_kind: str, target: TargetConfig) -> None:
    server.client(DUMPS / "source.sql")
    source = rows_of(server)
    query(server, "DROP DATABASE zoo")

    report = load_dump(load_config(DUMPS / dump, collation_map=COLLATIONS), target)

    assert rows_of(server) == source
    assert (report.outcome, report.rows) == ("clean", 19)
    # MariaDB's JSON is text with a CHECK, and TiDB leaves checks out
    drops_check = dump == "mariadb" and server_kind == "tidb"
    lacking = {table.table: table.lacks for table in report.tables if table.lacks}
    assert lacking == ({"zoo.every_type": ("a check",)} if drops_check else {})
    more = {"missing_parts", "create_warning"} if drops_check else set()
    if dump in {"mysql", "mariadb"} and not is_readable(server, "zoo.seen"):  # its DEFINER is the source's
        more.add("unreadable_view")
    assert {finding.kind for finding in report.findings} == {"assumed_time_zone", "float_digits", *more}
    assert one(server, "SELECT table_comment FROM information_schema.tables WHERE table_name = 'in_gbk'") == "汉字"
    views = query(server, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'zoo' AND "
                  "table_type = 'VIEW'")  # fmt: skip
    assert views == ([("seen",)] if dump in {"mysql", "mariadb"} else [])  # dumpling of a TiDB leaves views out


@pytest.mark.servers
@pytest.mark.needs("tidb")
def test_what_tidb_alone_has_is_loaded_or_told(server: AnyServer, target: TargetConfig) -> None:
    query(server, "DROP PLACEMENT POLICY IF EXISTS near")
    with pytest.raises(TargetError, match="8239") as caught:
        load_dump(load_config(DUMPS / "tidb-own"), target)
    assert "tidb_placement_mode" in (caught.value.remedy or "")

    report = load_dump(load_config(DUMPS / "tidb-own", session={"tidb_placement_mode": "IGNORE"}), target)

    assert (report.outcome, report.rows, report.not_loaded) == ("clean", 11, {"placement policies": 1})
    told = {(finding.table, finding.text) for finding in report.findings if finding.table}
    assert told == {
        ("own.cached", "lacks what the dump's CREATE TABLE has: CACHED"),
        ("own.checked", "CREATE TABLE: tidb_enable_check_constraint is off (1105)"),
        ("own.checked", "lacks what the dump's CREATE TABLE has: check positive"),
        ("own.placed", "CREATE TABLE: Placement is ignored when TIDB_PLACEMENT_MODE is 'IGNORE' (1105)"),
        ("own.placed", "lacks what the dump's CREATE TABLE has: placement policy near"),
    }
    created = {
        name: str(query(server, f"SHOW CREATE TABLE own.{name}")) for name in ("fleeting", "scratch", "randomly")
    }
    assert "TTL_ENABLE=\\'ON\\'" in created["fleeting"] or "TTL_ENABLE='ON'" in created["fleeting"]
    assert "GLOBAL TEMPORARY" in created["scratch"]
    assert "AUTO_RANDOM(5)" in created["randomly"]
    assert one(server, "SELECT v FROM own.vectors") == "[1,2.5,-3]"
    assert one(server, "SELECT NEXTVAL(own.numbers)") == 40  # the source had given out 36 at most


@pytest.mark.servers
def test_what_tidb_alone_has_is_refused_by_name_elsewhere(
    server: AnyServer, server_kind: str, target: TargetConfig
) -> None:
    if server_kind == "tidb":
        assert "TiDB" in str(one(server, "SELECT VERSION()"))
        return
    leaving_out = {"ignore-tables": [{"db-name": "own", "tbl-name": "vectors"}]}
    config = load_config(DUMPS / "tidb-own", block_allow_list=leaving_out, collation_map=COLLATIONS)

    with pytest.raises(TargetError, match=r"global temporary ones, which \w+ does not have: own.scratch") as caught:
        load_dump(config, target)

    assert "block_allow_list" in (caught.value.remedy or "")
    assert query(server, "SELECT 1 FROM information_schema.tables WHERE table_schema = 'own'") == []


def is_readable(server: AnyServer, view: str) -> bool:
    try:
        query(server, f"SELECT 1 FROM {view} LIMIT 0")
    except pymysql.MySQLError:
        return False
    return True


def rows_of(server: AnyServer) -> dict[str, list[Any]]:
    """All rows, by table: what they hold, however a server writes it."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT * FROM zoo.`{table.replace('`', '``')}`")
            names = [column[0] for column in cursor.description]
            found[table] = sorted(
                repr([_value(name, value) for name, value in zip(names, row, strict=True)]) for row in cursor.fetchall()
            )
        return found


def _value(name: str, value: object) -> object:
    return json.loads(str(value)) if name == "j" and value is not None else value
