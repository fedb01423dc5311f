"""A dump that brings far less than the last one did pauses before readers see it, or before a row is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, ConfigError, LoaderError, UnlikeLastLoadError
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.progress.words import describe_plan
from airflow_dm_loader.report import LoadReport
from tests.dumps import METADATA, Table, import_all, load_config, numbered, run_of, write_dump
from tests.servers import AnyServer
from tests.tables import count, one, query


def counts(**rows: int) -> str:
    """What mydumper says of how many rows each table of the dump has."""
    tables = "".join(f"[`s`.`{name}`]\nreal_table_name={name}\nrows = {number}\n\n" for name, number in rows.items())
    return (
        "# Started dump at: 2026-11-23 17:29:14\n[config]\nquote-character = BACKTICK\n\n"
        f"{tables}# Finished dump at: 2026-11-23 17:29:15\n"
    )


def night(tmp_path: Path, number: int, *, action: str = "swap", counted: bool = True, **rows: int) -> LoadConfig:
    """A night's dump with so many rows in each table, under a task name of its own."""
    tables = [numbered(name, some) for name, some in rows.items()]
    folder = write_dump(tmp_path / f"night{number}", *tables, metadata=counts(**rows) if counted else METADATA)
    return load_config(folder, task_name=f"shop-{number}", on_existing_rows=action)


def paused(config: LoadConfig, target: TargetConfig) -> UnlikeLastLoadError:
    with pytest.raises(UnlikeLastLoadError) as caught:
        load_dump(config, target)
    assert caught.value.code == 34101
    return caught.value


def accepted(config: LoadConfig, target: TargetConfig) -> LoadReport:
    return load_dump(config.changed(on_conflict="accept"), target)


def filled(tmp_path: Path, target: TargetConfig, number: int = 1, **rows: int) -> None:
    """An earlier night, of a load that no guard looks at."""
    assert load_dump(night(tmp_path, number, action="truncate", counted=True, **rows), target).outcome == "clean"


