"""Fixtures that all tests may ask for.

``mariadb`` is one private server for the whole run, started when the first test needs it; ``server`` is the
same with nothing in it, and ``target`` says how to reach that. ``source`` is a second server. ``etcd`` is an empty
etcd. ``airflow_db`` is a fresh Airflow database.
"""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pytest
from hypothesis import settings

from dev.private_etcd import PrivateEtcd
from dev.private_mariadb import PrivateMariaDB
from tests.buckets import S3Server, new_bucket, s3_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_dm_loader.config import TargetConfig

AIRFLOW_TESTS = Path(__file__).parent / "airflow"
# A warning is an error, but what Airflow's own libraries say to each other is not ours to mend. The last one wins.
OUR_WARNINGS_ONLY = pytest.mark.filterwarnings(
    "ignore",
    "error:::airflow_dm_loader",
    "error:::tests",
    "error::pytest.PytestUnhandledThreadExceptionWarning",
)
NO_SUCH_THREAD = 1094
# Fixtures that start a server: what asks for one of them is not among the fast tests.
SERVERS = frozenset({
    "mariadb", "second_mariadb", "tidb_mariadb", "small_binlog", "tls_server", "etcd", "own_etcd", "s3", "azure", "gcs",
})  # fmt: skip
SYSTEM_SCHEMAS = frozenset({"information_schema", "mysql", "performance_schema", "sys"})

# Airflow reads these when it is first imported, so they stand before any test module is. Children inherit them.
_airflow_home = Path(tempfile.mkdtemp(prefix="airflow-home-"))
os.environ.update(
    {
        "AIRFLOW_HOME": str(_airflow_home),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parents[1] / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_airflow_home / 'airflow.db'}",
    }
)

settings.register_profile("shared machine", deadline=None)  # how long one example takes tells nothing there
settings.load_profile("shared machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("db")
        if item.path.is_relative_to(AIRFLOW_TESTS):
            item.add_marker("airflow")
            item.add_marker(OUR_WARNINGS_ONLY)


def pytest_unconfigure() -> None:
    shutil.rmtree(_airflow_home, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[PrivateMariaDB]:
    """The run's server, with whatever earlier tests left in it; most tests want ``server``."""
    with PrivateMariaDB() as running:
        yield running


@pytest.fixture(scope="session")
def second_mariadb() -> Iterator[PrivateMariaDB]:
    """Another server, whose tables are in latin1 and compact unless they say otherwise; most tests want ``source``."""
    options = {
        "character-set-server": "latin1",
        "collation-server": "latin1_swedish_ci",
        "innodb-default-row-format": "compact",
        "innodb-buffer-pool-size": "32M",
    }
    with PrivateMariaDB(options) as running:
        yield running


@pytest.fixture
def server(mariadb: PrivateMariaDB) -> PrivateMariaDB:
    """The run's server with no schema, no session and no account but its own."""
    return emptied(mariadb)


@pytest.fixture
def source(second_mariadb: PrivateMariaDB) -> PrivateMariaDB:
    """A second server, as empty, for tests that compare two."""
    return emptied(second_mariadb)


def emptied(mariadb: PrivateMariaDB) -> PrivateMariaDB:
    with closing(mariadb.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = %s", (mariadb.user,))
        for (session,) in cursor.fetchall():
            try:
                cursor.execute(f"KILL {session}")
            except pymysql.OperationalError as error:
                if error.args[0] != NO_SUCH_THREAD:  # it may have ended by itself meanwhile
                    raise
        cursor.execute("SHOW DATABASES")
        for (schema,) in cursor.fetchall():
            if schema not in SYSTEM_SCHEMAS:
                cursor.execute(f"DROP DATABASE `{schema.replace('`', '``')}`")
    return mariadb


@pytest.fixture
def target(server: PrivateMariaDB) -> TargetConfig:
    """The empty server over TCP, with the account that may do everything."""
    from airflow_dm_loader.config import TargetConfig

    return TargetConfig(host=server.host, port=server.port, user=server.user, password=server.password)


@pytest.fixture(scope="session")
def running_etcd() -> Iterator[PrivateEtcd]:
    """The run's etcd, with whatever earlier tests left in it; most tests want ``etcd``."""
    with PrivateEtcd() as running:
        yield running


@pytest.fixture
def etcd(running_etcd: PrivateEtcd) -> PrivateEtcd:
    """The run's etcd with nothing in it."""
    everything = base64.b64encode(b"\0").decode()
    running_etcd.call("kv/deleterange", key=everything, range_end=everything)
    return running_etcd


@pytest.fixture(scope="session")
def airflow_db() -> None:
    """Airflow's own tables in this run's SQLite file."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture(scope="session")
def s3_running() -> Iterator[S3Server]:
    """The run's S3 server; most tests want ``s3``."""
    with s3_server() as running:
        yield running


@pytest.fixture
def s3(s3_running: S3Server) -> S3Server:
    """The run's S3 server with an empty bucket."""
    return new_bucket(s3_running)
