from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader.config import TargetConfig
from tests.conftest import emptied
from tests.engines.conformance.contestants import Contestant
from tests.tidb_stand_in.fixtures import STANDS_BEFORE_MARIADB, access, stand_in, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dev.private_mariadb import PrivateMariaDB

ENGINES = [
    "logical",
    pytest.param(
        "physical", marks=pytest.mark.only_on("mariadb", because="the stand-in for tidb-lightning loads into a MariaDB")
    ),
    pytest.param("import-into", marks=STANDS_BEFORE_MARIADB),
]


@pytest.fixture(params=ENGINES)
def contestant(request: pytest.FixtureRequest, server_kind: str) -> Iterator[Contestant]:
    """Each engine after the other; asked for by name, so that no test starts the servers of another engine.

    ``server_kind`` is for ``--servers``, which looks for it among the fixtures that a test is known to take.
    """
    with ExitStack() as stack:
        if request.param == "logical":
            server: PrivateMariaDB = request.getfixturevalue("server")
            yield Contestant({}, server, request.getfixturevalue("target"))
        elif request.param == "physical":
            server = emptied(request.getfixturevalue("tidb_mariadb"))
            target = TargetConfig(host=server.host, port=server.port, user=server.user, password=server.password)
            settings = {"import_mode": "physical", "lightning_path": str(request.getfixturevalue("lightning").folder)}
            yield Contestant(settings, server, target, two_tasks={})
        else:
            server, s3 = request.getfixturevalue("server"), request.getfixturevalue("s3")
            tidb = stack.enter_context(stand_in(server, s3))
            settings = {"import_mode": "import-into"}
            yield Contestant(settings, server, target_of(server, tidb), place=s3.upload, access=access(s3))
