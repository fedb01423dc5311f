"""Small files share a transaction; what one of them meets is no trouble of the others."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import ConnectionLostError, RowError
from airflow_dm_loader.state import chunk_groups
from airflow_dm_loader.state.chunks import ChunkKey, claim
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import HEAD, WITHOUT_KEY, Table, load_config, numbered, prepare, run_of, write_dump
from tests.tables import chunks, count, hashes_by_client, one, query, table_hashes
from tests.waiting import PATIENCE_S, wait_until


def small_tables(number: int, rows: int = 5) -> list[Table]:
    return [numbered(f"t{at:03}", rows, WITHOUT_KEY) for at in range(number)]


def transactions(server: PrivateMariaDB) -> int:
    """How many transactions the committed chunks came in."""
    return int(one(server, "SELECT COUNT(DISTINCT nonce) FROM dm_meta.dm_loader_chunk"))


def in_one_group(folder: Path, **changes: Any) -> LoadConfig:
    """One sender, and room for all files of these tests in a transaction."""
    return load_config(folder, pool_size=1, chunk_bytes=1 << 20, **changes)


def before_each_group(monkeypatch: pytest.MonkeyPatch, happens: Callable[[Database], None]) -> None:
    """Let something happen where a group's rows were sent but its chunks are not completed."""
    complete_group = chunk_groups.complete_group

    def wrapped(meta: Meta, *args: Any) -> None:
        happens(meta.db)
        complete_group(meta, *args)

    monkeypatch.setattr(chunk_groups, "complete_group", wrapped)


def test_many_small_files_come_in_few_transactions(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", *small_tables(100))
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder, chunk_bytes=1 << 20), target)

    assert (report.outcome, report.rows, table_hashes(server, ["s"])) == ("clean", 500, reference)
    assert chunks(server) == 100
    assert transactions(server) < 20


