"""A resume with other routes, filters, engines or chunk sizes: it goes on, or says which files stand in the way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import ImportMode, LoadConfig, TargetConfig
from airflow_dm_loader.dump.inventory import read_inventory
from airflow_dm_loader.dump.storage.local import LocalStorage
from airflow_dm_loader.errors import CheckpointError, HasDuplicatesError, RowError
from airflow_dm_loader.loader import LoadPath, LoadRun, Worker
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.settings.fields import plain_default
from airflow_dm_loader.state import loads, updating
from airflow_dm_loader.state.chunks import ChunkKey, claim
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.updating import check_update
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, numbered, prepare, run_of, write_dump
from tests.tables import count, one, query

TO_X = {"schema-pattern": "s", "table-pattern": "b", "target-schema": "s", "target-table": "x"}
ONLY_A = {"do-tables": [{"db-name": "s", "tbl-name": "a"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``a`` can be loaded; ``b`` has a row that no server takes, in its first chunk."""
    return write_dump(tmp_path / "dump", Table("a", rows=['(1,"a")']), Table("b", rows=['(1,"b")', '("x","b")']))


def load_a_alone(config: LoadConfig, target: TargetConfig) -> None:
    """Everything but ``b`` is in: over one connection, which sends ``a`` first."""
    with pytest.raises(RowError):
        load_dump(config.model_copy(update={"pool_size": 1}), target)
    assert loader.choose_path(run_of(config, target)) is LoadPath.LOAD


def mend(folder: Path) -> None:
    """In its old size, so that the dump stays the same one."""
    data = folder / "s.b.sql"
    data.write_text(data.read_text().replace('("x","b")', '(22 ,"b")'))


