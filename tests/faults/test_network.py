"""A network between the loader and the server that cuts, stalls, and loses the answer to COMMIT."""

from __future__ import annotations

import random
import threading

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import RetriableError
from airflow_dm_loader.report import LoadReport
from dev.private_mariadb import PrivateMariaDB
from tests.clocks import FAST
from tests.dumps import load_config, load_soon, prepare, run_of
from tests.faults.importing import complete
from tests.faults.network import network
from tests.faults.proxy import Fault
from tests.faults.reference import FaultDump
from tests.faults.tally import rounds
from tests.tables import query

PATHS = pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])


@PATHS
def test_connections_cut_at_random_bytes_lose_and_double_nothing(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    for _ in range(rounds(1, 4)):
        _forget(server)
        config = load_config(dump.folder, load_data=load_data)
        prepare(config, target)

        def fault_of(number: int) -> Fault | None:
            whole = number == 0 or number > 10  # the first looks around before rows are sent
            return None if whole else Fault(cut_after_bytes=chance.randint(1, 12000))

        with network(target, fault_of) as (behind, happened):
            loader.run_import(run_of(config, behind, clock=FAST))

        assert len(happened) >= 5
        complete(config, target)
        dump.assert_arrived_once(server)


@PATHS
def test_answers_to_commit_that_are_lost_lose_and_double_nothing(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    for _ in range(rounds(1, 4)):
        _forget(server)
        config = load_config(dump.folder, load_data=load_data)
        prepare(config, target)

        def fault_of(number: int) -> Fault | None:
            return None if number == 0 or number > 8 else Fault(drop_answer_to_commit=chance.randint(1, 4))

        with network(target, fault_of) as (behind, happened):
            report = loader.run_import(run_of(config, behind, clock=FAST))

        assert happened == ["answer to COMMIT dropped"] * len(happened)
        assert report.chunks_skipped >= 4  # sent again, and found to be in
        complete(config, target)
        dump.assert_arrived_once(server)


@PATHS
def test_a_connection_that_stalls_for_longer_than_the_server_waits_is_replaced(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, dump: FaultDump
) -> None:
    config = load_config(dump.folder, load_data=load_data)
    prepare(config, target)
    # The import's sessions alone: what runs once has no other try when a busy machine lets it idle for so long.
    impatient = config.changed(session={"net_read_timeout": 1, "wait_timeout": 1})

    stalls = threading.Semaphore(2)

    def fault_of(number: int) -> Fault | None:
        return Fault(stall_after_bytes=6000, stall_s=3, stalls=stalls)  # only those that send rows say so much

    with network(target, fault_of) as (behind, happened):
        loader.run_import(run_of(impatient, behind, clock=FAST))

    assert happened == ["connection stalled"] * 2
    complete(config, target)
    dump.assert_arrived_once(server)


def test_a_whole_load_over_a_bad_network_ends_well(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    """All phases meet it; one that fails with what a retry can mend is run again, as Airflow does."""
    for _ in range(rounds(1, 5)):
        _forget(server)

        def fault_of(number: int) -> Fault | None:
            if number > 25 or chance.random() < 0.4:
                return None
            if chance.random() < 0.5:
                return Fault(drop_answer_to_commit=chance.randint(1, 3))
            return Fault(cut_after_bytes=int(chance.expovariate(1 / 4000)))

        with network(target, fault_of) as (behind, _):
            _load_until_done(load_config(dump.folder), behind)

        dump.assert_arrived_once(server)


def _load_until_done(config: LoadConfig, target: TargetConfig) -> LoadReport:
    for _ in range(40):
        try:
            return load_soon(config, target)
        except RetriableError:
            pass
    raise AssertionError("forty attempts did not do it")


def _forget(server: PrivateMariaDB) -> None:
    query(server, "DROP DATABASE IF EXISTS s")
    query(server, "DROP DATABASE IF EXISTS dm_meta")
