"""Traps that were found in servers and drivers: ways for a half chunk to pass for a whole one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConnectionLostError, LoaderError, RowError, TargetError
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.clocks import FAST
from tests.dumps import HEAD, WITHOUT_KEY, Table, load_config, numbered, prepare, run_of, write_dump
from tests.faults import before_each_commit
from tests.server_words import CHECK_VIOLATED, NOT_JSON
from tests.tables import chunks, count, hashes_by_client, query, table_hashes

PATHS = pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
_LOAD = b"LOAD DATA LOCAL INFILE '{stream}' INTO TABLE s.t FIELDS TERMINATED BY ','"

# -- LOAD DATA LOCAL


@pytest.fixture
def table(server: PrivateMariaDB) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {WITHOUT_KEY}")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("a bug"), KeyboardInterrupt()])
def test_rows_that_can_not_be_read_to_their_end_are_not_committed(
    error: BaseException, server: PrivateMariaDB, target: TargetConfig
) -> None:
    """PyMySQL would tell the server that the file ended here; autocommit would keep its half."""

    def half() -> Iterator[bytes]:
        yield b"1,a\n" * 100_000
        raise error

    with Database.open(target, session={"autocommit": 1}) as db:
        with pytest.raises((LoaderError, type(error))):
            db.load_local(_LOAD, half())
        with pytest.raises(ConnectionLostError):
            db.query("SELECT 1", shape=(as_it_is,))

    assert count(server, "s.t") == 0


@pytest.mark.usefixtures("table")
def test_a_session_that_dies_in_mid_stream_is_a_lost_connection(server: PrivateMariaDB, target: TargetConfig) -> None:
    with Database.open(target) as db:

        def pieces() -> Iterator[bytes]:
            yield b"1,a\n" * 1000
            query(server, f"KILL {db.connection_id}")
            for _ in range(100):
                yield b"2,b\n" * 100_000

        with pytest.raises(ConnectionLostError):
            db.load_local(_LOAD, pieces())
        with pytest.raises(ConnectionLostError):
            db.commit()

    assert count(server, "s.t") == 0


# -- errors that undo a statement only


@pytest.fixture
def refusing(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> Path:
    """A dump for a table whose trigger raises an error at row 777, for as long as other.refusals says."""
    folder = write_dump(tmp_path / "dump", numbered("t", 1000, WITHOUT_KEY))
    query(server, "DROP DATABASE IF EXISTS other")
    query(server, "CREATE DATABASE other")
    # Not undone with the statement: what is counted there stays.
    query(server, "CREATE TABLE other.refusals (errno INT, times INT, met INT) ENGINE=MyISAM")
    return folder


def refuse(server: PrivateMariaDB, errno: int, times: int) -> None:
    query(server, "INSERT INTO other.refusals VALUES (%s, %s, 0)", errno, times)
    server.client(
        "DELIMITER //\nCREATE TRIGGER s.refuse AFTER INSERT ON s.t FOR EACH ROW BEGIN\n"
        "IF NEW.id = 777 THEN\n"
        "  UPDATE other.refusals SET met = met + 1, times = times - 1;\n"
        "  IF (SELECT times FROM other.refusals) >= 0 THEN\n"
        "    SET @number = (SELECT errno FROM other.refusals);\n"
        "    SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = @number, MESSAGE_TEXT = 'the test says so';\n"
        "  END IF;\nEND IF;\nEND//\n"
    )


@PATHS
@pytest.mark.parametrize("errno", [1205, 1213, 1020, 1317])
def test_an_error_that_may_undo_less_than_the_chunk_undoes_it_whole(
    errno: int, load_data: bool, server: PrivateMariaDB, target: TargetConfig, refusing: Path
) -> None:
    config = load_config(refusing, load_data=load_data, pool_size=1)
    reference = hashes_by_client(server, refusing)
    prepare(config, target)
    refuse(server, errno, times=3)

    report = loader.run_import(run_of(config, target, clock=FAST))

    assert report.rows_sent == 1000
    assert query(server, "SELECT met FROM other.refusals") == [(4,)]
    query(server, "DROP TRIGGER s.refuse")
    assert table_hashes(server, ["s"]) == reference


@PATHS
@pytest.mark.parametrize(("errno", "kind"), [(1197, TargetError), (1416, RowError)])
def test_an_error_that_a_retry_can_not_mend_leaves_nothing_of_its_chunk(
    errno: int, kind: type[LoaderError], load_data: bool, server: PrivateMariaDB, target: TargetConfig, refusing: Path
) -> None:
    config = load_config(refusing, load_data=load_data, pool_size=1)
    reference = hashes_by_client(server, refusing)
    prepare(config, target)
    refuse(server, errno, times=1 << 20)

    with pytest.raises(kind) as caught:
        loader.run_import(run_of(config, target))

    assert (caught.value.errno, caught.value.file, caught.value.table) == (errno, "s.t.sql", "s.t")
    if load_data is False:
        assert query(server, "SELECT met FROM other.refusals")[0][0] <= 12  # the block halved down to its row, no more
    assert count(server, "s.t") == query(server, "SELECT SUM(row_count) FROM dm_meta.dm_loader_chunk")[0][0]
    assert query(server, "SELECT COUNT(*) FROM s.t WHERE id = 777") == [(0,)]

    query(server, "DROP TRIGGER s.refuse")
    assert load_dump(config, target).outcome == "clean"
    assert table_hashes(server, ["s"]) == reference


# -- what the server changes or drops, and hardly says


@PATHS
@pytest.mark.parametrize(
    ("columns", "bad", "refused"),
    [
        ("(`id` int, `v` varchar(40), CHECK (`id` <> 9))", '(9,"x")', CHECK_VIOLATED),
        ("(`id` int, `v` json)", '(9,"{no json")', NOT_JSON),
    ],
    ids=["CHECK", "json_valid"],
)
def test_a_row_that_a_check_refuses_is_named_not_dropped(
    columns: str,
    bad: str,
    refused: Mapping[str, int],
    load_data: bool,
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    """LOAD DATA LOCAL drops it; no counter says so, only a warning."""
    folder = write_dump(tmp_path / "dump", Table("t", columns, ['(1,"[1]")', bad, '(3,"[3]")']))

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder, load_data=load_data), target)

    assert caught.value.errno == refused[server.flavour]
    assert (caught.value.statement or "").replace("_utf8mb4", "") == bad
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


# One warning a row, of a column that the server computes: more than its counter of 16 bits holds, and than it shows.
_WARNS = "(`id` int NOT NULL, `n` tinyint, `g` decimal(5,1) AS (`id` / 3.0) STORED)"
_ROWS = 70_000


@PATHS
def test_more_warnings_than_the_server_counts_hide_no_bad_row(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [f"({at % 9000 * 3 + 1},1)" for at in range(_ROWS)]
    rows[-1] = "(1,128)"
    folder = write_dump(tmp_path / "dump", Table("t", _WARNS, rows, insert="INSERT INTO `{table}` (`id`,`n`) VALUES",
                                                 rows_per_statement=_ROWS))  # fmt: skip

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder, load_data=load_data, chunk_bytes=16 << 20), target)

    assert (caught.value.errno, caught.value.statement) == (1264, "(1,128)")
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


def test_a_chunk_with_more_warnings_than_the_server_shows_is_loaded_whole(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [f"({at % 9000 * 3 + 1},1)" for at in range(_ROWS)]
    folder = write_dump(tmp_path / "dump", Table("t", _WARNS, rows, insert="INSERT INTO `{table}` (`id`,`n`) VALUES",
                                                 rows_per_statement=20_000))  # fmt: skip
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder, chunk_bytes=16 << 20), target)

    assert (report.rows, report.outcome) == (_ROWS, "clean")
    assert table_hashes(server, ["s"]) == reference


# -- sessions


@pytest.mark.only_on("mariadb", because="it alone has idle_write_transaction_timeout")
def test_a_frozen_loader_would_not_hold_its_locks_for_long(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    seen: list[object] = []
    names = ("wait_timeout", "net_read_timeout", "net_write_timeout", "idle_write_transaction_timeout")

    def look(_: int, db: Database) -> None:
        seen.append(db.one(f"SELECT {', '.join(f'@@{name}' for name in names)}", shape=(as_it_is,) * len(names)))

    before_each_commit(monkeypatch, look)
    load_dump(load_config(folder), target)
    with Database.open(target) as db:
        other = db.one("SELECT @@net_write_timeout, @@idle_write_transaction_timeout", shape=(as_it_is,) * 2)

    assert seen == [(300, 60, 60, 120)]
    assert other == (60, 120)


def test_unique_checks_stay_on_whatever_the_dump_says(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 0, duplicates get into unique indexes, and MariaDB's bulk insert undoes more than it says."""
    head = HEAD + "/*!40014 SET UNIQUE_CHECKS=0*/;\n"
    create = "(`id` int NOT NULL, `u` int, PRIMARY KEY (`id`), UNIQUE (`u`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("t", create, ["(1,1)", "(2,1)"], head=head))
    seen: list[object] = []
    before_each_commit(monkeypatch, lambda _, db: seen.append(db.one("SELECT @@unique_checks", shape=(as_it_is,))))

    with pytest.raises(RowError):
        load_dump(load_config(folder, on_duplicate_logical="error"), target)
    report = load_dump(load_config(folder, on_duplicate_logical="ignore", duplicates_within_dump="accept"), target)

    assert seen == [(1,)]
    assert (count(server, "s.t"), report.tables[0].ignored) == (1, 1)


def test_labels_that_are_not_ascii_arrive_though_the_schema_file_says_binary(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """Under SET NAMES binary the server would store them as garbage, and the rows as label 0."""
    columns = "(`e` enum('ä','日本') NOT NULL DEFAULT 'ä', `s` set('ö','ß')) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    folder = write_dump(tmp_path / "dump", Table("t", columns, ['("ä","ö,ß")', '("日本",NULL)']))
    assert b"SET NAMES binary" in (folder / "s.t-schema.sql").read_bytes()

    load_dump(load_config(folder), target)

    assert query(server, "SELECT e, s, e + 0 FROM s.t ORDER BY 3") == [("ä", "ö,ß", 1), ("日本", None, 2)]


def test_a_host_that_lost_its_power_is_noticed(target: TargetConfig) -> None:
    """It says nothing, and no statement has a time limit: the kernel asks."""
    import socket

    with Database.open(target) as db:
        endpoint: socket.socket = db._connection._sock.endpoint  # type: ignore[attr-defined]
        assert endpoint.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        asks = [endpoint.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)]  # fmt: skip
    assert asks[0] + asks[1] * asks[2] <= 180
