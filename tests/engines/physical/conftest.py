from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.conftest import emptied
from tests.engines.physical.installed import Installed, install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def tidb_mariadb() -> Iterator[PrivateMariaDB]:
    """A MariaDB that answers as TiDB when it is asked for its version; most tests want ``tidb``."""
    with PrivateMariaDB({"version": "8.0.11-TiDB-v8.5.0", "innodb-buffer-pool-size": "32M"}) as running:
        yield running


@pytest.fixture
def tidb(tidb_mariadb: PrivateMariaDB) -> PrivateMariaDB:
    """The same, empty."""
    return emptied(tidb_mariadb)


@pytest.fixture
def tidb_target(tidb: PrivateMariaDB) -> TargetConfig:
    return TargetConfig(host=tidb.host, port=tidb.port, user=tidb.user, password=tidb.password)


@pytest.fixture
def lightning(tmp_path: Path) -> Installed:
    """The stand-in for tidb-lightning, with its helper, in a folder of its own."""
    return install(tmp_path / "lightning")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits half a minute for a program that ignores SIGTERM."""
    monkeypatch.setattr("airflow_dm_loader.engines.physical.program_run.GRACE_S", 0.5)