def test_a_resume_with_other_routes_goes_on_where_nothing_is_loaded_yet(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    load_a_alone(load_config(folder), target)
    mend(folder)

    report = load_dump(load_config(folder, routes=[TO_X]), target)

    assert {table.table: table.rows for table in report.tables} == {"s.a": 1, "s.x": 2}
    assert (report.rows_sent, count(server, "s.x"), count(server, "s.a"), count(server, "s.b")) == (2, 2, 1, 0)
    assert report.outcome == "clean"


def test_it_is_refused_by_naming_the_files_that_are_loaded(target: TargetConfig, folder: Path) -> None:
    load_a_alone(load_config(folder), target)
    route = {"schema-pattern": "s", "target-schema": "elsewhere"}

    with pytest.raises(CheckpointError) as caught:
        load_dump(load_config(folder, routes=[route]), target)

    assert (caught.value.code, caught.value.file) == (34018, "s.a.sql")
    assert caught.value.message == (
        "routes, filters, masks or csv were changed for 1 data files that have rows in the target already: 's.a.sql'"
    )
    assert "remove_meta" in caught.value.remedy


def test_a_refused_change_changes_nothing(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    load_a_alone(load_config(folder), target)
    before = (
        query(server, "SELECT * FROM dm_meta.dm_loader_load"),
        query(server, "SELECT * FROM dm_meta.dm_loader_file"),
    )

    with pytest.raises(CheckpointError):
        load_dump(load_config(folder, block_allow_list={"ignore-dbs": ["s"]}), target)

    assert before == (
        query(server, "SELECT * FROM dm_meta.dm_loader_load"),
        query(server, "SELECT * FROM dm_meta.dm_loader_file"),
    )


def test_a_filter_may_leave_out_what_is_not_loaded_yet_and_let_it_in_again(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    load_a_alone(load_config(folder), target)
    mend(folder)
    narrow, wide = load_config(folder, block_allow_list=ONLY_A), load_config(folder)

    loader.prepare_checkpoint(run_of(narrow, target))
    assert query(server, "SELECT name FROM dm_meta.dm_loader_file") == [("s.a.sql",)]
    report = load_dump(wide, target)

    assert (report.rows, count(server, "s.b"), report.not_loaded) == (3, 2, {})
    kinds = query(server, "SELECT detail FROM dm_meta.dm_loader_event WHERE kind = 'updated' ORDER BY event_id")
    assert kinds == [("1 data files go elsewhere, or come or go",)] * 2


def test_what_a_row_takes_along_counts_as_where_it_goes(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.a (id int PRIMARY KEY, v varchar(40), shard text)")
    rule = {"schema-pattern": "s", "table-pattern": "a", "target-schema": "s"}
    first = rule | {"extract-table": {"target-column": "shard", "table-regexp": "(a)"}}
    other = rule | {"extract-table": {"target-column": "shard", "table-regexp": "()a"}}
    load_a_alone(load_config(folder, routes=[first]), target)

    with pytest.raises(CheckpointError, match=r"already: 's\.a\.sql'"):
        load_dump(load_config(folder, routes=[other]), target)


def test_rules_that_mean_the_same_are_no_change(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    load_a_alone(load_config(folder), target)
    before = one(server, "SELECT load_id FROM dm_meta.dm_loader_load")

    loader.prepare_checkpoint(run_of(load_config(folder, block_allow_list={"do-dbs": ["*"]}), target))

    assert one(server, "SELECT load_id FROM dm_meta.dm_loader_load") == before
    assert '"do_dbs": ["*"]' in one(server, "SELECT config FROM dm_meta.dm_loader_load")


def test_a_finished_load_is_not_passed_off_as_one_by_other_routes(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "d", Table("a", rows=['(1,"a")']), Table("b", rows=['(1,"b")']), Table("empty"))
    load_dump(load_config(folder, block_allow_list=ONLY_A), target)

    with pytest.raises(CheckpointError, match=r"the load is finished: 's\.b\.sql'"):
        load_dump(load_config(folder), target)
    with pytest.raises(CheckpointError, match="the load is finished"):
        load_dump(load_config(folder, block_allow_list={"ignore-tables": [{"db-name": "s", "tbl-name": "b"}]}), target)
    assert load_dump(load_config(folder, block_allow_list=ONLY_A), target).skipped


def test_a_paused_load_that_gets_more_files_is_compared_again(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "d", Table("a", rows=['(1,"a")', '(1,"b")']), Table("b", rows=['(1,"b")']))
    settings = {"on_duplicate_logical": "manual"}
    with pytest.raises(HasDuplicatesError):
        load_dump(load_config(folder, block_allow_list=ONLY_A, **settings), target)

    report = load_dump(load_config(folder, on_conflict="accept", **settings), target)

    assert (report.rows, report.outcome, report.accepted) == (3, "has_duplicates", True)


def test_an_attempt_by_the_old_plan_can_send_nothing_more(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """A zombie: it has read its plan, and begins a chunk after a person has changed the routes."""
    folder = write_dump(tmp_path / "d", Table("b", rows=['(1,"b")']))
    old, new = load_config(folder), load_config(folder, routes=[TO_X])
    prepare(old, target)
    chunk = Meta(Database.open(target), "dm_meta")
    key = ChunkKey(one(server, "SELECT load_id FROM dm_meta.dm_loader_load"), 0, 0)
    with closing(chunk.db):
        loader.prepare_checkpoint(run_of(new, target, Worker("h", run_id="run-2")))

        with pytest.raises(CheckpointError, match="went on by another plan"):
            claim(chunk, key, "run-1")
    assert load_dump(new, target).rows == 1


def test_a_chunk_that_comes_while_the_plan_is_changed_is_seen(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server has no shared lock, a chunk can be committed between the look and the change."""
    folder = write_dump(tmp_path / "d", Table("b", rows=['(1,"b")']))
    prepare(load_config(folder), target)
    look = updating.check_update

    def look_too_early(*args: Any) -> updating.Update:
        seen = look(*args)
        load_id = one(server, "SELECT load_id FROM dm_meta.dm_loader_load")
        values = f"({load_id}, 0, 0, 99, 'n', 1, 'r')"
        columns = "load_id, file_id, start_offset, end_offset, nonce, connection_id, run_id"
        query(server, f"INSERT INTO dm_meta.dm_loader_chunk ({columns}) VALUES {values}")
        return seen

    monkeypatch.setattr(updating, "check_update", look_too_early)
    with pytest.raises(CheckpointError, match=r"already: 's\.b\.sql'"):
        loader.prepare_checkpoint(run_of(load_config(folder, routes=[TO_X]), target))
    assert query(server, "SELECT table_name FROM dm_meta.dm_loader_file") == [("b",)]


def test_phases_refuse_rules_that_the_load_was_not_prepared_with(target: TargetConfig, folder: Path) -> None:
    loader.prepare_checkpoint(run_of(load_config(folder), target))
    other = load_config(folder, routes=[TO_X])

    phases: tuple[Callable[[LoadRun], object], ...] = (loader.create_tables, loader.verify)
    for phase in phases:
        with pytest.raises(CheckpointError, match="were changed since this load was prepared"):
            phase(run_of(other, target))
    with pytest.raises(CheckpointError, match="were changed since this load was prepared"):
        loader.run_import(run_of(other, target))


# Chunk size and engine


def test_a_load_without_a_committed_chunk_takes_a_new_chunk_size(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "d", numbered("t", 400))
    prepare(load_config(folder, chunk_bytes=1 << 20), target)

    report = load_dump(load_config(folder, chunk_bytes=4096), target)

    assert one(server, "SELECT chunk_bytes FROM dm_meta.dm_loader_load") == 4096
    assert (report.rows, count(server, "dm_meta.dm_loader_chunk") > 2) == (400, True)


def test_a_load_with_a_committed_chunk_keeps_its_chunk_size(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    load_a_alone(load_config(folder), target)

    summary = loader.prepare_checkpoint(run_of(load_config(folder, chunk_bytes=1 << 20), target))

    assert summary["chunk_bytes"] == one(server, "SELECT chunk_bytes FROM dm_meta.dm_loader_load") == 4096


def test_an_engine_that_cuts_no_chunks_does_not_care_for_their_size(target: TargetConfig, folder: Path) -> None:
    config = load_config(folder)
    loader.prepare_checkpoint(run_of(config, target))
    other = config.model_copy(update={"import_mode": ImportMode.PHYSICAL, "chunk_bytes": plain_default("chunk_bytes")})
    inventory = read_inventory(LocalStorage(folder), require_finished=True)

    with closing(Database.open(target)) as db:
        meta = Meta(db, "dm_meta")
        update = check_update(meta, other, inventory, make_plan(inventory, other), loads.get(meta, other))

    assert str(update) == ""


def test_a_begun_load_stays_with_its_engine(target: TargetConfig, folder: Path) -> None:
    config = load_config(folder)
    load_a_alone(config, target)
    other = config.model_copy(update={"import_mode": ImportMode.PHYSICAL, "chunk_bytes": plain_default("chunk_bytes")})
    inventory = read_inventory(LocalStorage(folder), require_finished=True)

    with closing(Database.open(target)) as db:
        meta = Meta(db, "dm_meta")
        stored, plan = loads.get(meta, other), make_plan(inventory, other)
        with pytest.raises(CheckpointError, match="begun with import_mode logical, and can't resume with physical"):
            check_update(meta, other, inventory, plan, stored)
