"""A server that is up but refuses for a while: locks, a failover, a full disk, a restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pymysql
import pytest

from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from dev.private_server import PrivateServer
from tests.dumps import load_config, prepare
from tests.faults import global_variable, hold_chunks_after
from tests.faults.importing import complete, importing, wait_for_chunks, wait_for_lock, wait_for_log, wait_for_statement
from tests.faults.reference import FaultDump
from tests.faults.tally import tried
from tests.tables import chunks, is_like_the_source, query
from tests.waiting import PATIENCE_S

PATHS = pytest.mark.parametrize(
    ("load_data", "verb"), [(True, "LOAD DATA"), (False, "INSERT INTO `s`")], ids=["load data", "statements"]
)


@PATHS
def test_a_lock_that_is_held_for_longer_than_we_wait_is_waited_for_again(
    load_data: bool,
    verb: str,
    server: PrivateMariaDB,
    target: TargetConfig,
    dump: FaultDump,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = load_config(dump.folder, load_data=load_data, session={"innodb_lock_wait_timeout": 1})
    prepare(config, target)
    with closing(server.connect(autocommit=False)) as other, other.cursor() as cursor:
        cursor.execute("SELECT * FROM s.keyed FOR UPDATE")
        with importing(config, target) as running:
            wait_for_statement(server, verb)
            wait_for_log(caplog, "server error 1205", running)
            tried("lock wait timeout")
            assert query(server, "SELECT * FROM s.keyed") == []
            other.rollback()
            running.result(PATIENCE_S)

    complete(config, target)
    dump.assert_arrived_once(server)


@PATHS
def test_a_chunk_that_is_the_victim_of_a_deadlock_is_sent_again_whole(
    load_data: bool,
    verb: str,
    server: PrivateMariaDB,
    target: TargetConfig,
    dump: FaultDump,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = load_config(dump.folder, load_data=load_data)
    prepare(config, target)
    query(server, "DROP DATABASE IF EXISTS other")
    query(server, "CREATE DATABASE other")
    query(server, "CREATE TABLE other.ballast (n INT) ENGINE=InnoDB")
    with closing(server.connect(autocommit=False)) as other, other.cursor() as cursor:
        many = "SELECT 1 FROM information_schema.columns a, information_schema.columns b LIMIT 5000"
        cursor.execute(f"INSERT INTO other.ballast {many}")  # the lighter one is the victim
        cursor.execute("INSERT INTO s.keyed (id) VALUES (40)")
        with importing(config, target) as running:
            wait_for_statement(server, verb)
            wait_for_lock(server, verb)  # row 40's
            cursor.execute("SELECT * FROM s.keyed WHERE id = 10 FOR UPDATE")
            wait_for_log(caplog, "server error 1213", running)
            tried("deadlock")
            other.rollback()
            running.result(PATIENCE_S)

    complete(config, target)
    dump.assert_arrived_once(server)


@pytest.fixture
def plain_account(server: PrivateMariaDB, target: TargetConfig) -> Iterator[TargetConfig]:
    """An account that a read-only server refuses, as it does all but administrators."""
    query(server, "DROP USER IF EXISTS plain@'127.0.0.1'")
    query(server, "CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'plain'")
    query(
        server,
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW ON *.* "
        "TO plain@'127.0.0.1'",
    )
    yield TargetConfig(host=target.host, port=target.port, user="plain", password="plain")
    query(server, "DROP USER plain@'127.0.0.1'")


@PATHS
def test_a_server_that_turns_read_only_and_back_is_waited_for(
    load_data: bool,
    verb: str,
    server: PrivateMariaDB,
    plain_account: TargetConfig,
    dump: FaultDump,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = load_config(dump.folder, load_data=load_data)
    prepare(config, plain_account)
    go_on = hold_chunks_after(monkeypatch, 20)
    with importing(config, plain_account) as running:
        assert wait_for_chunks(server, 5, running)
        with global_variable(server, "read_only", 1):
            committed = chunks(server)
            go_on.set()
            wait_for_log(caplog, "server error 1290", running, times=3)
            tried("read-only server in the middle")
            assert chunks(server) == committed
        running.result(PATIENCE_S)

    complete(config, plain_account)
    dump.assert_arrived_once(server)


@PATHS
def test_a_server_that_is_restarted_in_good_order_is_waited_for(
    load_data: bool,
    verb: str,
    server: PrivateMariaDB,
    target: TargetConfig,
    dump: FaultDump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = load_config(dump.folder, load_data=load_data)
    prepare(config, target)
    go_on = hold_chunks_after(monkeypatch, 20)
    with importing(config, target) as running:
        assert wait_for_chunks(server, 10, running)
        go_on.set()
        server.restart()
        tried("MariaDB restarted in good order")
        running.result(PATIENCE_S)

    complete(config, target)
    dump.assert_arrived_once(server)


_SMALL = {"innodb-file-per-table": "OFF", "innodb-data-file-path": "ibdata1:12M:autoextend:max:24M"}


@pytest.mark.only_on("mariadb", because="the server that it fills is a MariaDB of its own")
@PATHS
def test_a_full_server_is_waited_for_until_somebody_makes_room(
    load_data: bool, verb: str, server: PrivateMariaDB, dump: FaultDump, caplog: pytest.LogCaptureFixture
) -> None:
    """All tables are in one file that may not grow beyond 24 MB: InnoDB's own way to a full disk."""
    if not is_like_the_source(server):
        pytest.skip("a MariaDB from 11 on dies of that; test_full_disk.py kills one so")
    with PrivateServer(server.kind, _SMALL) as own:
        target = TargetConfig(host=own.host, port=own.port, user=own.user, password=own.password)
        config = load_config(dump.folder, load_data=load_data, pool_size=1)
        prepare(config, target)
        with closing(own.connect(autocommit=False)) as other, other.cursor() as cursor:
            cursor.execute("SELECT * FROM s.keyless FOR UPDATE")  # the import waits while the disk fills
            with importing(config, target) as running:
                wait_for_statement(own, verb)
                _fill(own)
                other.rollback()
                wait_for_log(caplog, "server error 1114", running, times=3)
                tried("full disk at the server")
                own._options["innodb-data-file-path"] = "ibdata1:12M:autoextend"
                own.restart()
                running.result(PATIENCE_S)

        complete(config, target)
        dump.assert_arrived_once(own)


def _fill(server: PrivateServer) -> None:
    query(server, "CREATE DATABASE other")
    query(server, "CREATE TABLE other.filler (b LONGBLOB) ENGINE=InnoDB")
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        for size in (1 << 20, 1 << 14, 1 << 10):
            with pytest.raises(pymysql.err.OperationalError, match="full"):
                cursor.executemany("INSERT INTO other.filler VALUES (REPEAT('x', %s))", [(size,)] * 10000)