@pytest.mark.servers
def test_a_poor_dump_does_not_go_live_until_somebody_accepts(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    filled(tmp_path, target, a=100, b=10, c=20, d=0)
    config = night(tmp_path, 2, a=49, c=0)

    error = paused(config, target)

    last = "the last load (task 'shop-1', finished "
    assert f"s.a: the dump brings 49 rows, and {last}" in error.message
    assert "UTC) brought 100 (guard: rows_drop=0.5)" in error.message
    assert f"s.c: the dump brings 0 rows, and {last}" in error.message
    assert f"s.b: the dump does not bring it, and {last}" in error.message
    assert [count(server, f"s.{name}") for name in "abc"] == [100, 10, 20]
    report = accepted(config, target)
    assert (report.outcome, report.accepted) == ("unlike_last_load", True)
    assert {(found.kind, found.table) for found in report.findings} == {
        ("fewer_rows_than_before", "s.a"),
        ("empty_for_the_first_time", "s.c"),
        ("table_gone", "s.b"),
        ("table_gone", "s.d"),
    }
    assert [count(server, f"s.{name}") for name in "abc"] == [49, 10, 0]
    assert load_dump(night(tmp_path, 3, a=40, c=0), target).findings == ()  # what was accepted is the last one now


def test_tables_that_another_load_has_filled_since_are_not_gone(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    filled(tmp_path, target, 1, a=10, b=20)
    filled(tmp_path, target, 2, b=20)
    guarded = {"on_existing_rows": "truncate", "guard": {"rows_drop": 0.5}}

    assert load_dump(night(tmp_path, 3, a=10).changed(**guarded), target).findings == ()


def test_a_table_that_no_load_is_known_of_is_held_against_what_it_holds(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.a (id int PRIMARY KEY, v varchar(40))")
    query(server, "INSERT INTO s.a VALUES (1, 'x'), (2, 'y'), (3, 'z')")

    error = paused(night(tmp_path, 1, a=1), target)

    assert error.message.endswith("s.a: the dump brings 1 rows, and the table held 3 (guard: rows_drop=0.5)")
    assert count(server, "s.a") == 3


def test_history_stays_when_a_load_is_forgotten_and_does_not_count_what_was_undone(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    filled(tmp_path, target, a=100)
    again = night(tmp_path, 2, action="truncate", a=90).changed(task_name="shop-1")
    assert load_dump(again, target).outcome == "clean"  # the first one is forgotten
    assert query(server, "SELECT row_count FROM dm_meta.dm_loader_brought ORDER BY 1") == [(90,), (100,)]
    accepted(night(tmp_path, 3, a=4), target)
    loader.restore_previous(target, "shop-3")
    assert count(server, "s.a") == 90

    known = loader.plan_dump(night(tmp_path, 4, a=40), target).guard

    assert "task 'shop-1'" in known[0]
    assert "brought 90 rows" in known[0]
    assert known[1].startswith("guard: would pause the load: s.a: the dump brings 40 rows")


def test_each_source_is_held_against_itself(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    merge = [{"schema-pattern": "s*", "table-pattern": "k", "target-schema": "all", "target-table": "k"}]
    create = "(`id` int NOT NULL, `v` varchar(40)) ENGINE=InnoDB"

    def of(name: str, number: int, rows: int, action: str) -> LoadConfig:
        table = Table("k", create, [f'({at},"x")' for at in range(rows)], schema=f"s{name}")
        return load_config(
            write_dump(tmp_path / f"night{number}-{name}", table),
            task_name=f"shop-{number}",
            source_id=name,
            sources=["one", "two"],
            routes=merge,
            on_existing_rows=action,
            wait_for_sources=False,
        )

    for name, rows in (("one", 100), ("two", 10)):
        load_dump(of(name, 1, rows, "append"), target)
    assert count(server, "`all`.k") == 110

    verdicts = []
    for name, rows in (("one", 100), ("two", 2)):
        config = of(name, 2, rows, "swap")
        import_all(config, target)
        verdicts.append(loader.verify(run_of(config, target)).verdict)
    assert verdicts == ["clean", "unlike_last_load"]


@pytest.mark.parametrize("action", ["truncate", "recreate"])
def test_before_rows_are_deleted_the_dump_s_own_counts_are_looked_at(
    server: AnyServer, target: TargetConfig, tmp_path: Path, action: str
) -> None:
    filled(tmp_path, target, a=100, b=5)
    config = night(tmp_path, 2, action=action, a=10).changed(guard={"rows_drop": 0.5})

    error = paused(config, target)

    assert "s.a: the dump brings 10 rows, and the last load (task 'shop-1'" in error.message
    assert "s.b: the dump does not bring it" in error.message
    assert "Clearing create_tables" in error.remedy
    assert (count(server, "s.a"), count(server, "s.b")) == (100, 5)
    report = accepted(config, target)
    assert (count(server, "s.a"), count(server, "s.b")) == (10, 5)
    assert sorted({found.kind for found in report.findings}) == ["fewer_rows_than_before", "table_gone"]
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_event WHERE kind = 'accepted'") == 1


@pytest.mark.servers
def test_a_clear_accepts_what_was_shown_and_nothing_else(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    filled(tmp_path, target, a=100)
    config = night(tmp_path, 2, action="truncate", a=10).changed(guard={"rows_drop": 0.5})
    loader.prepare_checkpoint(run_of(config, target))

    def tried(number: int, *, by_hand: bool) -> None:
        worker = Worker("here", "dm_load", "run-1", number)
        loader.create_tables(run_of(config, target, worker), by_hand=by_hand)

    with pytest.raises(UnlikeLastLoadError):
        tried(1, by_hand=True)  # nothing was shown yet
    with pytest.raises(UnlikeLastLoadError):
        tried(2, by_hand=False)  # a retry of Airflow's is no word of a person
    query(server, "UPDATE dm_meta.dm_loader_brought SET row_count = 1000")
    with pytest.raises(UnlikeLastLoadError, match="brought 1,000"):
        tried(3, by_hand=True)  # what was shown was another figure
    tried(4, by_hand=True)

    assert count(server, "s.a") == 0
    tried(5, by_hand=False)  # it is accepted, whoever comes next


@pytest.mark.servers
def test_without_counts_the_pair_is_refused_and_nothing_is_deleted(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    filled(tmp_path, target, a=100)
    config = night(tmp_path, 2, action="truncate", counted=False, a=100).changed(guard={"rows_drop": 0.5})

    with pytest.raises(ConfigError, match=r"the dump does not say how many it brings: s\.a"):
        load_dump(config, target)

    assert count(server, "s.a") == 100
    assert "does not say how many it brings" in loader.plan_dump(config, target).problems[0]
    only_gone = config.changed(guard={"rows_drop": "off", "empty": "off"})
    assert load_dump(only_gone, target).outcome == "clean"


def test_a_dry_run_shows_both_figures(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    filled(tmp_path, target, a=100, b=10)

    plan = loader.plan_dump(night(tmp_path, 2, a=3), target)

    assert plan.problems == ()
    assert set(plan.guard) <= set(describe_plan(plan))
    known, fewer, gone = plan.guard
    assert known.startswith("guard: s.a: the last load (task 'shop-1', finished ")
    assert known.endswith(" UTC) brought 100 rows")
    assert fewer.startswith("guard: would pause the load: s.a: the dump brings 3 rows, and the last load")
    assert gone.startswith("guard: would pause the load: s.b: the dump does not bring it")
    assert "no former load of it is known" in loader.plan_dump(night(tmp_path, 3, x=3), target).guard[0]


def test_what_differs_from_the_dump_comes_first_and_nothing_is_finished_without_a_word(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    filled(tmp_path, target, a=100)
    config = night(tmp_path, 2, a=10)
    (Path(config.what.dump_uri) / "metadata").write_text(counts(a=11))

    with pytest.raises(LoaderError, match=r"the metadata says 11 rows.*the dump brings 10 rows") as caught:
        load_dump(config, target)

    assert caught.value.code == 34021
    with pytest.raises(CheckpointError, match="was not accepted"):
        loader.finish(run_of(config, target))
    assert count(server, "s.a") == 100
    assert [found.waits_for for found in loader.load_status(target, task_name="shop-2")] == [
        "somebody who accepts what was found"
    ]
