"""What a load says about starting replication, and a replica that starts by it."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.loader import load_dump
from airflow_dm_loader.replication import Position, keep_start, replication_start
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.server import Server
from dev.private_server import PrivateServer
from tests.binlogs import logging_server, metadata_at
from tests.dumps import SCHEMA, WITH_KEY, Table, write_dump
from tests.servers import AnyServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pymysql.connections import Connection

GTID = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-23"


def text(flavour: Flavour, version: tuple[int, ...], position: Position, **settings: Any) -> str:
    config = LoadConfig(task_name="shop", dump_uri="/d", mode="all", **settings)
    return replication_start(
        config, TargetConfig(host="db", user="u", password="secret"), server(flavour, version), position
    )


def server(flavour: Flavour, version: tuple[int, ...]) -> Server:
    return Server(flavour, version, 1 << 26, 0)


def test_mariadb_starts_at_a_gtid_of_its_own_form_and_else_at_a_position() -> None:
    by_gtid = text(
        Flavour.MARIADB, (10, 11), Position("vm-bin.000001", 606443, "0-7-28,1-7-3"), replication_source="r@h"
    )
    assert by_gtid == (
        "SET GLOBAL gtid_slave_pos = '0-7-28,1-7-3';\n"
        "CHANGE MASTER TO\n  MASTER_HOST = 'h',\n  MASTER_PORT = 3306,\n  MASTER_USER = 'r',\n"
        "  MASTER_PASSWORD = '<password>',\n  MASTER_USE_GTID = slave_pos;\n"
        "START SLAVE;\n"
    )
    by_position = text(Flavour.MARIADB, (10, 11), Position("b.000003", 4, GTID))
    assert "MASTER_LOG_FILE = 'b.000003',\n  MASTER_LOG_POS = 4,\n  MASTER_USE_GTID = no;" in by_position
    assert "gtid_slave_pos" not in by_position


@pytest.mark.parametrize(
    ("version", "change", "word", "start"),
    [((8, 0, 22), "MASTER", "MASTER", "START SLAVE;"), ((9, 7, 0), "REPLICATION SOURCE", "SOURCE", "START REPLICA;")],
)
def test_mysql_is_told_in_the_words_of_its_version(
    version: tuple[int, ...], change: str, word: str, start: str
) -> None:
    said = text(Flavour.MYSQL, version, Position("b.000003", 4, GTID))
    assert said.startswith(f"CHANGE {change} TO\n  {word}_HOST = '<host of the source>',\n")
    assert said.endswith(f"  {word}_LOG_FILE = 'b.000003',\n  {word}_LOG_POS = 4;\n{start}\n")


def test_a_gtid_set_alone_is_added_to_what_mysql_has_executed() -> None:
    said = text(Flavour.MYSQL, (9, 7, 0), Position("", None, GTID))
    assert f"SET GLOBAL gtid_purged = '+{GTID}';" in said
    assert "SOURCE_AUTO_POSITION = 1;" in said


def test_each_of_several_sources_has_a_channel_of_its_own() -> None:
    several = {"source_id": "shard-1", "sources": ["shard-1", "shard-2"]}
    position = Position("b.000003", 4, "")
    assert text(Flavour.MYSQL, (9, 7, 0), position, **several).endswith("START REPLICA FOR CHANNEL 'shard-1';\n")
    assert text(Flavour.MARIADB, (10, 11), position, **several).endswith("START SLAVE 'shard-1';\n")


def test_tidb_gets_a_task_of_dm_with_the_load_s_own_rules() -> None:
    said = text(
        Flavour.TIDB,
        (8, 5, 3),
        Position("b.000003", 4, GTID),
        source_id="mysql-01",
        routes=[{"schema-pattern": "a*", "target-schema": "b"}],
        block_allow_list={"do-dbs": ["a1"]},
    )
    import yaml

    task = yaml.safe_load(said)
    assert task["task-mode"] == "incremental"
    assert task["target-database"] == {"host": "db", "port": 3306, "user": "u", "password": ""}
    (instance,) = task["mysql-instances"]
    assert instance["meta"] == {"binlog-name": "b.000003", "binlog-pos": 4, "binlog-gtid": GTID}
    assert task["routes"][instance["route-rules"][0]] == {"schema-pattern": "a*", "target-schema": "b"}
    assert task["block-allow-list"][instance["block-allow-list"]] == {"do-dbs": ["a1"]}
    assert "secret" not in said


def test_what_the_text_can_t_know_is_a_comment() -> None:
    filtered = text(Flavour.MYSQL, (9, 7, 0), Position("b.1", 4, "0-1-2"), block_allow_list={"do-dbs": ["a"]})
    assert [line[:40] for line in filtered.splitlines() if line.startswith("--")] == [
        "-- The dump is of a MariaDB, whose GTIDs",
        "-- The load had routes or filters: give ",
    ]


def test_names_of_the_dump_stay_inside_their_quotes() -> None:
    said = text(Flavour.MARIADB, (10, 11), Position("b'; DROP TABLE t; -- ", 4, ""))
    assert "MASTER_LOG_FILE = 'b''; DROP TABLE t; -- '," in said


@pytest.mark.parametrize("position", [Position("", None, ""), Position("b.1", None, "")])
def test_a_dump_without_a_position_starts_nothing(position: Position) -> None:
    assert text(Flavour.MARIADB, (10, 11), position) == ""


@pytest.mark.parametrize("address", ["u:secret@h", "h:port", "h/x", "h h", "u@h:123456"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="must be user@host:port, without a password"):
        LoadConfig(task_name="t", dump_uri="/d", replication_source=address)


@pytest.fixture
def writer(server: AnyServer) -> Iterator[PrivateServer]:
    """The server that is dumped, with a binary log."""
    if not isinstance(server, PrivateServer):
        server.leave_out("becomes a replica")
    with logging(server, 7) as running:
        yield running


@pytest.fixture
def taker(writer: PrivateServer) -> Iterator[PrivateServer]:
    """A server of the same kind, with a binary log of its own and with GTIDs."""
    with logging(writer, 9) as running:
        yield running


@contextmanager
def logging(like: PrivateServer, server_id: int) -> Iterator[PrivateServer]:
    with logging_server(like.kind, server_id) as running:
        yield running
        running.kill9()  # in good order it would wait for the replica, which has gone


@pytest.mark.servers
def test_a_replica_catches_up_with_what_came_during_the_dump_and_the_load(
    tmp_path: Path, server: PrivateServer, target: TargetConfig, writer: PrivateServer
) -> None:
    with closing(writer.connect()) as source:
        run(source, f"CREATE DATABASE {SCHEMA}")
        run(source, f"CREATE TABLE {SCHEMA}.t {WITH_KEY}")
        run(source, f"INSERT INTO {SCHEMA}.t VALUES (1, 'dumped'), (2, 'changed later')")
        run(source, "COMMIT")
        metadata = metadata_of(source)
        run(source, f"UPDATE {SCHEMA}.t SET v = 'during the dump' WHERE id = 2")
        run(source, f"INSERT INTO {SCHEMA}.t VALUES (3, 'during the dump')")
        run(source, "COMMIT")
        dump = write_dump(
            tmp_path / "dump", Table("t", rows=["(1,'dumped')", "(2,'changed later')"]), metadata=metadata
        )
        report = load_dump(
            LoadConfig(
                task_name="t",
                dump_uri=str(dump),
                mode="all",
                replication_source=f"{writer.user}@{writer.host}:{writer.port}",
                replication_file=str(tmp_path / "start.sql"),
            ),
            target,
        )
        assert (tmp_path / "start.sql").read_text() == report.replication
        run(source, f"DELETE FROM {SCHEMA}.t WHERE id = 1")
        run(source, "COMMIT")
        expected = rows(source)

        start = report.replication.replace("<password>", writer.password)
        with closing(server.connect()) as replica:
            run(replica, "SET GLOBAL server_id = 8")
            if server.kind.name == "mysql":  # its own connections without TLS ask for the source's key
                start = start.replace("SOURCE_LOG_POS", "GET_SOURCE_PUBLIC_KEY = 1,\n  SOURCE_LOG_POS")
            for statement in start.split(";\n"):
                if statement.strip():
                    run(replica, statement)
            try:
                while rows(replica) != expected:
                    assert not error_of(replica), error_of(replica)
                    time.sleep(0.1)
            finally:
                word = "REPLICA" if server.kind.name == "mysql" else "SLAVE"
                run(replica, f"STOP {word}")
                run(replica, f"RESET {word} ALL")
    assert [row[0] for row in expected] == [2, 3]


def test_what_starts_replication_is_written_whole_in_the_place_of_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "start.sql"
    file.write_text("of the last load; longer than what comes")
    keep_start("CHANGE …;\n", file)
    assert file.read_text() == "CHANGE …;\n"
    assert [path.name for path in tmp_path.iterdir()] == ["start.sql"]


@pytest.mark.parametrize("place", ["gone/start.sql", "folder"])
def test_a_file_that_cant_be_written_is_named_and_nothing_is_left_there(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=r"replication_file: .*can.t be written"):
        keep_start("CHANGE", tmp_path / place)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_file_for_replication_is_refused_where_none_follows() -> None:
    with pytest.raises(ConfigError, match="replication_file: replication follows with mode all, and mode is full"):
        LoadConfig(task_name="t", dump_uri="/d", replication_file="/start.sql")


@pytest.mark.servers
def test_a_replica_by_gtids_goes_on_from_the_set_that_the_load_took(
    tmp_path: Path, writer: PrivateServer, taker: PrivateServer
) -> None:
    is_mysql = writer.kind.name == "mysql"
    target = TargetConfig(host=taker.host, port=taker.port, user=taker.user, password=taker.password)
    with closing(writer.connect()) as source, closing(taker.connect()) as replica:
        run(source, f"CREATE DATABASE {SCHEMA}")
        run(source, f"CREATE TABLE {SCHEMA}.t {WITH_KEY}")
        run(source, f"INSERT INTO {SCHEMA}.t VALUES (1, 'dumped'), (2, 'changed later')")
        run(source, "COMMIT")
        metadata = metadata_of(source)
        run(source, f"UPDATE {SCHEMA}.t SET v = 'during the load' WHERE id = 2")
        run(source, "COMMIT")
        tables = Table("t", rows=["(1,'dumped')", "(2,'changed later')"])
        config = LoadConfig(
            task_name="t",
            dump_uri=str(write_dump(tmp_path / "dump", tables, metadata=metadata)),
            mode="all",
            set_gtid_purged=True,
            replication_source=f"{writer.user}@{writer.host}:{writer.port}",
        )
        report = load_dump(config, target)
        assert report.outcome == "clean"
        assert "SET GLOBAL" not in report.replication
        assert ("SOURCE_AUTO_POSITION = 1" if is_mysql else "MASTER_USE_GTID = slave_pos") in report.replication
        again = load_dump(config, target)  # as a clear of the last task
        assert (again.status, again.replication) == ("finished", report.replication)
        run(source, f"DELETE FROM {SCHEMA}.t WHERE id = 1")
        run(source, "COMMIT")
        expected = rows(source)

        start = report.replication.replace("<password>", writer.password)
        if is_mysql:  # its own connections without TLS ask for the source's key
            start = start.replace("SOURCE_AUTO_POSITION", "GET_SOURCE_PUBLIC_KEY = 1,\n  SOURCE_AUTO_POSITION")
        for statement in filter(str.strip, start.split(";\n")):
            run(replica, statement)
        while rows(replica) != expected:
            assert not error_of(replica), error_of(replica)
            time.sleep(0.1)
        run(replica, "STOP REPLICA" if is_mysql else "STOP SLAVE")
    assert expected == ((2, "during the load"),)


def metadata_of(source: Connection[Any]) -> str:
    """The metadata of a dump that is made at this moment."""
    with source.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        ((version,),) = cursor.fetchall()
        cursor.execute("SHOW MASTER STATUS" if "MariaDB" in version else "SHOW BINARY LOG STATUS")
        name, pos = cursor.fetchall()[0][:2]
        if "MariaDB" in version:
            cursor.execute("SELECT @@gtid_binlog_pos")
        else:
            cursor.execute("SELECT @@gtid_executed")
        ((gtid,),) = cursor.fetchall()
    return metadata_at(name, pos, gtid)


def run(connection: Connection[Any], statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def rows(connection: Connection[Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, v FROM {SCHEMA}.t ORDER BY id")
        found = cursor.fetchall()
    connection.commit()
    return tuple(found)


def error_of(replica: Connection[Any]) -> str:
    with replica.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        ((version,),) = cursor.fetchall()
        cursor.execute("SHOW SLAVE STATUS" if "MariaDB" in version else "SHOW REPLICA STATUS")
        names = [column[0] for column in cursor.description]
        status = dict(zip(names, cursor.fetchall()[0], strict=True))
    return str(status["Last_SQL_Error"] or status["Last_IO_Error"])
