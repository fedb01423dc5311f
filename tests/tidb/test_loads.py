"""Whole loads into a stand-in for TiDB, whatever it does at COMMIT: every row is there exactly once."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError, HasDuplicatesError, RowError, TargetError
from airflow_dm_loader.loader import Worker
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import (
    SAMPLES,
    WITH_KEY,
    WITHOUT_KEY,
    Table,
    expected,
    load_config,
    load_soon,
    numbered,
    prepare,
    run_of,
    write_dump,
)
from tests.faults import before_each_commit
from tests.tables import count, hashes_by_client, is_like_the_source, load_by_client, one, query, table_hashes
from tests.tidb.stand_in import StandIn
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.only_on("mariadb", because="the stand-in passes on that MySQL offers TLS, and has none")

SAMPLE = SAMPLES / "mydumper-0.10"
Open = Callable[..., StandIn]


@pytest.fixture
def tidb(server: PrivateMariaDB) -> Iterator[Open]:
    opened = []

    def start(**settings: Any) -> StandIn:
        opened.append(StandIn((server.host, server.port), **settings).__enter__())
        return opened[-1]

    yield start
    for stand_in in opened:
        stand_in.__exit__()


@pytest.fixture
def to(server: PrivateMariaDB) -> Callable[[StandIn], TargetConfig]:
    """How to reach a stand-in."""
    return lambda stand_in: TargetConfig(
        host="127.0.0.1", port=stand_in.port, user=server.user, password=server.password
    )


To = Callable[[StandIn], TargetConfig]


@pytest.mark.parametrize("version", ["v8.5.0", "v7.6.0", "v7.5.2"])
def test_a_real_dump_is_loaded_whole_by_statements(version: str, tidb: Open, to: To, server: PrivateMariaDB) -> None:
    reference = hashes_by_client(server, SAMPLE)
    stand_in = tidb(version=version)

    report = load_soon(load_config(SAMPLE), to(stand_in))

    assert table_hashes(server, {name.partition(".")[0] for name in reference}) == reference
    assert (report.status, report.outcome) == ("finished", "clean")
    (warning,) = report.warnings  # the sample has them
    assert warning.startswith("not made, since TiDB has no triggers, stored routines and events: shop-schema-post.sql")
    assert {table.row_count for table in report.tables} == {"passed"}
    assert {table.checksum for table in report.tables} == {"not_compared"}
    assert not stand_in.statements(b"^LOAD DATA")
    assert {table.sent_as for table in report.tables if table.rows} == {"statements"}
    assert len(stand_in.statements(b"^BEGIN OPTIMISTIC$")) >= count(server, "dm_meta.dm_loader_chunk")
    assert not stand_in.statements(b"(?i)checksum table|lock in share mode|information_schema.engines")


@pytest.mark.parametrize("name", ["mydumper-1.0-csv", "mydumper-1.0-load-data"])
@pytest.mark.parametrize(("version", "by_load_data"), [("v8.5.0", True), ("v7.5.2", False)])
def test_a_dump_of_dat_files_is_loaded_whole(
    version: str, by_load_data: bool, name: str, tidb: Open, to: To, server: PrivateMariaDB
) -> None:
    stand_in = tidb(version=version)

    report = load_soon(load_config(SAMPLES / name, on_duplicate_logical="error"), to(stand_in))

    for table, (rows, checksum) in expected().items():
        if table.startswith("shop."):
            assert count(server, table) == rows
            if is_like_the_source(server):
                assert query(server, f"CHECKSUM TABLE {table}") == [(table, checksum)]
    assert (report.status, report.outcome) == ("finished", "clean")
    assert bool(stand_in.statements(b"^LOAD DATA")) is by_load_data


def test_a_checksum_is_not_compared_and_the_reason_is_given(tidb: Open, to: To) -> None:
    report = load_soon(load_config(SAMPLES / "mydumper-1.0"), to(tidb()))
    remarks = {table.remark for table in report.tables if table.rows}
    assert remarks == {"checksum not compared: the server has no CHECKSUM TABLE"}


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
@pytest.mark.parametrize("fault", ["lost", "undone", 9007, 8028])
def test_whatever_comes_of_a_commit_each_row_is_there_once(
    fault: str | int, load_data: bool, tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("keyless", 600, WITHOUT_KEY), numbered("keyed", 300))
    reference = hashes_by_client(server, folder)
    stand_in = tidb(fault=lambda commit: fault if commit.number in {1, 2, 5} else None)

    load_soon(load_config(folder, load_data=load_data), to(stand_in))

    assert stand_in.happened == [str(fault)] * 3
    assert table_hashes(server, ["s"]) == reference


@pytest.mark.parametrize("seed", range(2))
def test_many_faults_in_a_row_lose_and_double_nothing(
    seed: int, tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("keyless", 1500, WITHOUT_KEY), numbered("keyed", 700))
    reference = hashes_by_client(server, folder)
    chance = random.Random(seed)
    stand_in = tidb(fault=lambda _: chance.choice([None, None, None, "lost", "undone", 9007, 8028]))

    load_soon(load_config(folder, pool_size=4), to(stand_in))

    assert len(stand_in.happened) > 3
    assert table_hashes(server, ["s"]) == reference


# -- keys that are there already, which only COMMIT tells

TWICE = ['(1,"first")', '(2,"two")', '(1,"second")', '(3,"three")']
BEFORE = ["(2,'there before')"]


@pytest.mark.parametrize(
    ("policy", "rows", "counts"),
    [
        ("replace", {(1, "second"), (2, "two"), (3, "three")}, (2, 0, 0)),
        ("ignore", {(1, "first"), (2, "there before"), (3, "three")}, (0, 2, 0)),
        ("manual", {(1, "first"), (2, "there before"), (3, "three")}, (0, 0, 2)),
    ],
)
@pytest.mark.parametrize("version", ["v8.5.0", "v6.1.0"])
def test_a_policy_is_kept_to_the_row_where_duplicates_show_at_commit(
    version: str,
    policy: str,
    rows: set[tuple[int, str]],
    counts: tuple[int, int, int],
    tidb: Open,
    to: To,
    server: PrivateMariaDB,
    tmp_path: Path,
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE, schema="s"))
    stand_in = tidb(version=version)
    config = load_config(
        folder, on_duplicate_logical=policy, duplicates_within_dump="accept", on_conflict="accept", load_data=False
    )
    prepare(config, to(stand_in))
    query(server, f"INSERT INTO s.t VALUES {BEFORE[0]}")  # somebody else, once the load has begun

    loader.run_import(run_of(config, to(stand_in)))

    assert set(query(server, "SELECT id, v FROM s.t")) == rows
    found = query(server, "SELECT replaced, ignored, conflicts FROM dm_meta.dm_loader_chunk")
    assert found == [counts]
    assert count(server, "dm_meta.dm_loader_conflict") == sum(counts)  # each that met another is kept
    assert stand_in.happened == ["duplicate at COMMIT"]
    assert bool(stand_in.statements(b"SAVEPOINT")) is (policy != "error" and version == "v8.5.0")


def test_error_names_the_row_whose_key_was_there(tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE))
    with pytest.raises(RowError) as caught:
        load_soon(load_config(folder, on_duplicate_logical="error"), to(tidb()))
    assert (caught.value.errno, caught.value.table, caught.value.file) == (1062, "s.t", "s.t.sql")
    assert caught.value.statement == '(1,"second")'
    assert count(server, "s.t") == 0


def test_a_paused_load_with_duplicates_is_34020_here_too(
    tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE))
    stand_in = tidb()
    with pytest.raises(HasDuplicatesError):
        load_soon(load_config(folder, on_duplicate_logical="manual"), to(stand_in))
    report = load_soon(load_config(folder, on_duplicate_logical="manual", on_conflict="accept"), to(stand_in))
    assert (report.tables[0].conflicts, count(server, "s.t")) == (1, 3)


def test_once_a_table_had_duplicates_its_next_chunks_are_checked_at_once(
    tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path
) -> None:
    rows = [f'({at % 40},"row {at} of many, with some more text")' for at in range(400)]
    folder = write_dump(tmp_path / "dump", Table("t", rows=rows, rows_per_statement=20))
    stand_in = tidb()

    config = load_config(folder, pool_size=1, load_data=False, duplicates_within_dump="accept")
    report = load_soon(config, to(stand_in))

    assert stand_in.happened == ["duplicate at COMMIT"]
    assert (report.tables[0].replaced, count(server, "s.t")) == (360, 40)
    assert one(server, "SELECT v FROM s.t WHERE id = 7") == "row 367 of many, with some more text"
    assert count(server, "dm_meta.dm_loader_chunk") > 3


def test_what_is_in_tidb_is_compared_with_the_server_that_the_dump_was_made_of(
    tidb: Open, to: To, server: PrivateMariaDB, source: PrivateMariaDB
) -> None:
    load_by_client(source, SAMPLE)
    there = TargetConfig(host=source.host, port=source.port, user=source.user, password=source.password)
    stand_in = tidb()

    report = load_soon(load_config(SAMPLE), to(stand_in), compare_with=there)

    assert {table.checksum for table in report.tables} == {"passed"}
    query(server, "UPDATE shop.customers SET name = CONCAT(name, ' ') WHERE id = 7")
    outcome = loader.verify(loader.LoadRun.of(load_config(SAMPLE), to(stand_in), compare_with=there))
    assert outcome.code == 34021
    assert [table.table for table in outcome.tables if table.checksum == "differs"] == ["shop.customers"]


# -- two at once


def test_two_loads_at_once_send_each_row_once(tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("keyless", 3000, WITHOUT_KEY), numbered("keyed", 1000))
    reference = hashes_by_client(server, folder)
    target = to(tidb())
    start = threading.Barrier(2)

    def load() -> int:
        start.wait()
        return load_soon(load_config(folder), target).rows_sent

    with ThreadPoolExecutor(2) as pool:
        sent = [future.result() for future in [pool.submit(load) for _ in range(2)]]

    assert table_hashes(server, ["s"]) == reference
    assert sum(sent) == 4000


def test_an_attempt_whose_load_is_started_afresh_commits_nothing_more(
    tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender's row does what the shared lock does elsewhere, and no lock on the load's row is taken."""
    if not is_like_the_source(server):
        pytest.skip("a MariaDB from 11.6 on undoes the one that waited (innodb_snapshot_isolation), as no TiDB does")
    folder = write_dump(tmp_path / "dump", numbered("t", 2000, WITHOUT_KEY))
    stand_in = tidb()
    target = to(stand_in)
    config = load_config(folder, pool_size=1)
    prepare(config, target)
    in_a_chunk, go_on = threading.Event(), threading.Event()

    def pause(came: int, db: object) -> None:
        in_a_chunk.set()
        assert go_on.wait(PATIENCE_S)

    before_each_commit(monkeypatch, pause)
    afresh = load_config(folder, remove_meta=True)
    with ThreadPoolExecutor(2) as pool:
        old = pool.submit(loader.run_import, run_of(config, target))
        assert in_a_chunk.wait(PATIENCE_S)
        new = pool.submit(loader.prepare_checkpoint, run_of(afresh, target, Worker("there", run_id="run-2")))
        waiting = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'DELETE%%sender%%'"
        wait_until(lambda: query(server, waiting))
        assert not new.done()  # both change the sender's row
        go_on.set()
        with pytest.raises(CheckpointError, match="started afresh"):
            old.result(PATIENCE_S)
        assert new.result(PATIENCE_S)["fresh"] is True

    assert count(server, "dm_meta.dm_loader_chunk") == count(server, "dm_meta.dm_loader_sender") == 0
    assert 0 < count(server, "s.t") < 300  # the chunk that was open, and no other


