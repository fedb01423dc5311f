"""Fixtures that all tests may ask for.

``server`` is an empty server: this machine's MariaDB, or for tests marked ``servers`` one of each kind after the other
(see ``tests/servers.py``). ``target`` says how to reach it. ``mariadb`` is this machine's, with whatever is in it.
``source`` is a second server. ``etcd`` is an empty etcd. ``airflow_db`` is a fresh Airflow database.
"""

from __future__ import annotations

import base64
import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pymysql
import pytest
from hypothesis import HealthCheck, settings

from dev.guard import Guard
from dev.places import new_folder
from dev.private_etcd import PrivateEtcd
from dev.private_mariadb import PrivateMariaDB
from dev.private_server import PrivateServer
from tests import in_memory, servers
from tests.buckets import S3Server, new_bucket, s3_server
from tests.foreign_server import SYSTEM_SCHEMAS
from tests.servers import AnyServer, Servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_dm_loader.config import TargetConfig

AIRFLOW_TESTS = Path(__file__).parent / "airflow"
LONGEST = Path(__file__).parent / "faults" / "test_airflow.py"
# A warning is an error, but what Airflow's own libraries say to each other is not ours to mend. The last one wins.
OUR_WARNINGS_ONLY = pytest.mark.filterwarnings(
    "ignore",
    "error:::airflow_dm_loader",
    "error:::tests",
    "error::pytest.PytestUnhandledThreadExceptionWarning",
)
NO_SUCH_THREAD = 1094
ServerT = TypeVar("ServerT", bound=AnyServer)
# Fixtures that start a server: what asks for one of them is not among the fast tests.
SERVERS = frozenset({
    "running_servers", "second_mariadb", "primary", "follower", "tidb_mariadb", "small_binlog", "tls_server", "etcd",
    "own_etcd", "contestant", "s3", "azure", "gcs",
})  # fmt: skip

# Airflow reads these when it is first imported, so they stand before any test module is. Children inherit them.
in_memory.name_place()
_airflow_home = new_folder("airflow-home-")
_guard = Guard(_airflow_home)
(_airflow_home / "dags").mkdir()
os.environ.update(
    {
        "AIRFLOW_HOME": str(_airflow_home),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(_airflow_home / "dags"),  # empty: each run of a DAG parses all of it
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_airflow_home / 'airflow.db'}",
    }
)

# How long one example takes, or ten take to be made, tells nothing there.
_SLOWLY: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("shared machine", **_SLOWLY)
settings.load_profile("shared machine")
if "FUZZ" in os.environ:  # how many examples, for tests that do not say how many they need
    settings.register_profile("fuzz", **_SLOWLY, max_examples=int(os.environ["FUZZ"]))
    settings.load_profile("fuzz")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--servers",
        help="run every test that takes a server on these kinds (mariadb,mysql,...), or on 'all'; without it only "
        "tests marked 'servers' run on more than this machine's MariaDB",
    )


def pytest_configure(config: pytest.Config) -> None:
    if servers.FOREIGN and os.environ.get("PYTEST_XDIST_WORKER"):
        raise pytest.UsageError("tests on a server of somebody else's share it: run them without -n")
    if servers.missing() and os.environ.get("CI") == "true":
        raise pytest.UsageError(f"in CI every kind of server must be there: {servers.described()}")


def pytest_report_header() -> str:
    return f"servers: {servers.described()}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server_kind" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("servers")
        if "tidb" in needs(metafunc.definition):
            metafunc.parametrize("server_kind", ["tidb"], indirect=True)
            return
        wanted = metafunc.config.getoption("servers")
        if wanted not in {None, "all"}:
            metafunc.parametrize("server_kind", str(wanted).split(","), indirect=True)
        elif marked or wanted:
            metafunc.parametrize("server_kind", servers.kinds(), indirect=True)


