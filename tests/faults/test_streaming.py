"""kill -9 of a load whose dump is still being made: what came is loaded once, whenever it came."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_server import PrivateServer
from tests.faults.attempts import Attempt
from tests.faults.points import CHUNK_POINTS, STREAM_POINTS
from tests.faults.reference import FaultDump
from tests.faults.tally import rounds, tried
from tests.phases.arriving import ArrivingDump
from tests.tables import query

pytestmark = pytest.mark.servers

FIRST, SECOND, LAST = "s.keyless.sql", "s.keyed.sql", "s.keyed_too.sql"


def test_a_process_killed_at_each_step_loads_each_row_once(
    server: PrivateServer, target: TargetConfig, dump: FaultDump, chance: random.Random, tmp_path: Path
) -> None:
    points: set[str] = set()

    def killed(point: str, nth: int = 1) -> None:
        with Attempt(arriving.config(), target, point=point, nth=nth) as attempt:
            assert attempt.dies(), attempt.result()
        points.add(point)
        tried(f"kill -9 of a load whose dump is being made, {point}")

    arriving = ArrivingDump(dump.folder, tmp_path / "arriving")
    arriving.bring_schemas()
    bad = arriving.folder / LAST
    bad.write_text("INSERT INTO `keyed_too` VALUES\nno row;\n")
    arriving.name(LAST)
    killed("begun, not committed")
    killed("files are taken up, not committed")
    with Attempt(arriving.config(), target) as attempt:
        assert LAST in str(attempt.result())
    arriving.bring(LAST)
    killed("a file that changed is given up, not committed")
    arriving.bring(FIRST)
    killed("files are taken up, not committed")
    killed("between two CREATE TABLE")
    for point in CHUNK_POINTS:
        killed(point, chance.randint(1, 3))
    arriving.bring(SECOND)
    killed("before a file is marked as done")
    arriving.bring_rest()
    killed("sealed, not committed")
    assert points == {*STREAM_POINTS, *CHUNK_POINTS}

    report = load_dump(arriving.config(), target)

    assert (report.outcome, report.rows) == ("clean", dump.rows)
    dump.assert_arrived_once(server)


def test_a_process_killed_at_any_instant_loads_each_row_once(
    server: PrivateServer, target: TargetConfig, dump: FaultDump, chance: random.Random, tmp_path: Path
) -> None:
    for at in range(rounds(1, 10)):
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        arriving = ArrivingDump(dump.folder, tmp_path / f"arriving-{at}")
        arriving.bring_schemas()
        while arriving.waiting:
            with Attempt(arriving.config(), target) as attempt:
                ended = attempt.ends_within(chance.uniform(0.1, 0.9))
            assert not ended, "a dump that is being made has no end"
            tried("kill -9 of a load whose dump is being made, at random")
            if chance.random() < 0.6:
                arriving.bring(arriving.waiting[0])

        report = load_dump(arriving.config(), target)

        assert (report.outcome, report.rows) == ("clean", dump.rows)
        dump.assert_arrived_once(server)


def test_two_processes_that_load_the_same_files_load_each_row_once(
    server: PrivateServer, target: TargetConfig, dump: FaultDump, tmp_path: Path
) -> None:
    arriving = ArrivingDump(dump.folder, tmp_path / "arriving")
    arriving.bring_schemas()
    arriving.bring(FIRST, SECOND)
    with Attempt(arriving.config(), target) as one, Attempt(arriving.config(), target) as other:
        arriving.bring_rest()
        results = [str(one.result()), str(other.result())]
    tried("two loads of a dump that is being made, at once")
    assert any("outcome='clean'" in result for result in results), results
    dump.assert_arrived_once(server)
