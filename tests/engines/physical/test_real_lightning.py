"""The real tidb-lightning, with the backend that needs no PD: its log, its progress, its endings, its end by us."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import LoadConfig, TargetConfig
from airflow_dm_loader.engines.physical.executable import find_lightning
from airflow_dm_loader.engines.physical.preparation import prepare_run
from airflow_dm_loader.engines.physical.program_run import LightningRun, Watch
from airflow_dm_loader.engines.physical.status import Progress
from airflow_dm_loader.errors import LoaderError, LoadInterruptedError, RowError, TargetError
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.target.connection import Database
from tests.dumps import WITHOUT_KEY, Table, numbered, write_dump
from tests.servers import PROGRAMS, AnyServer
from tests.tables import one

pytestmark = [pytest.mark.servers, pytest.mark.needs("tidb", "lightning")]
VERSION = "8.5.0"  # taken where a build does not tell its own


def made(config: LoadConfig, target: TargetConfig) -> LightningRun:
    """The run of a load, with Lightning's logical backend in place of the one that writes into TiKV."""
    run = LoadRun.of(config, target)
    program = find_lightning(PROGRAMS["lightning"], VERSION)
    with Database.open(target) as db:
        prepared = prepare_run(run, run.open_dump(), program, db)

    def settings(port: int) -> Mapping[str, Any]:
        found = dict(prepared.settings(port))
        importer = {"backend": "tidb", "on-duplicate": "error"}
        found = {name: value for name, value in found.items() if name not in {"conflict", "post-restore"}}
        return found | {"tikv-importer": importer}

    return replace(prepared, settings=settings)


def watch(
    stop: threading.Event | None = None, on_progress: Callable[[Progress | None], None] = lambda _: None
) -> Watch:
    return Watch(stop or threading.Event(), on_progress, progress_interval_s=0.2, keep_alive=lambda: None)


def config(folder: Path, **settings: Any) -> LoadConfig:
    return LoadConfig(task_name="t", dump_uri=str(folder), import_mode="physical", **settings)


def test_a_dump_is_imported_and_the_log_holds_no_line_of_the_status_page(
    server: AnyServer, target: TargetConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = write_dump(tmp_path / "dump", numbered("a", 3000, WITHOUT_KEY), numbered("b", 10))
    seen: list[Progress | None] = []

    ended = made(config(folder), target).run(watch(on_progress=seen.append))

    assert not ended.differs
    assert (one(server, "SELECT COUNT(*) FROM s.a"), one(server, "SELECT COUNT(*) FROM s.b")) == (3000, 10)
    assert "the whole procedure completed" in caplog.text
    assert "process http request" not in caplog.text
    assert any(seen)


@pytest.mark.parametrize(
    ("table", "kind", "says"),
    [
        (Table("t", rows=["(1,'a')", "(1,'b')"]), RowError, "1062"),
        (Table("t", "(`id` int, `v` int)", rows=["(1,2,3)"]), RowError, "column count mismatch"),
        (Table("t", "(`id` int, `v` geometry)", rows=["(1,NULL)"]), TargetError, "ErrInvalidSchemaStmt"),
    ],
)
def test_what_a_second_run_would_meet_again_ends_the_first(
    table: Table, kind: type[LoaderError], says: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", table)

    with pytest.raises(kind, match=says) as caught:
        made(config(folder), target).run(watch())

    assert caught.value.remedy


def test_a_wrong_password_ends_it_with_its_remedy(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("a", 3))
    run = made(config(folder), target)

    def settings(port: int) -> Mapping[str, Any]:
        found = dict(run.settings(port))
        return found | {"tidb": {**found["tidb"], "password": "wrong"}}

    with pytest.raises(TargetError, match="1045") as caught:
        replace(run, settings=settings).run(watch())

    assert "Check user and password" in (caught.value.remedy or "")


def test_a_setting_of_its_own_is_taken(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("a", 3))
    own = {
        "lightning": {"table-concurrency": 3},
        "mydumper": {"batch-import-ratio": 0.5},
        "cron": {"log-progress": "1m"},
    }

    made(config(folder, lightning=own), target).run(watch())

    assert one(server, "SELECT COUNT(*) FROM s.a") == 3


def test_it_ends_when_it_is_told_to(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("a", 200000, WITHOUT_KEY))
    stop = threading.Event()

    with pytest.raises(LoadInterruptedError, match="its checkpoint stays"):
        made(config(folder), target).run(watch(stop, on_progress=lambda _: stop.set()))
