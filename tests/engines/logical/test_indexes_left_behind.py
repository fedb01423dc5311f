"""Indexes that a load left for later and never built: whoever fills the table next builds them, or says what lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import RowError
from airflow_dm_loader.plan import load_plan
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import HEAD, Table, load_config, prepare, write_dump
from tests.server_words import keys_of_any_kind_referred_to, shown
from tests.servers import AnyServer
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


def dump(folder: Path, *, bad: bool = False, create: str = CREATE) -> Path:
    rows = [f'({at},1,"row {at}")' for at in range(20)]
    rows[-1] = '(19,1,1,"too many")' if bad else rows[-1]
    return write_dump(folder, Table("parent", PARENT, ["(1)"]), Table("t", create, rows, rows_per_statement=5))


def definition(server: AnyServer) -> str:
    ((_, text),) = query(server, "SHOW CREATE TABLE s.t")
    return str(text)


def left_behind(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    with pytest.raises(RowError):
        load_dump(load_config(dump(tmp_path / "bad", bad=True), task_name="a"), target)
    assert "KEY `z_first`" not in definition(server)
    server.client("SET foreign_key_checks = 0; TRUNCATE s.t; TRUNCATE s.parent")


def test_they_come_back_in_the_dump_s_order(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    report = load_dump(load_config(dump(tmp_path / "dump")), target)

    assert definition(server) == shown(server, "t", CREATE, before=f"CREATE TABLE parent {PARENT}")
    assert not report.warnings


@pytest.mark.parametrize("again", [{"task_name": "b"}, {"task_name": "a", "remove_meta": True}])
def test_another_load_of_the_table_builds_them(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, again: dict[str, object]
) -> None:
    left_behind(server, target, tmp_path)

    report = load_dump(load_config(dump(tmp_path / "dump"), **again), target)

    assert definition(server) == shown(server, "t", CREATE, before=f"CREATE TABLE parent {PARENT}")
    assert (report.outcome, report.warnings) == ("clean", ())
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_index WHERE built = 0") == 0


COMMENTED = CREATE + r" COMMENT='it''s \\ 100% `so`'"
SIMPLE = "(`id` int NOT NULL, `p` int, `v` varchar(40), PRIMARY KEY (`id`), KEY `z` (`p`), KEY `a` (`v`)) ENGINE=InnoDB"


def as_made_at_once(server: AnyServer, create: str) -> str:
    """What the server shows of a table that was created with all its indexes."""
    query(server, "CREATE DATABASE whole")
    query(server, f"CREATE TABLE whole.parent {PARENT}")
    query(server, f"CREATE TABLE whole.t {create}")
    return str(query(server, "SHOW CREATE TABLE whole.t")[0][1])


@pytest.mark.servers
@pytest.mark.parametrize("create", [CREATE, COMMENTED])
def test_another_load_builds_them_by_the_table_s_mark(
    create: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    """Also where our state is gone, and whatever its comment is."""
    folder = dump(tmp_path / "dump", create=create)
    prepare(load_config(folder, task_name="a"), target)
    assert "`z_first`, `a_second`, `m_third`, `to_parent`]" in definition(server)
    query(server, "DROP DATABASE dm_meta")

    report = load_dump(load_config(folder, defer_indexes=False), target)

    assert definition(server) == as_made_at_once(server, create)
    assert (report.outcome, report.warnings) == ("clean", ())


@pytest.mark.servers
def test_what_was_built_of_a_marked_table_is_not_built_again(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump", create=SIMPLE)
    prepare(load_config(folder, task_name="a"), target)
    query(server, "DROP DATABASE dm_meta")
    query(server, "ALTER TABLE s.t ADD KEY `z` (`p`)")

    report = load_dump(load_config(folder), target)

    assert definition(server) == as_made_at_once(server, SIMPLE)
    assert (report.outcome, report.warnings) == ("clean", ())


def test_what_the_next_dump_does_not_have_stays_in_the_mark_and_is_told(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    prepare(load_config(dump(tmp_path / "one", create=SIMPLE), task_name="a"), target)
    query(server, "DROP DATABASE dm_meta")

    other = SIMPLE.replace(", KEY `a` (`v`)", "")
    report = load_dump(load_config(dump(tmp_path / "two", create=other)), target)

    assert "KEY `z`" in definition(server)
    assert "COMMENT=' [dm-loader builds later: `a`]'" in definition(server)
    assert report.warnings == (
        "s.t: is defined otherwise than in the dump: its comment says that an earlier load left out a, which this "
        "dump does not have",
    )


def test_without_a_mark_each_is_named(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    left_behind(server, target, tmp_path)
    query(server, "DROP DATABASE dm_meta")
    query(server, "ALTER TABLE s.t COMMENT ''")

    report = load_dump(load_config(dump(tmp_path / "dump")), target)

    assert report.warnings == (
        "s.t: lacks what the dump's CREATE TABLE has: index z_first (p, id), index a_second (v, id), "
        "index m_third (p), foreign key to_parent (p)",
    )


def test_a_table_without_room_for_a_mark_gets_its_indexes_at_once(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump", create=f"{CREATE} COMMENT='{'x' * 2048}'")
    prepare(load_config(folder), target)
    assert "KEY `m_third`" in definition(server)
    assert "dm-loader" not in definition(server)


def test_an_index_that_a_person_left_out_is_named_and_not_built(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int PRIMARY KEY, p int, v varchar(40), UNIQUE unique_v (v), KEY mine (v, p))")

    report = load_dump(load_config(dump(tmp_path / "dump")), target)

    assert "mine" in definition(server)
    assert "KEY `z_first`" not in definition(server)
    assert any("index z_first (p, id)" in warning for warning in report.warnings)
    assert next(table for table in report.tables if table.table == "s.t").lacks[0] == "index z_first (p, id)"


def test_a_key_that_must_stay_keeps_its_place(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    """``by_p`` can't wait, since a foreign key refers to it; so what stands before it does not wait either."""
    foreign_key = "  CONSTRAINT `to_parent` FOREIGN KEY (`p`) REFERENCES `parent` (`id`)\n"
    create = CREATE.replace(foreign_key, "  KEY `last` (`v`,`p`)\n")
    folder = write_dump(tmp_path / "dump", Table("t", create, ['(1,1,"a")']))
    child = "(`id` int(11) NOT NULL, CONSTRAINT `c` FOREIGN KEY (`id`) REFERENCES `t` (`p`)) ENGINE=InnoDB"
    (folder / "s.u-schema.sql").write_text(f"{HEAD}CREATE TABLE `u` {child};\n")

    with keys_of_any_kind_referred_to(server):
        load_dump(load_config(folder), target)

    assert definition(server) == shown(server, "t", create)
