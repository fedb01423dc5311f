"""Triggers and foreign keys that hang on live tables, made again on the tables that a swap puts in their place."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from airflow_dm_loader import load_dump, plan_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, LoaderError, TargetError
from airflow_dm_loader.loader import restore_previous
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import count, query

PARENT = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`)) ENGINE=InnoDB"

OFF = {"rows_drop": "off", "tables_gone": "off", "empty": "off"}

pytestmark = pytest.mark.servers


def night(tmp_path: Path, number: int, create: str = PARENT, rows: int = 20) -> LoadConfig:
    table = Table("p", create, [f'({at},"night {number}")' for at in range(rows)])
    folder = write_dump(tmp_path / f"night{number}", table)
    return load_config(folder, task_name=f"night{number}", on_existing_rows="swap", swap_rebuild=True, guard=OFF)


def has_triggers(server: AnyServer) -> bool:
    return "TiDB" not in str(query(server, "SELECT VERSION()"))


def hang(server: AnyServer) -> None:
    """A table outside that refers to ``s.p``, and where there are such, two triggers that count its rows."""
    query(server, "CREATE TABLE s.x (id int PRIMARY KEY, p int, CONSTRAINT fkx FOREIGN KEY (p) REFERENCES s.p (id) "
          "ON DELETE CASCADE) ENGINE=InnoDB")  # fmt: skip
    query(server, "INSERT INTO s.x VALUES (1, 3), (2, NULL)")
    if has_triggers(server):
        query(server, "CREATE TABLE s.seen (what varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        query(server, "CREATE TRIGGER s.tr AFTER INSERT ON s.p FOR EACH ROW INSERT INTO s.seen VALUES ('größer')")
        query(server, "CREATE TRIGGER s.tr2 AFTER INSERT ON s.p FOR EACH ROW INSERT INTO s.seen VALUES (NEW.v)")


def check_hanging(server: AnyServer) -> None:
    """They work, on the table that is live now."""
    assert query(
        server,
        "SELECT constraint_name, referenced_table_schema, referenced_table_name FROM "
        "information_schema.key_column_usage WHERE table_name = 'x' AND referenced_table_name IS NOT NULL",
    ) == [("fkx", "s", "p")]
    if has_triggers(server):
        query(server, "DELETE FROM s.seen")
        query(server, "INSERT INTO s.p VALUES (1000, 'mine')")
        assert query(server, "SELECT what FROM s.seen") == [("größer",), ("mine",)]
        query(server, "DELETE FROM s.p WHERE id = 1000")
    query(server, "DELETE FROM s.p WHERE id = 3")
    assert query(server, "SELECT id FROM s.x") == [(2,)]
    assert count(server, "dm_meta.dm_loader_swap_step") == 0


def test_they_are_refused_unless_it_is_said_and_then_made_again(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    hang(server)
    config = night(tmp_path, 2, rows=30)

    with pytest.raises(TargetError, match="swap_rebuild"):
        load_dump(config.changed(swap_rebuild=False), target)
    assert "foreign key fkx of s.x" in plan_dump(config, target).swap
    report = load_dump(config, target)

    assert (report.outcome, count(server, "s.p")) == ("clean", 30)
    check_hanging(server)


def test_what_would_not_fit_the_new_table_is_refused_and_all_stays(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    hang(server)
    few = night(tmp_path, 2, rows=2)  # row 3, which s.x refers to, is gone

    with pytest.raises(LoaderError, match=r"rows of s\.x refer to rows that the new s\.p does not have"):
        load_dump(few, target)
    if has_triggers(server):
        query(server, "DELETE FROM s.x")
        other = "(`id` int NOT NULL, `w` varchar(40), PRIMARY KEY (`id`)) ENGINE=InnoDB"
        with pytest.raises(LoaderError, match=r"trigger tr2 of s\.p could not be made again"):
            load_dump(night(tmp_path, 3, other), target)
        query(server, "INSERT INTO s.x VALUES (1, 3), (2, NULL)")

    assert query(server, "SELECT DISTINCT v FROM s.p") == [("night 1",)]
    check_hanging_stored(server)


def test_putting_back_makes_them_again_as_the_load_was_told_or_refuses_them(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    load_dump(night(tmp_path, 2, rows=30), target)
    hang(server)
    query(server, "INSERT INTO s.x VALUES (3, 25)")

    with pytest.raises(TargetError, match=r"fkx of s\.x on s\.p|triggers hang"):
        restore_previous(target, "night2", swap_rebuild=False)
    with pytest.raises(CheckpointError, match=r"rows of s\.x refer to rows that the new s\.p does not have"):
        restore_previous(target, "night2")
    assert count(server, "s.p") == 30
    query(server, "DELETE FROM s.x WHERE id = 3")
    assert restore_previous(target, "night2") == ("s.p",)

    assert query(server, "SELECT v, COUNT(*) FROM s.p GROUP BY v") == [("night 1", 20)]
    check_hanging(server)


def test_what_hangs_on_a_table_that_would_be_gone_is_never_taken_away(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    both = write_dump(
        tmp_path / "both", Table("p", PARENT, ['(3,"night 2")']), Table("more", PARENT, ['(7,"night 2")'])
    )
    load_dump(load_config(both, task_name="both", on_existing_rows="swap", swap_rebuild=True, guard=OFF), target)
    query(server, "CREATE TABLE s.y (p int, CONSTRAINT fky FOREIGN KEY (p) REFERENCES s.more (id)) ENGINE=InnoDB")

    with pytest.raises(TargetError, match=r"fky of s\.y on s\.more"):
        restore_previous(target, "both")

    assert query(server, "SELECT v FROM s.p") == [("night 2",)]


def test_an_account_that_may_not_alter_a_table_outside_is_told_before_the_first_row(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    query(server, "CREATE DATABASE outside")
    query(server, "CREATE TABLE outside.x (p int, CONSTRAINT fkx FOREIGN KEY (p) REFERENCES s.p (id)) ENGINE=InnoDB")
    query(server, "CREATE USER least@'%' IDENTIFIED BY 'pw'")
    for granted in ("ALL ON dm_meta.*", "ALL ON s.*", r"ALL ON `s\_\_dm\_%`.*", "SELECT ON outside.*"):
        query(server, f"GRANT {granted} TO least@'%'")
    least = target.model_copy(update={"user": "least", "password": SecretStr("pw")})
    config = night(tmp_path, 2)
    try:
        problems = plan_dump(config, least).problems
        with pytest.raises(TargetError, match=r"lacks privileges that this load needs: ALTER on `outside`\.\*"):
            load_dump(config, least)
        assert query(server, "SELECT DISTINCT v FROM s.p") == [("night 1",)]
        query(server, "GRANT ALTER ON outside.* TO least@'%'")
        report = load_dump(config, least)
    finally:
        query(server, "DROP USER least@'%'")

    assert ["ALTER on `outside`.*" in problem for problem in problems] == [True]
    assert report.outcome == "clean"
    assert query(server, "SELECT DISTINCT v FROM s.p") == [("night 2",)]


def check_hanging_stored(server: AnyServer) -> None:
    """Nothing was dropped."""
    query(server, "DELETE FROM dm_meta.dm_loader_swap_step")
    check_hanging(server)
