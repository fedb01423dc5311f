"""Two attempts at one load: at once for the whole load, and one that was taken for dead and wakes up."""

from __future__ import annotations

import random
import shutil
import signal
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import OnConflict, TargetConfig
from airflow_dm_loader.report import LoadReport
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.faults.attempts import Attempt, short_timeouts
from tests.faults.reference import FaultDump
from tests.faults.tally import rounds, tried
from tests.tables import chunks, one, query

OUTCOMES = "SELECT outcome_id, sequence, verdict FROM dm_meta.dm_loader_outcome ORDER BY sequence"


def test_two_attempts_at_once_load_each_row_once(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    for at in range(rounds(2, 8)):
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        config = load_config(dump.folder, load_data=bool(at % 2))
        with Attempt(config, target) as first:
            first.ends_within(chance.choice([0, chance.uniform(0, 0.3)]))
            with Attempt(config, target) as second:
                reports = first.result(), second.result()
        tried("two attempts at once for the whole load")

        assert all(isinstance(report, LoadReport) and report.status == "finished" for report in reports), reports
        assert sum(report.rows_sent for report in reports if isinstance(report, LoadReport)) == dump.rows
        dump.assert_arrived_once(server)


def test_one_of_two_attempts_at_once_is_killed(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    for at in range(rounds(1, 10)):
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        config = load_config(dump.folder, load_data=bool(at % 2))
        with Attempt(config, target) as first, Attempt(config, target) as second:
            first.ends_within(chance.uniform(0.1, 0.6))
            first.kill9()
            tried("kill -9 of one of two attempts at once")
            report = second.result()

        assert isinstance(report, LoadReport), report
        assert (report.outcome, report.rows) == ("clean", dump.rows)
        dump.assert_arrived_once(server)


@pytest.mark.parametrize(
    ("point", "load_data", "cleaned"),
    [
        ("in mid stream", True, False),
        ("in mid stream", False, False),
        ("after the rows", True, True),
        ("before COMMIT", False, False),
        ("indexes built, not written down", True, False),
        ("in the checksum", True, False),
        ("outcome stored, not committed", True, False),
    ],
)
def test_a_frozen_attempt_that_wakes_up_after_another_has_finished_commits_nothing(
    point: str,
    load_data: bool,
    cleaned: bool,
    server: PrivateMariaDB,
    target: TargetConfig,
    dump: FaultDump,
    tmp_path: Path,
) -> None:
    folder = Path(shutil.copytree(dump.folder, tmp_path / "dump"))
    config = load_config(folder, load_data=load_data, session=short_timeouts(server), clean_dump_files=cleaned)
    nth = 8 if point in {"in mid stream", "after the rows", "before COMMIT"} else 1
    with Attempt(config, target, point=point, nth=nth, signal_number=signal.SIGSTOP) as zombie:
        zombie.wait_until_frozen()
        report = load_dump(config, target)
        assert (report.outcome, report.rows) == ("clean", dump.rows)
        dump.assert_arrived_once(server)
        before, compared = chunks(server), query(server, OUTCOMES)

        zombie.thaw()
        said = zombie.result()
        tried(f"loader frozen {point}, and thawed after another had finished")

    if isinstance(said, LoadReport):
        assert (said.outcome, said.status) == ("clean", "finished")
    else:
        assert cleaned, said
        assert said.startswith(("DumpNotFoundError", "DumpMetadataError"))
    assert chunks(server) == before
    assert query(server, OUTCOMES) == compared
    assert one(server, "SELECT status FROM dm_meta.dm_loader_load") == "finished"
    dump.assert_arrived_once(server)


def test_an_attempt_frozen_at_a_random_instant_does_no_harm(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    frozen = 0
    while frozen < rounds(1, 10):
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        config = load_config(dump.folder, load_data=bool(frozen % 2), session=short_timeouts(server))
        with Attempt(config, target) as zombie:
            while chunks(server) < 3 and not zombie.ends_within(0.01):
                pass
            if zombie.ends_within(chance.uniform(0, 0.2)) or not zombie.freeze():
                continue
            load_dump(config, target)
            zombie.thaw()
            said = zombie.result()
            frozen += 1
            tried("loader frozen at a random instant, and thawed after another had finished")

        assert isinstance(said, LoadReport), said
        assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_outcome") == 1
        assert one(server, "SELECT status FROM dm_meta.dm_loader_load") == "finished"
        dump.assert_arrived_once(server)


@pytest.mark.parametrize("point", ["after the rows", "in the checksum", "outcome stored, not committed"])
def test_a_frozen_attempt_that_wakes_up_does_not_take_back_what_was_accepted_meanwhile(
    point: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [f'({at % 90},"row {at}")' for at in range(100)]
    folder = write_dump(tmp_path / "dump", Table("t", rows=rows))
    config = load_config(folder, on_duplicate_logical="manual", session=short_timeouts(server))
    with Attempt(config, target, point=point, signal_number=signal.SIGSTOP) as zombie:
        zombie.wait_until_frozen()
        report = load_dump(config.model_copy(update={"on_conflict": OnConflict.ACCEPT}), target)
        assert (report.outcome, report.accepted, report.status) == ("has_duplicates", True, "finished")
        compared = query(server, OUTCOMES)

        zombie.thaw()
        said = zombie.result()
        tried(f"loader frozen {point}, and thawed after what it had found was accepted")

    assert isinstance(said, LoadReport), said
    assert (said.outcome_id, said.accepted, said.status) == (report.outcome_id, True, "finished")
    assert query(server, OUTCOMES) == compared
    assert one(server, "SELECT status FROM dm_meta.dm_loader_load") == "finished"
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_conflict") == 10