def needs(item: pytest.Item) -> tuple[str, ...]:
    """What a test can't do without, and no bootstrap brings: ``tidb``, ``lightning``, ``dumpling``."""
    marker = item.get_closest_marker("needs")
    return marker.args if marker is not None else ()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if not servers.HAD.issuperset(needs(item))]
    if left_out:  # they are counted as deselected, and pass for nothing
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=lambda item: item.path != LONGEST)  # else one process is still at it when all others have ended
    for item in items:
        if SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("db")
        if item.path.is_relative_to(AIRFLOW_TESTS):
            item.add_marker("airflow")
            item.add_marker(OUR_WARNINGS_ONLY)
        leave_to_its_servers(item)


def leave_to_its_servers(item: pytest.Item) -> None:
    """Skip a test marked ``only_on`` on each other server, with the mark's reason."""
    marker = item.get_closest_marker("only_on")
    kind = item.callspec.params.get("server_kind", servers.DEFAULT) if hasattr(item, "callspec") else servers.DEFAULT
    if marker is not None and servers.flavour(kind) not in marker.args:
        item.add_marker(pytest.mark.skip(reason=f"only on {', '.join(marker.args)}: {marker.kwargs['because']}"))


def pytest_unconfigure() -> None:
    shutil.rmtree(_airflow_home, ignore_errors=True)
    _guard.dismiss()


@pytest.fixture(scope="session")
def running_servers() -> Iterator[Servers]:
    """The run's servers, with whatever earlier tests left in them; most tests want ``server``."""
    with Servers() as running:
        yield running


@pytest.fixture(scope="session")
def mariadb(running_servers: Servers) -> PrivateServer:
    """This machine's MariaDB, with whatever earlier tests left in it; most tests want ``server``."""
    return running_servers.private(servers.DEFAULT)


@pytest.fixture
def server_kind(request: pytest.FixtureRequest) -> str:
    """The name of the kind that ``server`` is of."""
    return str(getattr(request, "param", servers.DEFAULT))


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
def server(running_servers: Servers, server_kind: str) -> AnyServer:
    """A server with no schema, no session and no account but its own."""
    return emptied(running_servers[server_kind])


@pytest.fixture
def source(second_mariadb: PrivateMariaDB) -> PrivateMariaDB:
    """A second server, as empty, for tests that compare two."""
    return emptied(second_mariadb)


_accounts: dict[int, frozenset[tuple[str, str]]] = {}  # port -> what a server of our own had when we first saw it


def emptied(server: ServerT) -> ServerT:
    """The server without schemas and sessions; one of our own without accounts that tests have made, too."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE user = %s AND id <> CONNECTION_ID()", (server.user,)
        )
        for (session,) in cursor.fetchall():
            try:
                cursor.execute(f"KILL {session}")
            except pymysql.OperationalError as error:
                if error.args[0] != NO_SUCH_THREAD:  # it may have ended by itself meanwhile
                    raise
        cursor.execute("SET foreign_key_checks = 0")  # tables may refer to those of another schema
        cursor.execute("SHOW DATABASES")
        for (schema,) in cursor.fetchall():
            if schema.lower() not in SYSTEM_SCHEMAS:
                cursor.execute(f"DROP DATABASE `{schema.replace('`', '``')}`")
        if isinstance(server, PrivateServer):
            cursor.execute("SELECT user, host FROM mysql.user")
            accounts = frozenset((str(user), str(host)) for user, host in cursor.fetchall())
            for user, host in accounts - _accounts.setdefault(server.port, accounts):
                if host:
                    cursor.execute("DROP USER %s@%s", (user, host))
                else:  # of MariaDB's roles
                    cursor.execute("DROP ROLE %s", (user,))
    return server


@pytest.fixture
def target(server: AnyServer) -> TargetConfig:
    """The empty server over TCP, with the account that may do everything."""
    from airflow_dm_loader.config import TargetConfig

    return TargetConfig(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        connect_timeout_s=120,  # a busy machine may keep the server for longer than the usual 10
    )


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
