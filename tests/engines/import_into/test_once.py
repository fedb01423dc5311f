"""Each table gets its rows once, wherever an attempt dies and whatever the server does with its answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.errors import CheckpointError, ImportJobError, LoadInterruptedError, RetriableError
from airflow_dm_loader.target.connection import Database
from tests.clocks import FAST
from tests.dumps import Table, load_soon, numbered, run_of
from tests.tidb_stand_in.fixtures import (
    STANDS_BEFORE_MARIADB,
    access,
    load_config,
    put_dump,
    rows_of,
    stand_in,
    target_of,
)
from tests.tidb_stand_in.jobs import Refused, Script
from tests.tidb_stand_in.server import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_dm_loader.config import LoadConfig, TargetConfig
    from airflow_dm_loader.engines.base import ShareReport
    from dev.private_mariadb import PrivateMariaDB
    from tests.buckets import S3Server
    from tests.tidb_stand_in.server import TiDBStandIn

pytestmark = STANDS_BEFORE_MARIADB

ROWS = 20


class Crash(BaseException):
    """The process is gone; nothing of ours runs after it."""


@pytest.fixture
def config(s3: S3Server, tmp_path: Path, tidb_target: TargetConfig) -> LoadConfig:
    """A load of one table without a key, ready for its rows: what is put in twice stays twice."""
    create = "(`id` int NOT NULL, `v` varchar(40)) ENGINE=InnoDB"
    found = load_config(put_dump(s3, tmp_path / "d", numbered("a", ROWS, create)))
    loader.prepare_checkpoint(run_of(found, tidb_target, access=access(s3), clock=FAST))
    loader.create_tables(run_of(found, tidb_target, access=access(s3), clock=FAST))
    return found


@pytest.fixture
def run(config: LoadConfig, tidb_target: TargetConfig, s3: S3Server) -> Callable[..., ShareReport]:
    """One attempt at the import."""

    def attempt(stop: threading.Event | None = None) -> ShareReport:
        stop = stop or threading.Event()
        return loader.run_import(
            run_of(config, tidb_target, access=access(s3), clock=FAST, stop=stop, progress_interval_s=0.01)
        )

    return attempt


def reset(server: PrivateMariaDB, tidb: TiDBStandIn) -> None:
    """As before the first attempt; the server keeps the jobs that were, as a real one does."""
    for sql in (
        "TRUNCATE TABLE s.a",
        "DELETE FROM dm_meta.dm_loader_import_job",
        "DELETE FROM dm_meta.dm_loader_chunk",
        "UPDATE dm_meta.dm_loader_file SET done = 0",
    ):
        rows_of(server, sql)
    tidb.statements.clear()


def state(server: PrivateMariaDB) -> tuple[Any, ...]:
    """Rows in the table, files that are done, rows that are accounted for, the job's state."""
    return rows_of(
        server,
        "SELECT (SELECT COUNT(*) FROM s.a), (SELECT SUM(done) FROM dm_meta.dm_loader_file), "
        "(SELECT SUM(row_count) FROM dm_meta.dm_loader_chunk), (SELECT state FROM dm_meta.dm_loader_import_job)",
    )[0]


COMPLETE = (ROWS, 1, ROWS, "finished")


