"""What tests of engines load into where no real server will do: see also ``tests/tidb_stand_in``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dev.private_mariadb import PrivateMariaDB
from tests.engines.physical.installed import Installed, install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def tidb_mariadb() -> Iterator[PrivateMariaDB]:
    """A MariaDB that answers as TiDB when it is asked for its version; whoever wants it empties it."""
    with PrivateMariaDB({"version": "8.0.11-TiDB-v8.5.0", "innodb-buffer-pool-size": "32M"}) as running:
        yield running


@pytest.fixture
def lightning(tmp_path: Path) -> Installed:
    """The stand-in for tidb-lightning, with its helper, in a folder of its own."""
    return install(tmp_path / "lightning")
