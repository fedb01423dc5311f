"""Indexes and foreign keys that a load skips: named in its report, and made by a later run."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.progress.words import describe_report
from airflow_dm_loader.report import LoadReport
from airflow_dm_loader.rules.skips import Skips
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import one, query

PARENT = (
    "(`id` int NOT NULL, `a` int DEFAULT NULL, `b` varchar(20) DEFAULT NULL, PRIMARY KEY (`id`), UNIQUE KEY `u` (`b`), "
    "KEY `a` (`a`), KEY `both` (`a`,`b`)) ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='parents'"
)
CHILD = (
    "(`id` int NOT NULL, `p` int DEFAULT NULL, PRIMARY KEY (`id`), KEY `fk` (`p`), "
    "CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `parent` (`id`)) ENGINE=InnoDB DEFAULT CHARSET=latin1"
)
INDEXES = "SELECT DISTINCT table_name, index_name FROM information_schema.statistics WHERE table_schema = 's'"
FOREIGN_KEYS = "SELECT COUNT(*) FROM information_schema.referential_constraints WHERE constraint_schema = 's'"
COMMENT = "SELECT table_comment FROM information_schema.tables WHERE table_schema = 's' AND table_name = 'parent'"
UNIQUE: list[tuple[object, ...]] = [("child", "PRIMARY"), ("parent", "PRIMARY"), ("parent", "u")]
ALL = sorted(
    [
        ("child", "PRIMARY"),
        ("child", "fk"),
        ("parent", "PRIMARY"),
        ("parent", "a"),
        ("parent", "both"),
        ("parent", "u"),
    ],
    key=str,
)


def dump_of(folder: Path) -> Path:
    parents, children = ['(1,10,"x")', '(2,20,"y")'], ["(1,1)", "(2,2)"]
    return write_dump(folder, Table("parent", PARENT, parents), Table("child", CHILD, children))


def indexes(server: AnyServer) -> list[tuple[object, ...]]:
    return sorted(query(server, INDEXES), key=str)


def skipped(report: LoadReport) -> dict[str, str]:
    found = [one for one in report.findings if one.kind == "skipped_indexes"]
    return {one.table or "": one.text.partition(": ")[2].partition(";")[0] for one in found}


@pytest.mark.servers
def test_what_is_skipped_is_named_and_added_by_a_later_run(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump_of(tmp_path / "dump")

    report = load_dump(load_config(folder, skip_indexes=True, skip_foreign_keys=True), target)

    assert (report.status, report.outcome) == ("finished", "clean")
    assert skipped(report) == {"s.child": "index fk, foreign key fk", "s.parent": "index a, index both"}
    assert "not verified whole" in describe_report(report)[-1]
    lacks = {table.table: table.lacks for table in report.tables}
    assert lacks == {
        "s.child": ("index fk (p)", "foreign key fk (p)"),
        "s.parent": ("index a (a)", "index both (a, b)"),
    }
    assert indexes(server) == UNIQUE
    assert one(server, FOREIGN_KEYS) == 0

    again = load_dump(load_config(folder, skip_indexes=True, skip_foreign_keys=True), target)
    assert (again.skipped, indexes(server)) == (True, UNIQUE)
    half = load_dump(load_config(folder, only="indexes", skip_foreign_keys=True), target)
    assert skipped(half) == {"s.child": "foreign key fk"}
    assert (indexes(server), one(server, FOREIGN_KEYS), one(server, COMMENT)) == (ALL, 0, "parents")

    last = load_dump(load_config(folder, only="indexes"), target)

    assert (last.status, last.outcome, last.rows_sent, last.findings) == ("finished", "clean", 0, ())
    assert "not verified whole" not in describe_report(last)[-1]
    assert (indexes(server), one(server, FOREIGN_KEYS)) == (ALL, 1)
    assert all(not table.lacks for table in last.tables)


def test_a_foreign_key_alone_is_skipped(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    report = load_dump(load_config(dump_of(tmp_path / "dump"), skip_foreign_keys=True), target)

    assert skipped(report) == {"s.child": "foreign key fk"}
    assert (indexes(server), one(server, FOREIGN_KEYS)) == (ALL, 0)


def test_the_next_load_of_a_table_makes_what_the_last_one_skipped(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump_of(tmp_path / "dump")
    load_dump(load_config(folder, skip_indexes=True, skip_foreign_keys=True), target)

    report = load_dump(load_config(folder, task_name="another", on_existing_rows="truncate"), target)

    assert (skipped(report), indexes(server), one(server, FOREIGN_KEYS)) == ({}, ALL, 1)


def test_tables_that_are_swapped_in_skip_nothing() -> None:
    with pytest.raises(ConfigError, match="skip_indexes, skip_foreign_keys"):
        LoadConfig(task_name="t", dump_uri="/d", skip_indexes=True, on_existing_rows="swap")


def test_an_index_and_a_foreign_key_of_one_name_are_told_apart() -> None:
    key = "KEY `f` (`a`,`b`) COMMENT 'x, ADD y'"
    foreign = "CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `t` (`a`)"
    both = SecondaryIndex("f", f"{key}, ADD {foreign}")

    assert both.without(Skips()) == both
    assert both.without(Skips(foreign_keys=True)) == SecondaryIndex("f", key)
    assert both.skipped(Skips(foreign_keys=True)) == SecondaryIndex("f", foreign)
    assert both.without(Skips(indexes=True)) == SecondaryIndex("f", foreign)
    assert both.without(Skips(indexes=True, foreign_keys=True)) is None