# -- sizes, variables


def test_statements_and_chunks_have_the_sizes_that_tidb_takes_well(
    tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path
) -> None:
    long = "x" * 150_000
    rows = [f'({at},"{long if at == 700 else "a row of about fifty bytes, more or less"}")' for at in range(6000)]
    create = "(`id` int NOT NULL, `v` mediumtext, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, rows_per_statement=10000))
    stand_in = tidb(version="v6.5.0")

    load_soon(load_config(folder, chunk_bytes=64 << 20), to(stand_in))

    sizes = [len(statement) for statement in stand_in.statements(rb"^INSERT INTO `s`\.`t`")]
    assert max(sizes) > 150_000 > 97 << 10 > sorted(sizes)[-2]
    assert len(sizes) == 5
    assert count(server, "s.t") == 6000
    assert one(server, "SELECT chunk_bytes FROM dm_meta.dm_loader_load") == 4 << 20


def test_what_would_split_a_chunk_is_turned_off_in_each_session(tidb: Open, to: To, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    stand_in = tidb(global_variables={"tidb_batch_insert": "ON", "tidb_dml_batch_size": "500", "tidb_dml_type": "bulk"})

    load_soon(load_config(folder), to(stand_in))

    (loading, *_) = [text for text in stand_in.statements(b"^SET SESSION") if b"tidb_txn_mode" in text]
    set_to = dict(re.findall(rb"`(\w+)` = '?(\w+)", loading))
    assert set_to[b"tidb_txn_mode"] == b"optimistic"
    assert (set_to[b"tidb_batch_insert"], set_to[b"tidb_dml_batch_size"]) == (b"0", b"0")
    assert (set_to[b"tidb_dml_type"], set_to[b"allow_auto_random_explicit_insert"]) == (b"standard", b"1")


def test_what_can_t_be_turned_off_is_refused_by_name_before_anything_is_created(
    tidb: Open, to: To, server: PrivateMariaDB, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", WITH_KEY, ['(1,"a")']))
    stand_in = tidb(
        global_variables={"tidb_batch_insert": "ON", "tidb_dml_batch_size": "500"},
        stuck=frozenset({"tidb_batch_insert", "tidb_dml_batch_size"}),
    )
    with pytest.raises(TargetError, match="tidb_batch_insert is ON, tidb_dml_batch_size is 500"):
        load_soon(load_config(folder), to(stand_in))
    assert not query(server, "SHOW DATABASES LIKE 's'")