def test_no_transaction_holds_more_than_a_chunk_may(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", *small_tables(40))

    load_dump(load_config(folder, chunk_bytes=4096, pool_size=1), target)

    sizes = query(server, "SELECT SUM(end_offset) FROM dm_meta.dm_loader_chunk GROUP BY nonce")
    longest = max(file.stat().st_size for file in folder.glob("s.t*.sql"))
    assert 1 < len(sizes) < 40
    assert max(int(size) for (size,) in sizes) < 4096 + longest


def test_a_row_that_the_server_refuses_is_named_and_the_files_before_it_are_in(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    tables = small_tables(8)
    bad = Table("t003", WITHOUT_KEY, ['(1,"fine")', '(2,"' + "x" * 41 + '")'])
    folder = write_dump(tmp_path / "dump", *tables[:3], bad, *tables[4:])
    config = in_one_group(folder)

    with pytest.raises(RowError) as caught:
        load_dump(config, target)

    text = (folder / "s.t003.sql").read_bytes()
    assert caught.value.file == "s.t003.sql"
    assert caught.value.offset == text.index(b"(2,")
    assert [count(server, f"s.t00{at}") for at in range(4)] == [5, 5, 5, 0]

    query(server, "ALTER TABLE s.t003 MODIFY v TEXT")
    report = load_dump(config, target)
    assert (report.rows, count(server, "s.t003")) == (7 * 5 + 2, 2)


def test_a_file_that_load_data_would_change_goes_as_statements_and_the_others_do_not(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    double = '(1,"one")', '(1,"two")'
    folder = write_dump(tmp_path / "dump", *small_tables(3), Table("twice", rows=double), *small_tables(6)[3:])
    caplog.set_level("INFO")

    report = load_dump(in_one_group(folder, on_duplicate_logical="ignore", duplicates_within_dump="accept"), target)

    assert {table.table: table.sent_as for table in report.tables} == {
        **{f"s.t00{at}": "load data" for at in range(6)},
        "s.twice": "statements",
    }
    assert (report.rows, count(server, "s.twice")) == (6 * 5 + 2, 1)
    assert next(table.ignored for table in report.tables if table.table == "s.twice") == 1
    assert "small files from s.t000.sql on go one by one" in caplog.text


def test_each_file_of_a_group_has_its_own_session(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    create = "(`at` timestamp NOT NULL, `v` varchar(40)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    head = re.sub(r"\+00:00", "{zone}", HEAD)
    heads = {
        "east": head.format(zone="+05:00"),
        "utc": HEAD,
        "west": head.format(zone="-03:00"),
        "latin": HEAD.replace("NAMES binary", "NAMES latin1"),
        "escapes": HEAD + "/*!40101 SET SQL_MODE='NO_BACKSLASH_ESCAPES' */;\n",
    }
    rows = ['("2024-05-01 12:00:00","a\\\\b")']
    folder = write_dump(tmp_path / "dump", *(Table(name, create, rows, head=text) for name, text in heads.items()))
    (folder / "s.latin.sql").write_bytes((folder / "s.latin.sql").read_bytes().replace(b"a\\\\b", b"\xe9"))

    load_dump(in_one_group(folder), target)

    assert transactions(server) == 1
    loaded = {name: query(server, f"SELECT UNIX_TIMESTAMP(`at`), v FROM s.{name}")[0] for name in heads}
    noon = 1714564800
    assert loaded == {
        "utc": (noon, "a\\b"),
        "east": (noon - 5 * 3600, "a\\b"),
        "west": (noon + 3 * 3600, "a\\b"),
        "latin": (noon, "é"),
        "escapes": (noon, "a\\\\b"),
    }


@pytest.mark.parametrize("policy", ["manual", "replace"])
def test_duplicates_in_a_group_are_counted_as_alone(
    policy: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL, `b` bit(8) NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"  # bit goes as statements
    tables = [Table(f"d{at}", create, ["(1,1)", "(1,2)", "(2,3)"]) for at in range(3)]
    folder = write_dump(tmp_path / "dump", *tables, *small_tables(3))
    config = in_one_group(folder, on_duplicate_logical=policy, duplicates_within_dump="accept", on_conflict="accept")

    report = load_dump(config, target)

    assert transactions(server) == 1
    found = [(table.rows, table.replaced, table.conflicts) for table in report.tables if table.table.startswith("s.d")]
    assert found == [(3, 0, 1) if policy == "manual" else (3, 1, 0)] * 3
    assert query(server, "SELECT id, b + 0 FROM s.d0 ORDER BY id") == [(1, 1 if policy == "manual" else 2), (2, 3)]


def test_two_loads_at_once_send_each_small_file_once(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", *small_tables(80, rows=20))
    reference = hashes_by_client(server, folder)
    config = load_config(folder, chunk_bytes=1 << 20)
    start = threading.Barrier(2)

    def load() -> int:
        start.wait()
        return load_dump(config, target).rows_sent

    with ThreadPoolExecutor(2) as pool:
        sent = [future.result() for future in [pool.submit(load) for _ in range(2)]]

    assert table_hashes(server, ["s"]) == reference
    assert sum(sent) == 1600


def test_a_file_that_another_session_is_at_is_waited_for_and_the_others_go_in(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", *small_tables(6))
    config = in_one_group(folder, session={"innodb_lock_wait_timeout": 1})
    prepare(config, target)
    query(server, "UPDATE dm_meta.dm_loader_load SET status = 'running'")
    load_id = one(server, "SELECT load_id FROM dm_meta.dm_loader_load")
    with Database.open(target) as db, ThreadPoolExecutor(1) as pool:
        claim(Meta(db, "dm_meta"), ChunkKey(load_id, 5, 0), "another run")
        running = pool.submit(loader.run_import, run_of(config, target))
        wait_until(lambda: chunks(server) == 5)
        assert not running.done()
        db.rollback()
        report = running.result(PATIENCE_S)

    assert (report.chunks_sent, report.chunks_skipped) == (6, 0)
    assert [count(server, f"s.t00{at}") for at in range(6)] == [5] * 6


def test_files_that_were_committed_before_are_not_sent_again(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", *small_tables(40))
    config = load_config(folder, pool_size=1, chunk_bytes=4096)
    prepare(config, target)
    came = 0

    def break_the_second(db: Database) -> None:
        nonlocal came
        came += 1
        if came == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        before_each_group(patch, break_the_second)
        with pytest.raises(KeyboardInterrupt):
            loader.run_import(run_of(config, target))
    first = chunks(server)

    report = loader.run_import(run_of(config, target))

    assert 0 < first < 40
    assert report.chunks_sent == 40 - first
    assert [count(server, f"s.t{at:03}") for at in range(40)] == [5] * 40


@pytest.mark.parametrize("fault", ["killed", "undone", "answer lost"])
def test_a_group_that_meets_a_fault_is_sent_once(
    fault: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", *small_tables(30))
    reference = hashes_by_client(server, folder)
    met: list[Database] = []

    def happens(db: Database) -> None:
        if met:
            return
        met.append(db)
        if fault == "killed":
            query(server, f"KILL {db.connection_id}")
        elif fault == "undone":
            db.execute("ROLLBACK")
        else:
            commit = db.commit

            def lose_the_answer() -> None:
                commit()
                db.close()
                raise ConnectionLostError("the answer was lost")

            monkeypatch.setattr(db, "commit", lose_the_answer)

    before_each_group(monkeypatch, happens)
    report = load_dump(in_one_group(folder), target)

    assert met
    assert (report.rows, table_hashes(server, ["s"])) == (150, reference)


def test_the_server_is_asked_for_columns_once_a_database_and_not_once_a_table(
    target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = in_one_group(write_dump(tmp_path / "dump", *small_tables(20)))
    prepare(config, target)
    asked: list[str] = []
    ask = Database.query

    def heard(self: Database, sql: str, args: Sequence[object] = (), **more: Any) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return ask(self, sql, args, **more)

    monkeypatch.setattr(Database, "query", heard)
    loader.run_import(run_of(config, target))

    assert sum("information_schema.columns" in sql for sql in asked) == 1