class CrashPoint:
    """Lets an attempt die once so many words to the server were carried out, before it says the next one."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.at, self.count, self.dead = -1, 0, False
        for name in ("execute", "query", "named", "commit", "rollback"):
            patch.setattr(Database, name, self._wrapped(getattr(Database, name)))

    def arm(self, at: int) -> None:
        self.at, self.count, self.dead = at, 0, False

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.dead:
                raise Crash
            self.dead = self.count == self.at
            if self.dead:
                raise Crash
            self.count += 1
            return real(*args, **kwargs)

        return call


@pytest.mark.parametrize("has_groups", [True, False], ids=["group keys", "an older server"])
def test_an_attempt_may_die_after_any_word_to_the_server(
    has_groups: bool,
    config: LoadConfig,
    run: Callable[..., ShareReport],
    server: PrivateMariaDB,
    tidb: TiDBStandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tidb.jobs.has_groups = has_groups
    point = CrashPoint(monkeypatch)
    died = 0
    for at in range(200):
        reset(server, tidb)
        before = len(tidb.jobs.all)
        point.arm(at)
        try:
            run()
        except Crash:
            died += 1
        else:
            break
        point.arm(-1)
        run()
        assert state(server) == COMPLETE, f"died after {at} words"
        assert len(tidb.jobs.all) == before + 1, f"died after {at} words: {tidb.statements}"
    assert state(server) == COMPLETE
    assert died > 25


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("has_groups", [True, False], ids=["group keys", "an older server"])
def test_a_connection_that_is_lost_at_the_submit_makes_one_job(
    moment: str, has_groups: bool, run: Callable[..., ShareReport], server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    tidb.jobs.has_groups = has_groups
    lost: list[str] = []

    def drop(when: str, sql: str) -> None:
        if when == moment and sql.startswith("IMPORT INTO") and not lost:
            lost.append(sql)
            raise Dropped

    tidb.on_statement = drop
    assert run().rows_sent == ROWS
    assert (len(lost), len(tidb.jobs.all), state(server)) == (1, 1, COMPLETE)


def test_a_submit_that_comes_through_only_after_we_looked_for_it_is_adopted(
    run: Callable[..., ShareReport], server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    """The first statement is still at the server when its connection is lost; its job appears before our second."""
    held: list[str] = []

    def hold(when: str, sql: str) -> None:
        if when != "before" or not sql.startswith("IMPORT INTO"):
            return
        if not held:
            held.append(sql)
            raise Dropped
        if len(held) == 1:
            held.append(sql)
            tidb.jobs.submit(held[0], {"sql_mode": "", "time_zone": "+00:00"})

    tidb.on_statement = hold
    assert run().rows_sent == ROWS
    assert (len(held), len(tidb.jobs.all), state(server)) == (2, 1, COMPLETE)


def test_a_server_that_restarts_while_jobs_are_at_work_is_waited_for(
    run: Callable[..., ShareReport], server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    tidb.jobs.scripts["a"] = Script(steps=6)
    looks: list[str] = []

    def restart(when: str, sql: str) -> None:
        if when == "before" and sql.startswith("SHOW IMPORT") and tidb.jobs.all:
            looks.append(sql)
            if len(looks) in {2, 3}:
                tidb.restart()

    tidb.on_statement = restart
    assert run().rows_sent == ROWS
    assert (len(tidb.jobs.all), state(server)) == (1, COMPLETE)


def test_a_load_that_is_stopped_cancels_its_jobs_and_the_next_attempt_makes_new_ones(
    run: Callable[..., ShareReport], server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    stop = threading.Event()
    tidb.jobs.scripts["a"] = Script(steps=1000)

    def stop_at_work(_when: str, _sql: str) -> None:
        if any(job.status == "running" for job in tidb.jobs.all):
            stop.set()

    tidb.on_statement = stop_at_work
    with pytest.raises(LoadInterruptedError, match="1 jobs of IMPORT INTO were cancelled"):
        run(stop)
    assert [job.status for job in tidb.jobs.all] == ["cancelled"]
    tidb.on_statement = lambda _when, _sql: None
    assert run().rows_sent == ROWS
    assert ([job.status for job in tidb.jobs.all], state(server)) == (["cancelled", "finished"], COMPLETE)


def test_a_job_that_finished_before_the_cancel_came_counts(
    run: Callable[..., ShareReport],
    config: LoadConfig,
    tidb_target: TargetConfig,
    s3: S3Server,
    server: PrivateMariaDB,
    tidb: TiDBStandIn,
) -> None:
    loader.submit_jobs(run_of(config, tidb_target, access=access(s3), clock=FAST), 0)
    while tidb.jobs.all[0].ended is None:
        loader.look_at_jobs(run_of(config, tidb_target), 0)
    assert loader.cancel_jobs(run_of(config, tidb_target), 0) == 1
    assert run().rows_sent == ROWS
    assert (len(tidb.jobs.all), state(server)) == (1, COMPLETE)


def test_what_failed_while_nobody_watched_is_told_before_anything_is_made_anew(
    run: Callable[..., ShareReport],
    config: LoadConfig,
    tidb_target: TargetConfig,
    s3: S3Server,
    server: PrivateMariaDB,
    tidb: TiDBStandIn,
) -> None:
    tidb.jobs.scripts["a"] = Script(fails="disk full", steps=3)
    assert loader.submit_jobs(run_of(config, tidb_target, access=access(s3), clock=FAST), 0).waiting == 1
    tidb.jobs.show(tidb.jobs.all)
    tidb.jobs.show(tidb.jobs.all)
    with pytest.raises(ImportJobError, match="job 1 of IMPORT INTO failed: disk full"):
        run()
    assert run().rows_sent == ROWS
    assert (len(tidb.jobs.all), state(server)) == (2, COMPLETE)


def test_jobs_that_have_not_ended_are_never_settled(
    config: LoadConfig, tidb_target: TargetConfig, s3: S3Server, tidb: TiDBStandIn
) -> None:
    tidb.jobs.scripts["a"] = Script(steps=100)
    loader.submit_jobs(run_of(config, tidb_target, access=access(s3), clock=FAST), 0)
    with pytest.raises(RetriableError, match="0 of 1 tables of this task are imported"):
        loader.settle_jobs(run_of(config, tidb_target), 0)


def test_a_job_that_the_server_forgot_is_not_made_again_by_guess(
    config: LoadConfig, tidb_target: TargetConfig, s3: S3Server, run: Callable[..., ShareReport], tidb: TiDBStandIn
) -> None:
    tidb.jobs.scripts["a"] = Script(steps=100)
    loader.submit_jobs(run_of(config, tidb_target, access=access(s3), clock=FAST), 0)
    tidb.jobs.all.clear()
    with pytest.raises(CheckpointError, match="does not know job 1 any more"):
        run()
    assert tidb.jobs.all == []


def test_a_job_of_somebody_else_on_the_table_is_neither_adopted_nor_doubled(
    run: Callable[..., ShareReport], s3: S3Server, server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    s3.put("dump/other.sql", b"INSERT INTO `a` VALUES (1,'theirs');\n")
    keys = "&".join(f"{name}={value}" for name, value in tidb.jobs.keys.items()).replace("+", "%2B")
    theirs = f"IMPORT INTO `s`.`a` FROM 's3://{s3.bucket}/dump/other.sql?{keys}' FORMAT 'sql' WITH DETACHED"
    tidb.jobs.scripts["a"] = Script(steps=1000)

    def between(when: str, sql: str) -> None:
        if when == "before" and sql.startswith("IMPORT INTO") and not tidb.jobs.all:
            tidb.jobs.submit(theirs, {"sql_mode": "", "time_zone": "+00:00"})

    tidb.on_statement = between
    with pytest.raises(Exception, match="there is active job on the target table already"):
        run()
    assert [job.uri.split("?")[0].rsplit("/", 1)[1] for job in tidb.jobs.all] == ["other.sql"]
    assert state(server)[3] == "pending"


def test_a_refusal_leaves_nothing_that_a_later_attempt_would_stumble_over(
    run: Callable[..., ShareReport], server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    refused: list[str] = []

    def refuse(when: str, sql: str) -> None:
        if when == "before" and sql.startswith("IMPORT INTO") and not refused:
            refused.append(sql)
            raise Refused(8173, "PreCheck failed: found CDC changefeed(s): cluster/namespace default changefeed x")

    tidb.on_statement = refuse
    with pytest.raises(Exception, match="found CDC changefeed") as caught:
        run()
    assert "Changefeeds and log backup must be paused" in str(caught.value)
    assert run().rows_sent == ROWS
    assert (len(tidb.jobs.all), state(server)) == (1, COMPLETE)


def test_files_that_the_logical_engine_began_are_not_imported_over(
    run: Callable[..., ShareReport], server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    rows_of(
        server,
        "INSERT INTO dm_meta.dm_loader_chunk (load_id, file_id, start_offset, end_offset, nonce, connection_id, "
        "run_id) SELECT load_id, 0, 0, 10, 'x', 1, 'r' FROM dm_meta.dm_loader_load",
    )
    with pytest.raises(CheckpointError, match="begun in another import_mode"):
        run()
    assert tidb.jobs.all == []


def test_a_table_of_empty_files_gets_no_job_and_counts_as_loaded(
    s3: S3Server, tmp_path: Path, server: PrivateMariaDB
) -> None:
    uri = put_dump(s3, tmp_path / "e", Table("empty"), numbered("a", ROWS))
    s3.put("dump/s.empty.sql", b"")
    with stand_in(server, s3) as tidb:
        report = load_soon(load_config(uri), target_of(server, tidb), access=access(s3), progress_interval_s=0.01)
    assert [(table.table, table.rows, table.import_job) for table in report.tables] == [
        ("s.a", ROWS, 1),
        ("s.empty", 0, None),
    ]
    assert rows_of(server, "SELECT MIN(done), COUNT(*) FROM dm_meta.dm_loader_file") == [(1, 2)]
