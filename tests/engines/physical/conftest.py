from __future__ import annotations

import pytest

from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.conftest import emptied


@pytest.fixture
def tidb(tidb_mariadb: PrivateMariaDB) -> PrivateMariaDB:
    """The same, empty."""
    return emptied(tidb_mariadb)


@pytest.fixture
def tidb_target(tidb: PrivateMariaDB) -> TargetConfig:
    return TargetConfig(host=tidb.host, port=tidb.port, user=tidb.user, password=tidb.password)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits half a minute for a program that ignores SIGTERM."""
    monkeypatch.setattr("airflow_dm_loader.engines.physical.program_run.GRACE_S", 0.5)
