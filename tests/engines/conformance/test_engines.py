"""What every engine promises, asked of each: rows are in once, are compared at the end, and the load can go on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import ImportMode, LoadConfig
from airflow_dm_loader.engines.base import Engine
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import (
    CheckpointError,
    ChecksumMismatchError,
    ConfigError,
    LoadInterruptedError,
    TargetError,
)
from airflow_dm_loader.loader import LoadPath, Worker
from airflow_dm_loader.report import Finding, LoadReport
from airflow_dm_loader.state import findings
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.server import Server
from tests.dumps import WORKER, numbered
from tests.engines.conformance.contestants import Contestant
from tests.tables import count, query

TABLES = (numbered("a", 300), numbered("b", 20), numbered("empty", 0))
LATER = Worker("here", run_id="run-2")
ROWS = {"s.a": 300, "s.b": 20, "s.empty": 0}


@pytest.fixture
def config(contestant: Contestant, tmp_path: Path) -> LoadConfig:
    """A load of three tables, one of them empty, by the engine."""
    return contestant.write(tmp_path / "dump", *TABLES)


def load(contestant: Contestant, config: LoadConfig) -> LoadReport:
    return load_dump(config, contestant.target, access=contestant.access, progress_interval_s=0.05)


def prepare(contestant: Contestant, config: LoadConfig) -> None:
    loader.prepare_checkpoint(contestant.run(config))
    loader.create_tables(contestant.run(config))


def import_all(contestant: Contestant, config: LoadConfig, worker: Worker = WORKER) -> int | None:
    """How many rows this run sent; None: the engine does not say."""
    run = contestant.run(config, worker)
    reports = [loader.run_import(run, share) for share in loader.import_shares(run)]
    loader.build_indexes(run)
    return sum(report.rows_sent for report in reports) if all(report.rows_sent_known for report in reports) else None


def rows(contestant: Contestant) -> dict[str, int]:
    return {table: count(contestant.server, table) for table in ROWS}


@pytest.mark.parametrize("mode", list(ImportMode))
def test_each_import_mode_has_its_engine(mode: ImportMode) -> None:
    engine = engine_of(LoadConfig(task_name="t", dump_uri="s3://b/d", import_mode=mode))
    assert Engine in type(engine).__mro__
    assert type(engine).__module__.startswith("airflow_dm_loader.engines.")
    assert engine.what_clears_do.startswith("clearing checksum ")


def test_all_rows_are_in_and_were_compared(contestant: Contestant, config: LoadConfig) -> None:
    report = load(contestant, config)

    assert rows(contestant) == ROWS
    assert (report.status, report.outcome, report.rows) == ("finished", "clean", 320)
    assert (report.rows_sent, report.rows_sent_known) in ((320, True), (0, False))
    assert {table.table: table.rows for table in report.tables} == ROWS
    assert {table.row_count for table in report.tables} == {"passed"}
    assert report.findings == ()


def test_a_load_that_has_finished_sends_nothing(contestant: Contestant, config: LoadConfig) -> None:
    load(contestant, config)
    again = load(contestant, config)

    assert (again.skipped, again.rows, again.rows_sent) == (True, 320, 0)
    assert rows(contestant) == ROWS


def test_shares_are_numbered_and_each_may_be_imported_again(contestant: Contestant, config: LoadConfig) -> None:
    two = contestant.changed(config, **contestant.two_tasks)
    prepare(contestant, two)

    shares = loader.import_shares(contestant.run(two))
    assert shares == list(range(len(shares)))
    assert import_all(contestant, two) in (320, None)
    assert import_all(contestant, two, LATER) == 0
    assert rows(contestant) == ROWS


def test_nothing_is_compared_before_the_import_has_ended(contestant: Contestant, config: LoadConfig) -> None:
    prepare(contestant, config)
    with pytest.raises(CheckpointError, match=r"not loaded yet|has not ended") as caught:
        loader.verify(contestant.run(config))
    assert "Clear run_import" in str(caught.value)


def test_rows_that_are_missing_pause_the_load(contestant: Contestant, config: LoadConfig) -> None:
    prepare(contestant, config)
    import_all(contestant, config)
    query(contestant.server, "DELETE FROM s.b WHERE id = 1")

    outcome = loader.verify(contestant.run(config))

    assert outcome.verdict == "checksum_differs"
    assert [table.table for table in outcome.tables if table.row_count == "differs"] == ["s.b"]
    assert loader.choose_path(contestant.run(config)) is LoadPath.RESOLVE
    with pytest.raises(ChecksumMismatchError, match=r"1 of 3 tables differ from the dump: s\.b") as caught:
        loader.resolve_conflicts(contestant.run(config), by_hand=False)
    assert engine_of(config).what_clears_do in str(caught.value)


def test_a_finding_of_any_phase_stands_in_the_report_and_may_pause_the_load(
    contestant: Contestant, config: LoadConfig
) -> None:
    prepare(contestant, config)
    found = Finding(kind="lost_index", table="s.a", text="the index k is missing", pauses=True)
    with contestant.run(config).open_stored() as (meta, load):
        findings.keep(meta, load.load_id, "create_tables", [found])
        meta.db.commit()
    import_all(contestant, config)

    outcome = loader.verify(contestant.run(config))
    assert (outcome.verdict, outcome.findings) == ("checksum_differs", (found,))
    with pytest.raises(ChecksumMismatchError, match="the index k is missing"):
        loader.resolve_conflicts(contestant.run(config), by_hand=False)
    loader.accept_outcome(contestant.run(config), outcome.outcome_id, "ann")

    report = loader.finish(contestant.run(config))
    assert (report.status, report.accepted, report.findings) == ("finished", True, (found,))
    assert str(found) in report.warnings


def test_an_import_that_is_stopped_goes_on_later(contestant: Contestant, config: LoadConfig) -> None:
    prepare(contestant, config)
    stop = threading.Event()
    stop.set()
    with pytest.raises(LoadInterruptedError):
        loader.run_import(contestant.run(config, stop=stop), 0)

    import_all(contestant, config)
    assert rows(contestant) == ROWS


def test_a_load_that_is_forgotten_begins_afresh(contestant: Contestant, config: LoadConfig) -> None:
    load(contestant, config)
    for table in ROWS:
        query(contestant.server, f"TRUNCATE TABLE {table}")

    afresh = contestant.changed(config, remove_meta=True)
    assert loader.prepare_checkpoint(contestant.run(afresh, LATER))["fresh"]
    loader.create_tables(contestant.run(afresh))
    assert import_all(contestant, afresh, LATER) in (320, None)
    assert rows(contestant) == ROWS
    assert loader.verify(contestant.run(afresh)).verdict == "clean"


def test_indexes_are_there_at_the_end(contestant: Contestant, tmp_path: Path) -> None:
    indexed = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`), KEY `by_v` (`v`)) ENGINE=InnoDB"
    config = contestant.write(tmp_path / "dump", numbered("a", 300, indexed), *TABLES[1:])
    load(contestant, config)

    found = query(contestant.server, "SHOW INDEX FROM s.a WHERE Key_name = 'by_v'")
    assert len(found) == 1


def test_a_server_that_it_can_not_load_into_is_refused_by_name(contestant: Contestant, config: LoadConfig) -> None:
    mariadb = Server(
        flavour=Flavour.MARIADB, version=(10, 11, 6), max_allowed_packet=16 << 20, lower_case_table_names=0
    )
    engine = engine_of(config)
    if not contestant.settings:
        assert engine.check_server(mariadb) == ()
        return
    with pytest.raises(TargetError, match=r"MariaDB 10\.11\.6"):
        engine.check_server(mariadb)


def test_only_an_engine_with_jobs_is_waited_for_elsewhere(contestant: Contestant, config: LoadConfig) -> None:
    prepare(contestant, config)
    run = contestant.run(config)
    if not loader.waits_for_jobs(run):
        with pytest.raises(ConfigError, match="makes no jobs"):
            loader.submit_jobs(run, 0)
        return
    look = loader.submit_jobs(run, 0)
    assert len(look.lines()) == 2  # the empty table needs none
    while look.waiting:
        look = loader.look_at_jobs(run, 0)
    assert (look.failed, loader.settle_jobs(run, 0).rows_sent) == (0, 320)
    assert loader.cancel_jobs(run, 0) == 0
