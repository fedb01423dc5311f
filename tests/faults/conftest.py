"""A server of their own for the tests that kill it, a dump for it, and chance that can be had again."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

import pytest

from airflow_dm_loader.plan import load_plan
from dev.private_server import PrivateServer
from tests import servers
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
def references() -> dict[str, FaultDump]:
    """Kind of server -> the dump, and what that server's own client makes of it."""
    return {}


@pytest.fixture
def dump(
    references: dict[str, FaultDump],
    server: PrivateServer,
    server_kind: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> FaultDump:
    """The dump, the server without it, and indexes deferred whatever a table's size."""
    monkeypatch.setattr(load_plan, "LARGE_TABLE_BYTES", 1)
    if server_kind not in references:
        references[server_kind] = write_fault_dump(server, tmp_path_factory.mktemp("faults") / "dump")
    return references[server_kind]


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
