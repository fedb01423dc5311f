from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tidb_stand_in.fixtures import stand_in, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_dm_loader.config import TargetConfig
    from dev.private_mariadb import PrivateMariaDB
    from tests.buckets import S3Server
    from tests.tidb_stand_in.server import TiDBStandIn


@pytest.fixture
def tidb(server: PrivateMariaDB, s3: S3Server) -> Iterator[TiDBStandIn]:
    with stand_in(server, s3) as running:
        yield running


@pytest.fixture
def tidb_target(server: PrivateMariaDB, tidb: TiDBStandIn) -> TargetConfig:
    return target_of(server, tidb)
