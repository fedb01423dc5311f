from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.loader import LoadPath, Worker
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, import_all, load_config, prepare, run_of, write_dump
from tests.tables import count, one, query


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")']))


def change(folder: Path) -> None:
    with (folder / "s.t.sql").open("a") as file:
        file.write('INSERT INTO `t` VALUES (3,"c");\n')


def test_a_load_is_registered_with_its_dump(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    summary = loader.prepare_checkpoint(run_of(load_config(folder), target))

    assert summary["fresh"] is True
    assert (summary["status"], summary["files"], summary["chunk_bytes"]) == ("init", 1, 4096)
    assert summary["file_bytes"] == (folder / "s.t.sql").stat().st_size
    assert loader.choose_path(run_of(load_config(folder), target)) is LoadPath.LOAD
    stored = query(server, "SELECT host, dag_id, run_id FROM dm_meta.dm_loader_load_task")
    assert stored == [("here", "dm_load", "run-1")]


def test_the_same_dump_is_taken_up_again(target: TargetConfig, folder: Path) -> None:
    first = loader.prepare_checkpoint(run_of(load_config(folder), target))
    second = loader.prepare_checkpoint(run_of(load_config(folder), target, Worker("there", run_id="run-2")))

    assert (second["fresh"], second["load_id"]) == (False, first["load_id"])


def test_two_sources_of_a_task_are_two_loads(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    for source in ("a", "b"):
        loader.prepare_checkpoint(run_of(load_config(folder, source_id=source), target))

    assert count(server, "dm_meta.dm_loader_load") == 2


def test_a_dump_that_changed_while_the_load_runs_is_34018(target: TargetConfig, folder: Path) -> None:
    import_all(load_config(folder), target)
    change(folder)

    with pytest.raises(CheckpointError, match="changed") as caught:
        loader.prepare_checkpoint(run_of(load_config(folder), target))
    with pytest.raises(CheckpointError):
        loader.run_import(run_of(load_config(folder), target))

    assert caught.value.code == 34018


def test_a_dump_that_changed_before_anything_was_sent_starts_afresh(target: TargetConfig, folder: Path) -> None:
    first = loader.prepare_checkpoint(run_of(load_config(folder), target))
    change(folder)

    second = loader.prepare_checkpoint(run_of(load_config(folder), target))

    assert second["fresh"] is True
    assert (second["load_id"], second["fingerprint"]) != (first["load_id"], first["fingerprint"])


def test_a_new_dump_under_the_name_of_a_finished_load_starts_afresh(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    load_dump(load_config(folder), target)
    change(folder)

    report = load_dump(load_config(folder), target)

    assert (report.skipped, report.rows_sent, count(server, "s.t")) == (False, 3, 3)
    assert count(server, "dm_meta.dm_loader_load") == 1


def test_remove_meta_starts_afresh_once_a_run(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    load_dump(load_config(folder), target)
    config = load_config(folder, remove_meta=True)

    run_2 = [loader.prepare_checkpoint(run_of(config, target, Worker("h", "d", "run-2", number))) for number in (1, 2)]
    run_3 = loader.prepare_checkpoint(run_of(config, target, Worker("h", "d", "run-3")))

    assert [summary["fresh"] for summary in (*run_2, run_3)] == [True, False, True]
    assert count(server, "dm_meta.dm_loader_chunk") == 0


def test_remove_meta_sends_all_rows_again(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    load_dump(load_config(folder), target)
    query(server, "TRUNCATE s.t")

    report = load_dump(load_config(folder, remove_meta=True), target)

    assert (report.rows_sent, count(server, "s.t")) == (2, 2)


def test_an_unknown_status_is_named(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    loader.prepare_checkpoint(run_of(load_config(folder), target))
    query(server, "UPDATE dm_meta.dm_loader_load SET status = 'resting'")

    with pytest.raises(CheckpointError, match="'resting'"):
        loader.prepare_checkpoint(run_of(load_config(folder), target))
    with pytest.raises(CheckpointError, match="'resting'"):
        loader.choose_path(run_of(load_config(folder), target))


def test_a_load_that_was_stored_in_another_version_is_refused(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    loader.prepare_checkpoint(run_of(load_config(folder), target))
    query(server, "UPDATE dm_meta.dm_loader_load SET row_version = 9")

    with pytest.raises(CheckpointError, match="version 9") as caught:
        loader.prepare_checkpoint(run_of(load_config(folder), target))

    assert "remove_meta" in caught.value.remedy


def test_a_load_that_is_not_stored_says_what_to_do(target: TargetConfig, folder: Path) -> None:
    loader.prepare_checkpoint(run_of(load_config(folder), target))

    with pytest.raises(CheckpointError, match="no load 'other'") as caught:
        loader.choose_path(run_of(load_config(folder, task_name="other"), target))

    assert "prepare_checkpoint" in caught.value.remedy


def test_the_meta_schema_is_the_users_choice(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    load_dump(load_config(folder, meta_schema="my`meta"), target)

    assert one(server, "SELECT status FROM `my``meta`.dm_loader_load") == "finished"
    assert not query(server, "SHOW DATABASES LIKE 'dm_meta'")


def test_a_finished_load_is_not_verified_against_a_dump_that_changed(target: TargetConfig, folder: Path) -> None:
    prepare(load_config(folder), target)
    change(folder)

    with pytest.raises(CheckpointError):
        loader.create_tables(run_of(load_config(folder), target))
