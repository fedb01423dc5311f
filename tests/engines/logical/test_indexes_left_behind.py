"""Indexes that a load left for later and never built: whoever fills the table next builds them, or says what lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import RowError
from airflow_dm_loader.plan import load_plan
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import HEAD, Table, load_config, write_dump
from tests.tables import one, query

CREATE = """(
  `id` int(11) NOT NULL,
  `p` int(11) DEFAULT NULL,
  `v` varchar(40) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `unique_v` (`v`),
  KEY `z_first` (`p`,`id`),
  KEY `a_second` (`v`,`id`),
  KEY `m_third` (`p`),
  CONSTRAINT `to_parent` FOREIGN KEY (`p`) REFERENCES `parent` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"""
PARENT = "(`id` int(11) NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"


@pytest.fixture(autouse=True)
def every_table_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_plan, "LARGE_TABLE_BYTES", 1)


def dump(folder: Path, *, bad: bool = False) -> Path:
    rows = [f'({at},1,"row {at}")' for at in range(20)]
    rows[-1] = '(19,1,1,"too many")' if bad else rows[-1]
    return write_dump(folder, Table("parent", PARENT, ["(1)"]), Table("t", CREATE, rows, rows_per_statement=5))


def definition(server: PrivateMariaDB) -> str:
    ((_, text),) = query(server, "SHOW CREATE TABLE s.t")
    return str(text)


def left_behind(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    with pytest.raises(RowError):
        load_dump(load_config(dump(tmp_path / "bad", bad=True), task_name="a"), target)
    assert "z_first" not in definition(server)
    server.client("SET foreign_key_checks = 0; TRUNCATE s.t; TRUNCATE s.parent")


def test_they_come_back_in_the_dump_s_order(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    report = load_dump(load_config(dump(tmp_path / "dump")), target)

    assert definition(server) == f"CREATE TABLE `t` {CREATE}"
    assert not report.warnings


@pytest.mark.parametrize("again", [{"task_name": "b"}, {"task_name": "a", "remove_meta": True}])
def test_another_load_of_the_table_builds_them(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, again: dict[str, object]
) -> None:
    left_behind(server, target, tmp_path)

    report = load_dump(load_config(dump(tmp_path / "dump"), **again), target)

    assert definition(server) == f"CREATE TABLE `t` {CREATE}"
    assert (report.outcome, report.warnings) == ("clean", ())
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_index WHERE built = 0") == 0


def test_without_our_state_each_is_named(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    left_behind(server, target, tmp_path)
    query(server, "DROP DATABASE dm_meta")

    report = load_dump(load_config(dump(tmp_path / "dump")), target)

    assert report.warnings == (
        "s.t: lacks what the dump's CREATE TABLE has: index z_first (p, id), index a_second (v, id), "
        "index m_third (p), foreign key to_parent (p)",
    )


def test_an_index_that_a_person_left_out_is_named_and_not_built(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int PRIMARY KEY, p int, v varchar(40), UNIQUE unique_v (v), KEY mine (v, p))")

    report = load_dump(load_config(dump(tmp_path / "dump")), target)

    assert "mine" in definition(server)
    assert "z_first" not in definition(server)
    assert any("index z_first (p, id)" in warning for warning in report.warnings)
    assert next(table for table in report.tables if table.table == "s.t").lacks[0] == "index z_first (p, id)"


def test_a_key_that_must_stay_keeps_its_place(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    """``by_p`` can't wait, since a foreign key refers to it; so what stands before it does not wait either."""
    foreign_key = "  CONSTRAINT `to_parent` FOREIGN KEY (`p`) REFERENCES `parent` (`id`)\n"
    create = CREATE.replace(foreign_key, "  KEY `last` (`v`,`p`)\n")
    folder = write_dump(tmp_path / "dump", Table("t", create, ['(1,1,"a")']))
    child = "(`id` int(11) NOT NULL, CONSTRAINT `c` FOREIGN KEY (`id`) REFERENCES `t` (`p`)) ENGINE=InnoDB"
    (folder / "s.u-schema.sql").write_text(f"{HEAD}CREATE TABLE `u` {child};\n")

    load_dump(load_config(folder), target)

    assert definition(server) == f"CREATE TABLE `t` {create}"
