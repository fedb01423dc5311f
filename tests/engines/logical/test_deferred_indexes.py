"""Indexes that come after the rows: in the end the table is as if the client had made it, whatever happened."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pymysql
import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.engines.logical import index_builder
from airflow_dm_loader.engines.logical.index_builder import add_indexes
from airflow_dm_loader.errors import CheckpointError, LoaderError, RetriableError, TargetError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.plan import load_plan
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dump import dumpling
from tests.dumps import Table, import_all, load_config, load_soon, prepare, run_of, write_dump
from tests.faults import import_until_broken
from tests.faults.attempts import Attempt
from tests.server_words import keys_of_any_kind_referred_to
from tests.servers import AnyServer
from tests.tables import count, load_by_client, one, query
from tests.waiting import PATIENCE_S

KEYED = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`), KEY `v` (`v`), KEY `w` (`v`(3),`id`)) ENGINE=InnoDB"
ROWS = [f'({at},"row {at}")' for at in range(300)]


@pytest.fixture(autouse=True)
def every_table_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_plan, "LARGE_TABLE_BYTES", 1)


@pytest.fixture
def keys_of_any_kind(server: AnyServer) -> Iterator[None]:
    with keys_of_any_kind_referred_to(server):
        yield


def definitions(server: PrivateMariaDB, schema: str = "s") -> dict[str, list[str]]:
    """SHOW CREATE TABLE of all tables, line by line; non-unique keys may come in another order."""
    found = {}
    for (name,) in query(server, f"SHOW TABLES FROM `{schema}`"):
        ((_, text),) = query(server, f"SHOW CREATE TABLE `{schema}`.{quote(name)}")
        found[name] = sorted(re.sub(r",$", "", text, flags=re.MULTILINE).splitlines())
    return found


def by_client(server: PrivateMariaDB, folder: Path) -> dict[str, list[str]]:
    load_by_client(server, folder)
    found = definitions(server)
    query(server, "DROP DATABASE s")
    return found


def keys(server: AnyServer, table: str = "t") -> set[str]:
    sql = "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = 's' AND table_name = %s"
    return {name for (name,) in query(server, sql, table)} - {"PRIMARY"}


def waiting(server: PrivateMariaDB) -> int:
    return int(one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_index WHERE built = 0"))


# -- the same table in the end


POINT = b"\0\0\0\0\1\1\0\0\0" + bytes(16)
TABLES: dict[str, tuple[str, dict[str, dumpling.Value]]] = {
    "keys": (
        "(`a` int, `b` varchar(90), KEY `k` (`a`), KEY `l` (`b`(7),`a` DESC) USING BTREE, UNIQUE KEY `u` (`b`))",
        {"a": 1, "b": "x"},
    ),
    "comments": (
        "(`a` int COMMENT 'KEY `x` (`a`), (y)', KEY `k` (`a`) COMMENT 'why, (not); it''s') COMMENT='(KEY)'",
        {"a": 1},
    ),
    "automatic": (
        "(`id` bigint NOT NULL AUTO_INCREMENT, `a` int, KEY `id` (`id`), KEY `a` (`a`)) AUTO_INCREMENT=77",
        {"id": 3, "a": 1},
    ),
    "automatic second": (
        "(`id` int NOT NULL AUTO_INCREMENT, `a` int, PRIMARY KEY (`a`), KEY `b` (`a`,`id`), KEY `c` (`id`,`a`))",
        {"id": 3, "a": 1},
    ),
    "texts": (
        "(`a` text, `g` point NOT NULL, FULLTEXT KEY `f` (`a`), SPATIAL KEY `s` (`g`), KEY `k` (`a`(10)))",
        {"a": "x", "g": POINT},
    ),
    "generated": (
        "(`a` int, `v` int AS (`a` + 1) VIRTUAL, `s` int AS (`a` * 2) STORED, KEY `v` (`v`), KEY `s` (`s`,`v`))",
        {"a": 1},
    ),
    "names `,(": (
        "(`a``,(b` int, `KEY` int, KEY `k``,(` (`a``,(b`), KEY `UNIQUE KEY` (`KEY`), KEY `1` (`KEY`,`a``,(b`))",
        {"a`,(b": 1, "KEY": 2},
    ),
    "parts": (
        "(`id` int NOT NULL, `a` int, PRIMARY KEY (`id`), KEY `a` (`a`)) ENGINE=InnoDB\n/*!50100 PARTITION BY "
        "RANGE (`id`)\n(PARTITION p0 VALUES LESS THAN (1),\n PARTITION p1 VALUES LESS THAN MAXVALUE) */",
        {"id": 1, "a": 2},
    ),
    "parent": ("(`id` int NOT NULL, `other` int, PRIMARY KEY (`id`), KEY `other` (`other`))", {"id": 1, "other": 7}),
    "child": (
        "(`p` int, `q` int, `r` int, KEY `fk_p` (`p`), "
        "CONSTRAINT `fk_p` FOREIGN KEY (`p`) REFERENCES `parent` (`id`), "
        "CONSTRAINT `fk_q` FOREIGN KEY (`q`) REFERENCES `parent` (`other`) ON DELETE SET NULL ON UPDATE CASCADE, "
        "CONSTRAINT `fk_r` FOREIGN KEY (`r`) REFERENCES `s`.`parent` (`id`) ON DELETE CASCADE)",
        {"p": 1, "q": 7, "r": 1},
    ),
    "covered": (
        "(`p` int, UNIQUE KEY `fk_u` (`p`), CONSTRAINT `fk_u` FOREIGN KEY (`p`) REFERENCES `parent` (`id`))",
        {"p": 1},
    ),
    "itself": (
        "(`id` int NOT NULL, `up` int, PRIMARY KEY (`id`), KEY `up` (`up`), "
        "CONSTRAINT `up` FOREIGN KEY (`up`) REFERENCES `itself` (`id`))",
        {"id": 1, "up": 1},
    ),
    "unnamed": ("(`p` int, `a` int, KEY `a` (`a`), FOREIGN KEY (`p`) REFERENCES `parent` (`id`))", {"p": 1, "a": 1}),
    "versions": (
        "(`a` int, `b` int, KEY `a` (`a`) /*!80000 INVISIBLE */, /*!50100 KEY `b` (`b`) */, KEY `c` (`a`,`b`))",
        {"a": 1, "b": 2},
    ),
    "options": (
        "(`a` int, KEY `a` (`a`) KEY_BLOCK_SIZE=4 IGNORED, KEY `b` (`a`) COMMENT '') ROW_FORMAT=COMPRESSED",
        {"a": 1},
    ),
    "checked": (
        "(`a` int CHECK (`a` < 9), `b` int, KEY `a` (`a`), CONSTRAINT `c` CHECK (`a` <> 7 or `b` is null))",
        {"a": 1, "b": 2},
    ),
    "größe": ("(`größe` int, KEY `schlüssel` (`größe`))", {"größe": 1}),
}


@pytest.mark.usefixtures("keys_of_any_kind")
def test_tables_are_as_after_the_clients_load(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    hidden = {"mariadb": "IGNORED", "mysql": "INVISIBLE"}[server.flavour]
    tables = [
        dumpling.Table(
            "s",
            name,
            f"CREATE TABLE {quote(name)} {create.replace('IGNORED', hidden)}",
            [tuple(row.values())],
            tuple(row),
        )
        for name, (create, row) in TABLES.items()
    ]
    folder = dumpling.write_dump(tmp_path / "dump", tables)
    reference = by_client(server, folder)

    load_dump(load_config(folder), target)

    assert definitions(server) == reference
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_index WHERE built = 1") >= 20
    assert waiting(server) == 0
    with pytest.raises(pymysql.IntegrityError, match="fk_q"):
        query(server, "INSERT INTO s.child (q) VALUES (8)")
    query(server, "UPDATE s.parent SET other = 9")
    assert query(server, "SELECT p, q, r FROM s.child") == [(1, 9, 1)]


@pytest.mark.usefixtures("keys_of_any_kind")
def test_tables_that_name_each_other_get_their_foreign_keys(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    body = (
        "(`id` int NOT NULL, `o` int, PRIMARY KEY (`id`), KEY `o` (`o`), "
        "CONSTRAINT `{0}_1` FOREIGN KEY (`o`) REFERENCES `{1}` (`id`), "
        "CONSTRAINT `{0}_2` FOREIGN KEY (`o`) REFERENCES `{1}` (`o`)) ENGINE=InnoDB"
    )
    pairs = [(f"t{at}", f"t{(at + 1) % 6}") for at in range(6)]
    folder = write_dump(tmp_path / "dump", *(Table(a, body.format(a, b), ["(1,1)", "(2,1)"]) for a, b in pairs))
    reference = by_client(server, folder)

    load_dump(load_config(folder, pool_size=4), target)

    assert definitions(server) == reference


@pytest.mark.usefixtures("keys_of_any_kind")
def test_an_index_that_a_small_table_s_foreign_key_points_at_is_there_from_the_start(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`), KEY `v` (`v`), KEY `w` (`id`,`v`)) ENGINE=InnoDB"
    child = "(`v` varchar(40), CONSTRAINT `f` FOREIGN KEY (`v`) REFERENCES `t` (`v`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("t", parent, ROWS), Table("u", child, ['("row 7")']))
    reference = by_client(server, folder)
    monkeypatch.setattr(load_plan, "LARGE_TABLE_BYTES", (folder / "s.t.sql").stat().st_size)

    prepare(load_config(folder), target)
    assert (keys(server, "t"), keys(server, "u")) == ({"v"}, {"f"})
    load_dump(load_config(folder), target)

    assert definitions(server) == reference


def test_small_tables_get_their_indexes_at_once(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", KEYED, ROWS))
    monkeypatch.setattr(load_plan, "LARGE_TABLE_BYTES", (folder / "s.t.sql").stat().st_size + 1)

    prepare(load_config(folder), target)

    assert (keys(server), waiting(server)) == ({"v", "w"}, 0)


def test_a_setting_turns_it_off(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", KEYED, ROWS))

    prepare(load_config(folder, defer_indexes=False), target)

    assert (keys(server), waiting(server)) == ({"v", "w"}, 0)


def test_a_table_that_was_there_keeps_its_indexes(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", KEYED, ROWS), Table("u", KEYED, ROWS))
    server.client("CREATE DATABASE s; CREATE TABLE s.t (id int PRIMARY KEY, v varchar(40), KEY own (v))")

    prepare(load_config(folder), target)
    assert (keys(server, "t"), keys(server, "u")) == ({"own"}, set())

    load_dump(load_config(folder), target)
    assert (keys(server, "t"), keys(server, "u")) == ({"own"}, {"v", "w"})


# -- broken off


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dump(tmp_path / "dump", Table("t", KEYED, ROWS, rows_per_statement=20))


def test_a_load_that_broke_among_its_rows_builds_them_in_the_end(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    reference = by_client(server, folder)
    config = load_config(folder, pool_size=1)
    prepare(config, target)
    import_until_broken(config, target, chunks=1)
    assert (keys(server), waiting(server)) == (set(), 2)
    with pytest.raises(CheckpointError, match="wait for rows"):
        loader.build_indexes(run_of(config, target))

    load_dump(config, target)

    assert (definitions(server), waiting(server), count(server, "s.t")) == (reference, 0, 300)


@pytest.mark.parametrize("after_the_alter", [False, True], ids=["before the ALTER", "after it"])
def test_an_error_beside_the_alter_leaves_them_to_the_next_attempt(
    after_the_alter: bool, server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    reference = by_client(server, folder)

    def fail(*args: Any) -> None:
        if after_the_alter:
            add_indexes(*args)
        raise TargetError("the test says so")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_builder, "add_indexes", fail)
        with pytest.raises(TargetError, match="the test says so"):
            load_dump(load_config(folder), target)
    assert waiting(server) == 2
    assert keys(server) == ({"v", "w"} if after_the_alter else set())

    report = load_dump(load_config(folder), target)

    assert (definitions(server), waiting(server)) == (reference, 0)
    assert (report.rows, count(server, "s.t")) == (300, 300)


@pytest.mark.parametrize(
    ("point", "built"),
    [
        ("between two index builds", set()),
        ("indexes built, the mark still there", {"v", "w"}),
        ("indexes built, not written down", {"v", "w"}),
    ],
)
def test_a_process_that_is_killed_beside_the_alter_leaves_them_to_the_next(
    point: str, built: set[str], server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    reference = by_client(server, folder)
    with Attempt(load_config(folder), target, point=point) as attempt:
        assert attempt.dies()
    assert (keys(server), waiting(server), count(server, "s.t")) == (built, 2, 300)

    load_dump(load_config(folder), target)

    assert (definitions(server), waiting(server), count(server, "s.t")) == (reference, 0, 300)


@pytest.mark.servers
@pytest.mark.parametrize("point", ["between two index builds", "indexes built, the mark still there"])
def test_a_process_that_is_killed_beside_the_alter_leaves_a_mark_that_outlives_our_state(
    point: str, server: AnyServer, target: TargetConfig, folder: Path
) -> None:
    with Attempt(load_config(folder), target, point=point) as attempt:
        assert attempt.dies()
    assert "dm-loader builds later" in definition(server)
    query(server, "DROP DATABASE dm_meta")

    report = load_dump(load_config(folder, task_name="another", on_existing_rows="truncate"), target)

    assert "dm-loader" not in definition(server)
    assert (keys(server), report.outcome, report.warnings, count(server, "s.t")) == ({"v", "w"}, "clean", (), 300)


def definition(server: AnyServer) -> str:
    return str(query(server, "SHOW CREATE TABLE s.t")[0][1])


def test_forgetting_the_load_keeps_what_its_tables_lack(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    """The tables stay, so nobody would create them with their indexes again."""
    reference = by_client(server, folder)
    config = load_config(folder, pool_size=1)
    prepare(config, target)
    import_until_broken(config, target, chunks=1)
    query(server, "TRUNCATE TABLE s.t")

    afresh = load_config(folder, remove_meta=True)
    prepare(afresh, target, Worker("here", run_id="run-2"))
    assert (keys(server), waiting(server)) == (set(), 2)
    import_all(afresh, target, Worker("here", run_id="run-2"))

    assert (definitions(server), waiting(server), count(server, "s.t")) == (reference, 0, 300)


@pytest.mark.parametrize("drop", ["TABLE s.t", "DATABASE s"])
def test_a_table_that_was_dropped_does_not_block_the_others(
    drop: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", KEYED, ROWS), Table("u", KEYED, ROWS, schema="r"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_builder, "add_indexes", lambda *_: (_ for _ in ()).throw(TargetError("the test says so")))
        with pytest.raises(TargetError):
            load_dump(load_config(folder), target)
    query(server, f"DROP {drop}")

    loader.build_indexes(run_of(load_config(folder), target))

    assert waiting(server) == 0
    assert "KEY `v` (`v`)" in str(query(server, "SHOW CREATE TABLE r.u"))


# -- two at once


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("(`id` int, `v` int)", [SecondaryIndex("v", "KEY `v` (`v`)"), SecondaryIndex("w", "KEY `w` (`v`,`id`)")]),
        (
            "(`id` int, `v` int, UNIQUE KEY `f` (`v`))",
            [SecondaryIndex("f", "CONSTRAINT `f` FOREIGN KEY (`v`) REFERENCES `p` (`id`)")],
        ),
        (
            "(`id` int, `v` int)",
            [SecondaryIndex("f", "KEY `f` (`v`), ADD CONSTRAINT `f` FOREIGN KEY (`v`) REFERENCES `p` (`id`)")],
        ),
    ],
    ids=["keys", "a foreign key", "both of one name"],
)
def test_sessions_that_build_the_same_at_once_do_no_harm(
    body: str, wanted: list[SecondaryIndex], server: PrivateMariaDB, target: TargetConfig
) -> None:
    server.client(f"CREATE DATABASE s; CREATE TABLE s.p (id int PRIMARY KEY); CREATE TABLE s.t {body}")
    server.client("INSERT INTO s.p VALUES (1); INSERT INTO s.t VALUES (1, 1)")
    looked = threading.Barrier(3, timeout=PATIENCE_S)

    class Slow(Database):
        """Looks at what is there together with the others, so that all of them find it missing."""

        def query(self, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
            rows = super().query(*args, **kwargs)
            with suppress(threading.BrokenBarrierError):
                looked.wait()
            looked.abort()
            return rows

    def build(_: int) -> None:
        with Slow.open(target, session={"foreign_key_checks": 0}) as db:
            add_indexes(db, "s", "t", wanted)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(build, range(3)))

    ((_, text),) = query(server, "SHOW CREATE TABLE s.t")
    for index in wanted:
        for definition in index.definition.split(", ADD "):
            assert text.count(definition) == 1


def test_two_attempts_that_end_their_rows_at_once_build_once(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    reference = by_client(server, folder)
    config = load_config(folder)
    prepare(config, target)

    with ThreadPoolExecutor(2) as threads:
        runs = [
            threads.submit(loader.run_import, run_of(config, target, Worker("here", run_id=f"{at}"))) for at in (1, 2)
        ]
        sent = sum(run.result(PATIENCE_S).rows_sent for run in runs)
    loader.build_indexes(run_of(config, target))

    assert sent == count(server, "s.t") == 300
    assert (definitions(server), waiting(server)) == (reference, 0)


def test_an_index_that_can_not_be_built_names_its_table_and_waits(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    prepare(load_config(folder), target)
    query(server, "ALTER TABLE s.t CHANGE v u varchar(40)")
    query(server, "UPDATE dm_meta.dm_loader_file SET done = 1")

    with pytest.raises(LoaderError, match="'v'") as caught:
        loader.build_indexes(run_of(load_config(folder), target))

    assert (caught.value.table, caught.value.errno, waiting(server)) == ("s.t", 1072, 2)


def test_a_build_that_is_tried_again_logs_no_value_where_values_are_hidden(
    server: PrivateMariaDB, target: TargetConfig, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tried = 0

    def fail_once(*args: Any) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise RetriableError("the engine stumbled over 'row 7'", errno=1815)
        add_indexes(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_builder, "add_indexes", fail_once)
        load_soon(load_config(folder, hide_values=True), target)

    assert (keys(server), waiting(server)) == ({"v", "w"}, 0)
    (said,) = [text for text in caplog.messages if "the indexes of s.t failed, again in" in text]
    assert "server error 1815" in said
    assert "row 7" not in caplog.text
