"""The loading process, the server and its sessions killed at random instants."""

from __future__ import annotations

import random
import time
from contextlib import closing, suppress

import pymysql
import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import load_config, prepare
from tests.faults.attempts import Attempt
from tests.faults.importing import complete, importing, sessions, wait_for_chunks, wait_for_statement
from tests.faults.random_kills import killed_at_random
from tests.faults.reference import FaultDump
from tests.faults.tally import rounds, tried
from tests.tables import chunks, query
from tests.waiting import PATIENCE_S

PATHS = pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])


@PATHS
@pytest.mark.timeout(600)
def test_a_process_killed_again_and_again_loads_each_row_once(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    config = load_config(dump.folder, load_data=load_data)
    killed = "kill -9 of the loader at a random instant"
    for _ in killed_at_random(config, target, server, chance, kills=rounds(4, 50), longest_s=0.6, what=killed):
        report = load_dump(config, target)
        dump.assert_arrived_once(server)
        assert (report.outcome, report.rows) == ("clean", dump.rows)


@PATHS
@pytest.mark.timeout(600)
def test_an_import_goes_on_by_itself_when_the_server_is_killed_and_comes_back(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    for _ in range(rounds(1, 8)):
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        config = load_config(dump.folder, load_data=load_data)
        prepare(config, target)
        goal = 0
        with importing(config, target) as running:
            for _ in range(2):
                goal += chance.randint(1, 28)
                if not wait_for_chunks(server, goal, running):
                    break
                time.sleep(chance.uniform(0, 0.02))
                server.kill9()
                tried("kill -9 of MariaDB while rows are sent")
                time.sleep(chance.uniform(0, 1.5))
                server.start()
            running.result(PATIENCE_S)

        complete(config, target)
        dump.assert_arrived_once(server)


def test_an_import_goes_on_when_the_server_is_killed_in_an_index_build(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump
) -> None:
    """The build waits for a session that reads the table; the kill frees it."""
    config = load_config(dump.folder)
    prepare(config, target)
    with closing(server.connect(autocommit=False)) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM s.keyed")
        with importing(config, target) as running:
            wait_for_statement(server, "ALTER TABLE `s`.`keyed` ")
            server.kill9()
            tried("kill -9 of MariaDB in an index build")
            server.start()
            running.result(PATIENCE_S)

    complete(config, target)
    dump.assert_arrived_once(server)


@PATHS
def test_sessions_that_are_killed_are_replaced(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    for _ in range(rounds(1, 8)):
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        config = load_config(dump.folder, load_data=load_data, pool_size=3)
        prepare(config, target)
        with importing(config, target) as running:
            for _ in range(4):
                if not wait_for_chunks(server, chunks(server) + chance.randint(1, 12), running):
                    break
                _kill_one(server, chance)
            running.result(PATIENCE_S)

        complete(config, target)
        dump.assert_arrived_once(server)


def test_phases_go_on_after_a_kill_of_the_server_wherever_it_was(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    """The whole load as Airflow runs it: a task that fails with what a retry can mend is run again."""
    for _ in range(rounds(1, 6)):
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        config = load_config(dump.folder)
        with Attempt(config, target) as attempt:
            time.sleep(chance.uniform(0.05, 0.6))
            server.kill9()
            tried("kill -9 of MariaDB in any phase")
            server.start()
            answer = attempt.result()
        if isinstance(answer, str):
            assert answer.startswith("ConnectionLostError"), answer
            load_dump(config, target)
        dump.assert_arrived_once(server)


def _kill_one(server: PrivateMariaDB, chance: random.Random) -> None:
    there = sessions(server)
    if there:
        kind = chance.choice(["CONNECTION", "QUERY"])
        number = chance.choice(there)[0]
        with suppress(pymysql.OperationalError):  # it ended by itself
            query(server, f"KILL {kind} {number}")
            tried(f"KILL {kind} of a session")
