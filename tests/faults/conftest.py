"""A server of their own for the tests that kill it, a dump for it, and chance that can be had again."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

import pytest

from airflow_dm_loader.plan import load_plan
from dev.private_server import PrivateServer
from tests import servers
from tests.conftest import emptied
from tests.faults import tally
from tests.faults.reference import FaultDump, write_fault_dump
from tests.servers import Servers


@pytest.fixture(scope="package")
def running_servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


@pytest.fixture(scope="package")
def mariadb(running_servers: Servers) -> PrivateServer:
    return running_servers.private(servers.DEFAULT)


@pytest.fixture(scope="package")
def reference(mariadb: PrivateServer, tmp_path_factory: pytest.TempPathFactory) -> FaultDump:
    # Which file of these tests comes first on a server is for the test runner to say; what it left must go.
    return write_fault_dump(emptied(mariadb), tmp_path_factory.mktemp("faults") / "dump")


@pytest.fixture
def dump(reference: FaultDump, server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> FaultDump:
    """The dump, the server without it, and indexes deferred whatever a table's size."""
    monkeypatch.setattr(load_plan, "LARGE_TABLE_BYTES", 1)
    return reference


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The test's own random numbers, the same again under FAULTS_SEED."""
    sys.stdout.write(f"FAULTS_SEED={tally.SEED}\n")  # pytest shows it where the test fails
    return random.Random(f"{tally.SEED} {request.node.name}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if lines := list(tally.table()):
        terminalreporter.section(f"what was made to happen (FAULTS_SEED={tally.SEED})")
        for line in lines:
            terminalreporter.write_line(line)
