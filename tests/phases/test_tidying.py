"""What is stored of loads goes when somebody says so, or with age; never what could be resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError, LoaderError
from airflow_dm_loader.state.migrations import TABLES
from airflow_dm_loader.state.migrations.migration import column_names
from airflow_dm_loader.state.views import VIEWS
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, Table, import_all, load_config, numbered, prepare, run_of, write_dump
from tests.faults import import_until_broken
from tests.servers import AnyServer
from tests.tables import count, one, query


def tasks(server: AnyServer) -> list[str]:
    return [str(name) for (name,) in query(server, "SELECT task_name FROM dm_meta.dm_loader_load ORDER BY load_id")]


def age(server: AnyServer, task: str, days: int) -> None:
    """Make a load older than it is."""
    query(
        server,
        f"UPDATE dm_meta.dm_loader_load SET updated_at = updated_at - INTERVAL {days} DAY WHERE task_name = %s",
        task,
    )
    query(
        server,
        f"UPDATE dm_meta.dm_loader_brought SET finished_at = finished_at - INTERVAL {days} DAY WHERE task_name = %s",
        task,
    )


@pytest.mark.servers
def test_a_load_at_work_can_commit_nothing_once_it_is_forgotten(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 400, WITHOUT_KEY)), pool_size=1)
    prepare(config, target)
    import_until_broken(config, target, chunks=2)
    before = count(server, "s.a")
    with pytest.raises(CheckpointError, match="has not finished"):
        loader.forget_load(target, "t")

    assert loader.forget_load(target, "t", unfinished_too=True) == (("t", config.what.source_id),)

    with pytest.raises(LoaderError) as caught:
        loader.run_import(run_of(config, target))
    assert caught.value.code == 34018
    assert (count(server, "s.a"), tasks(server)) == (before, [])
    for name, body in TABLES.items():
        if "load_id" in column_names(body):
            assert one(server, f"SELECT COUNT(*) FROM dm_meta.dm_loader_{name}") == 0, name


@pytest.mark.servers
def test_tables_that_were_filled_for_a_swap_go_with_the_load(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    configs = [
        load_config(
            write_dump(tmp_path / name, numbered(name, 10)),
            task_name="both",
            source_id=name,
            sources=["one", "two"],
            on_existing_rows="swap",
        )
        for name in ("one", "two")
    ]
    for config in configs:
        import_all(config, target)
    with pytest.raises(CheckpointError, match="other sources fill the tables"):
        loader.forget_load(target, "both", "one", unfinished_too=True)
    assert len(tasks(server)) == 2

    loader.forget_load(target, "both", unfinished_too=True)

    assert [name for (name,) in query(server, "SHOW DATABASES") if "__dm_" in name] == []
    assert tasks(server) == []
    load_dump(configs[0].changed(sources=["one"]), target)
    assert count(server, "s.one") == 10


def test_of_each_table_the_newest_loads_stay_and_what_can_be_resumed_does(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    for night in (1, 2, 3):
        load_dump(load_config(write_dump(tmp_path / f"a{night}", numbered("a", 10)), task_name=f"a{night}"), target)
    load_dump(load_config(write_dump(tmp_path / "b", numbered("b", 10)), task_name="b"), target)
    prepare(load_config(write_dump(tmp_path / "c", numbered("a", 10)), task_name="half"), target)
    doubled = Table("d", rows=['(1,"a")', '(1,"b")'])
    with pytest.raises(LoaderError):
        load_dump(load_config(write_dump(tmp_path / "d", doubled), task_name="paused"), target)
    for task in ("a1", "b", "half", "paused"):
        age(server, task, 40)

    assert loader.prune(target, keep_loads=2, dry_run=True) == (("a1", "mysql-replica-01"),)
    assert loader.prune(target, keep_loads=1, keep_days=30, dry_run=True) == (("a1", "mysql-replica-01"),)
    assert loader.prune(target, keep_loads=1, keep_days=50) == ()
    assert tasks(server) == ["a1", "a2", "a3", "b", "half", "paused"]
    assert loader.prune(target, keep_loads=1, keep_days=30) == (("a1", "mysql-replica-01"),)
    assert tasks(server) == ["a2", "a3", "b", "half", "paused"]
    assert [
        name for (name,) in query(server, "SELECT task_name FROM dm_meta.dm_loader_brought ORDER BY history_id")
    ] == [
        "a2",
        "a3",
        "b",
    ]


def test_what_somebody_accepted_stays_for_the_days(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    doubled = Table("a", rows=['(1,"a")', '(1,"b")'])
    accepted = load_config(write_dump(tmp_path / "a1", doubled), task_name="a1", on_conflict="accept")
    load_dump(accepted, target)
    load_dump(load_config(write_dump(tmp_path / "a2", numbered("a", 10)), task_name="a2"), target)
    age(server, "a1", 40)

    assert loader.prune(target, keep_days=30) == ()  # accepted today
    query(server, "UPDATE dm_meta.dm_loader_event SET created_at = created_at - INTERVAL 40 DAY")
    assert loader.prune(target, keep_days=30) == (("a1", "mysql-replica-01"),)


def test_a_source_whose_task_has_not_finished_stays(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    both = [
        load_config(write_dump(tmp_path / name, numbered("a", 5)), task_name="both", source_id=name, sources=["x", "y"])
        for name in ("x", "y")
    ]
    import_all(both[0], target)
    loader.prepare_checkpoint(run_of(both[1], target))
    loader.verify(run_of(both[0], target))
    loader.finish(run_of(both[0], target))
    load_dump(load_config(write_dump(tmp_path / "z", numbered("a", 5)), task_name="z", source_id="x"), target)

    assert loader.prune(target, keep_loads=1) == ()


def test_a_load_s_end_removes_what_is_older(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    for night in (1, 2, 3):
        folder = write_dump(tmp_path / f"a{night}", numbered("a", 10))
        assert load_dump(load_config(folder, task_name=f"a{night}", keep_loads=2), target).status == "finished"

    assert tasks(server) == ["a2", "a3"]
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_event e LEFT JOIN dm_meta.dm_loader_load l "
                       "ON l.load_id = e.load_id WHERE l.load_id IS NULL") == 0  # fmt: skip


def test_without_the_privilege_views_are_left_out_with_a_note(
    server: PrivateMariaDB, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 10)))
    query(server, "DROP USER IF EXISTS viewless@'127.0.0.1'")
    query(server, "CREATE USER viewless@'127.0.0.1' IDENTIFIED BY 'x'")
    query(server, "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER ON *.* TO viewless@'127.0.0.1'")
    account = TargetConfig(host=server.host, port=server.port, user="viewless", password="x")

    assert load_dump(config, account).outcome == "clean"

    assert query(server, "SELECT table_name FROM information_schema.views WHERE table_schema = 'dm_meta'") == []
    notes = [text for text in caplog.messages if "Who wants it grants CREATE VIEW on dm_meta" in text]
    assert len(notes) >= len(VIEWS)
