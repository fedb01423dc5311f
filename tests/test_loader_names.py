"""Names of the dump and names of the target: stand-ins, views with rows, and upper and lower case."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import NotCreateStatementError, TargetError
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stories import refused
from tests.dumps import HEAD, WITH_KEY, Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import count, one, query

ROWS = ('(1,"a")', '(2,"b")')


@pytest.mark.servers
def test_a_stand_in_is_loaded_by_its_real_name(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    create = f"{HEAD}CREATE TABLE `{{}}` {WITH_KEY};\n"
    (folder / "s.mydumper_0-schema.sql").write_text(create.format("x.y"))
    (folder / "s.mydumper_0.00000.sql").write_text(HEAD + 'INSERT INTO `x.y` VALUES(1,"a")\n,(2,"b")\n;\n')
    (folder / "s.mydumper_1-schema.sql").write_text(create.format("empty/ü"))
    (folder / "s.mydumper_2-schema.sql").write_text(create.format("mydumper_2"))
    (folder / "s.mydumper_2.00000.sql").write_text(HEAD + 'INSERT INTO `mydumper_2` VALUES(1,"a")\n;\n')
    (folder / "mydumper_9-schema-create.sql").write_text("CREATE DATABASE `d.b`;\n")
    (folder / "mydumper_9.t-schema.sql").write_text(create.format("t"))
    (folder / "mydumper_9.t.00000.sql").write_text(HEAD + 'INSERT INTO `t` VALUES(7,"g")\n;\n')

    report = load_dump(load_config(folder), target)

    assert (report.outcome, report.rows) == ("clean", 6)
    assert [name for (name,) in query(server, "SHOW TABLES IN s")] == ["empty/ü", "mydumper_2", "t", "x.y"]
    assert query(server, "SELECT id FROM `d.b`.t") == [(7,)]


@pytest.mark.parametrize(
    ("stand_in", "create"),
    [
        ("s.mydumper_0-schema.sql", "CREATE TABLE `mysql`.`user` (`id` int);\n"),
        ("s.mydumper_0-schema.sql", "CREATE TABLE `x.y` (`id` int) AS SELECT 1 AS `id`;\n"),
        ("s.mydumper_0-schema-view.sql", "CREATE VIEW `other`.`v.w` AS SELECT 1;\n"),
    ],
)
def test_a_stand_in_opens_no_door(
    stand_in: str, create: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    (folder / stand_in).write_text(create)

    error = refused(load_config(folder), target, NotCreateStatementError)

    assert error.file == stand_in


def test_a_stand_in_for_the_servers_own_schema_is_left_out(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    (folder / "mydumper_0-schema-create.sql").write_text("CREATE DATABASE `mysql`;\n")
    (folder / "mydumper_0.innodb_table_stats.00000.sql").write_text("INSERT INTO `innodb_table_stats` VALUES(1);\n")

    report = load_dump(load_config(folder), target)

    assert any("the schema mysql of the dump is left out" in warning for warning in report.warnings)
    assert report.rows == 2


@pytest.mark.servers
def test_a_view_with_rows_becomes_a_table(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    metadata = "# Started dump at: 2026-11-23 17:29:14\n[config]\nquote-character = BACKTICK\n[`s`.`v`]\n"
    metadata += "real_table_name=v\nrows = 2\nis_view = 1\n# Finished dump at: 2026-11-23 17:29:14\n"
    create = "(\n`id` int,\n`v` varchar(9)\n) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("v", create, ROWS), metadata=metadata)

    report = load_dump(load_config(folder), target)

    assert (report.outcome, count(server, "s.v")) == ("clean", 2)


@pytest.mark.servers
def test_names_that_differ_in_case_load_where_the_server_tells_them_apart(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(
        tmp_path / "dump",
        Table("t", rows=ROWS),
        Table("T", rows=ROWS[:1]),
        Table("t", rows=ROWS[1:], schema="S"),
        views={"V": "SELECT id FROM T", "v": "SELECT id FROM t"},
    )
    if one(server, "SELECT @@lower_case_table_names") != 0:  # a server that was given to the tests
        assert "one name to this server" in refused(load_config(folder), target, TargetError).message
        return

    report = load_dump(load_config(folder), target)

    assert (report.outcome, report.rows) == ("clean", 4)
    assert [count(server, name) for name in ("s.t", "s.T", "S.t", "s.V", "s.v")] == [2, 1, 1, 1, 2]
