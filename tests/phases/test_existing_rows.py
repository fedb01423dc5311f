"""Rows that a table holds before the load: nothing is added to them without a word where no key tells rows apart."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, ConnectionLostError, LoaderError, RowError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.progress.words import describe_plan
from airflow_dm_loader.state import holds
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target import named_lock
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from dev.private_server import PrivateServer
from tests.dumps import WITH_KEY, WITHOUT_KEY, Table, import_all, load_config, numbered, prepare, run_of, write_dump
from tests.tables import count, one, query

MERGE = [{"schema-pattern": "s*", "table-pattern": "k", "target-schema": "s", "target-table": "k"}]
NULLABLE = "(`id` int NULL, `v` varchar(40), UNIQUE KEY (`id`)) ENGINE=InnoDB"
TOO_LONG = '(290,"' + "x" * 50 + '")'
MENDED = "(290," + " " * 47 + '"row")'  # of the same size


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dump(tmp_path / "dump", numbered("k", 300, WITHOUT_KEY))


def metadata(rows: int) -> str:
    return (
        "# Started dump at: 2026-11-23 17:29:14\n[config]\nquote-character = BACKTICK\n\n[`s`.`k`]\n"
        f"real_table_name=k\nrows = {rows}\n# Finished dump at: 2026-11-23 17:29:15\n"
    )


def each_once(server: PrivateServer, rows: int) -> None:
    assert (count(server, "s.k"), one(server, "SELECT COUNT(DISTINCT id) FROM s.k")) == (rows, rows)


@pytest.mark.parametrize("create", [WITHOUT_KEY, NULLABLE], ids=["no key", "a key that may be NULL"])
def test_a_second_task_name_is_refused_with_counts(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, create: str
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("k", 300, create), metadata=metadata(300))
    load_dump(load_config(folder, task_name="monday"), target)

    with pytest.raises(TargetError) as caught:
        load_dump(load_config(folder, task_name="tuesday"), target)

    assert caught.value.message == (
        "s.k holds 300 rows and has no key that tells its rows apart: the load would add 300 (on_existing_rows=error)"
    )
    assert (caught.value.code, caught.value.table) == (34019, "s.k")
    each_once(server, 300)


def test_a_key_that_the_dump_does_not_hold_tells_nothing(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.k (id int NOT NULL, v varchar(40), n int AUTO_INCREMENT PRIMARY KEY INVISIBLE)")
    load_dump(load_config(folder), target)

    with pytest.raises(TargetError, match="300 rows and has no key"):
        load_dump(load_config(folder, task_name="other"), target)

    each_once(server, 300)


def test_remove_meta_on_a_table_that_was_not_emptied_forgets_nothing(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    load_dump(load_config(folder), target)

    with pytest.raises(TargetError, match=r"s.k holds 300 rows"):
        load_dump(load_config(folder, remove_meta=True), target)

    assert one(server, "SELECT status FROM dm_meta.dm_loader_load") == "finished"
    each_once(server, 300)


def test_the_remedy_of_that_leads_to_the_end(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    load_dump(load_config(folder, task_name="monday"), target)
    with pytest.raises(TargetError):
        load_dump(load_config(folder, task_name="tuesday"), target)

    query(server, "TRUNCATE s.k")
    report = load_dump(load_config(folder, task_name="tuesday"), target)

    assert (report.outcome, report.rows_sent) == ("clean", 300)
    each_once(server, 300)


def test_a_new_dump_under_the_name_of_a_finished_load_is_refused_too(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    load_dump(load_config(folder), target)
    with (folder / "s.k.sql").open("a") as file:
        file.write('INSERT INTO `k` VALUES (300,"c");\n')

    with pytest.raises(TargetError, match=r"s.k holds 300 rows"):
        load_dump(load_config(folder), target)

    each_once(server, 300)


def test_append_adds_them_with_a_warning(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    load_dump(load_config(folder), target)

    report = load_dump(load_config(folder, task_name="other", on_existing_rows="append"), target)

    assert count(server, "s.k") == 600
    assert any("s.k holds 300 rows and has no key" in warning for warning in report.warnings)
    assert [(table.rows_before, table.added) for table in report.tables] == [(300, 300)]


def test_with_a_key_rows_are_added_and_counted(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {WITH_KEY}")
    query(server, "INSERT INTO s.t VALUES (1, 'old'), (2, 'b'), (7, 'mine')")
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")', '(3,"c")']))

    ignored = load_dump(load_config(folder, on_duplicate_logical="ignore"), target)
    report = load_dump(load_config(folder, task_name="again"), target)

    (table,) = ignored.tables
    assert (table.rows_before, table.added, table.ignored) == (3, 1, 2)
    (table,) = report.tables
    assert (table.rows_before, table.added, table.replaced) == (4, 0, 1)
    assert not report.warnings


def test_error_holds_for_tables_with_a_key_too(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 20))
    load_dump(load_config(folder), target)

    with pytest.raises(TargetError, match=r"s.t holds 20 rows and has a unique key"):
        load_dump(load_config(folder, task_name="other", on_existing_rows="error"), target)


def test_nothing_is_created_before_it_is_refused(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.k {WITHOUT_KEY}")
    query(server, "INSERT INTO s.k VALUES (1, 'mine')")
    folder = write_dump(tmp_path / "dump", numbered("k", 3, WITHOUT_KEY), numbered("a", 3))

    with pytest.raises(TargetError, match=r"s.k holds 1 rows"):
        prepare(load_config(folder), target)

    assert query(server, "SHOW TABLES IN s") == [("k",)]


def test_the_dry_run_says_it_in_one_line(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("k", 1200, WITHOUT_KEY), metadata=metadata(1200))
    load_dump(load_config(folder), target)
    sentence = "s.k holds 1,200 rows and has no key that tells its rows apart: the load would add 1,200"

    refused = loader.plan_dump(load_config(folder, task_name="other"), target)
    added = loader.plan_dump(load_config(folder, task_name="other", on_existing_rows="append"), target)
    finished = loader.plan_dump(load_config(folder), target)
    afresh = loader.plan_dump(load_config(folder, remove_meta=True), target)

    assert any(sentence in problem for problem in refused.problems)
    assert any(sentence in problem for problem in afresh.problems)
    assert (added.problems, finished.problems, finished.existing_rows) == ((), (), ())
    assert any(sentence in line for line in describe_plan(added))
    assert any(sentence in warning for warning in added.warnings)


def test_a_resume_goes_on_over_its_own_rows(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    table = numbered("k", 300, WITHOUT_KEY)
    bad = [*table.rows[:290], TOO_LONG, *table.rows[291:]]
    folder = write_dump(tmp_path / "dump", Table("k", WITHOUT_KEY, bad, rows_per_statement=50))
    with pytest.raises(LoaderError):
        load_dump(load_config(folder, pool_size=1), target)
    assert 0 < count(server, "s.k") < 300
    data = folder / "s.k.sql"
    data.write_text(data.read_text().replace(TOO_LONG, MENDED))

    report = load_dump(load_config(folder), target)

    assert report.outcome == "clean"
    each_once(server, 300)


@pytest.mark.parametrize("at_once", [False, True])
def test_shards_of_one_task_share_a_table(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, at_once: bool
) -> None:
    def shard(number: int) -> LoadConfig:
        rows = [f'({at},"shard {number}")' for at in range(number * 1000, number * 1000 + 200)]
        table = Table("k", WITHOUT_KEY, rows, schema=f"s{number}", rows_per_statement=20)
        folder = write_dump(tmp_path / f"dump{number}", table)
        return load_config(folder, source_id=f"source-{number}", routes=MERGE)

    configs = [shard(number) for number in range(3)]
    with ThreadPoolExecutor(3 if at_once else 1) as threads:
        reports = list(threads.map(lambda config: load_dump(config, target), configs))

    assert [report.outcome for report in reports] == ["clean"] * 3
    each_once(server, 600)


def test_of_two_tasks_at_once_the_later_one_has_the_table_while_nothing_is_in(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    early, late = load_config(folder, task_name="early"), load_config(folder, task_name="late")
    prepare(early, target)
    prepare(late, target)

    with pytest.raises(CheckpointError, match=r"another load task fills .*: s.k by 'late'"):
        loader.run_import(run_of(early, target))
    loader.run_import(run_of(late, target))
    with pytest.raises(TargetError, match=r"s.k holds 300 rows"):
        loader.create_tables(run_of(early, target))

    each_once(server, 300)


def test_an_attempt_whose_table_was_taken_over_sends_nothing_more(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """It waits in the middle of its first chunk while another task comes: that one waits for the chunk, and refuses."""
    folder = write_dump(tmp_path / "dump", numbered("k", 300, WITHOUT_KEY))
    early, late = load_config(folder, task_name="early", pool_size=1), load_config(folder, task_name="late")
    prepare(early, target)
    loader.run_import(run_of(early, target))  # its rows are committed, and somebody empties the table
    query(server, "TRUNCATE s.k")
    query(server, "UPDATE dm_meta.dm_loader_file SET done = 0")
    query(server, "DELETE FROM dm_meta.dm_loader_chunk WHERE start_offset > 0")

    prepare(late, target)
    with pytest.raises(CheckpointError):
        loader.run_import(run_of(early, target))
    loader.run_import(run_of(late, target, Worker("there", run_id="run-2")))

    each_once(server, 300)


@pytest.mark.parametrize("names", [("one", "two"), ("one", "two", "three")])
def test_tasks_that_run_at_once_never_double_a_row(
    server: PrivateMariaDB, target: TargetConfig, folder: Path, names: tuple[str, ...]
) -> None:
    together = threading.Barrier(len(names))

    def load(name: str) -> Any:
        together.wait()
        try:
            return load_dump(load_config(folder, task_name=name), target).outcome
        except LoaderError as error:
            return error

    with ThreadPoolExecutor(len(names)) as threads:
        ended = list(threads.map(load, names))

    rows = count(server, "s.k")
    assert one(server, "SELECT COUNT(DISTINCT id) FROM s.k") == rows
    assert rows == 300 or "clean" not in ended
    assert ended.count("clean") <= 1


def test_remove_meta_while_another_run_is_at_it_adds_no_row_twice(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    config = load_config(folder, pool_size=1)
    import_all(config, target)
    again = load_config(folder, remove_meta=True)

    with pytest.raises(TargetError, match=r"s.k holds 300 rows"):
        loader.prepare_checkpoint(run_of(again, target, Worker("there", "d", "run-2")))
    loader.verify(run_of(config, target))

    each_once(server, 300)


def test_rows_that_came_in_behind_a_load_that_has_none_are_seen(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    prepare(load_config(folder), target)
    query(server, "INSERT INTO s.k VALUES (-1, 'mine')")

    with pytest.raises(TargetError, match=r"s.k holds 1 rows"):
        load_dump(load_config(folder), target)

    assert count(server, "s.k") == 1


def test_a_bad_row_of_a_keyed_table_is_no_matter_of_this(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '("x","b")']))
    for _ in range(2):
        with pytest.raises(RowError):
            load_dump(load_config(folder), target)


# -- truncate


def truncating(folder: Path, **changes: Any) -> LoadConfig:
    return load_config(folder, on_existing_rows="truncate", **changes)


def state(server: PrivateServer) -> list[tuple[Any, ...]]:
    return query(server, "SELECT task_name, action, state FROM dm_meta.dm_loader_hold")


def filled(server: PrivateMariaDB, rows: int = 50) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.k {WITHOUT_KEY}")
    query(server, "INSERT INTO s.k VALUES " + ", ".join(f"({-at}, 'mine')" for at in range(1, rows + 1)))


def test_rows_that_exist_are_deleted_once(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    filled(server)

    plan = loader.plan_dump(truncating(folder), target)
    report = load_dump(truncating(folder), target)
    again = load_dump(truncating(folder), target)

    assert any("s.k holds 50 rows: the load would delete them" in line for line in describe_plan(plan))
    assert (report.outcome, again.skipped) == ("clean", True)
    assert state(server) == [("t", "truncate", "done")]
    each_once(server, 300)


def test_another_task_and_a_new_round_delete_them_anew(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    load_dump(truncating(folder, task_name="monday"), target)
    load_dump(truncating(folder, task_name="tuesday"), target)
    each_once(server, 300)

    load_dump(truncating(folder, task_name="tuesday", remove_meta=True), target)

    each_once(server, 300)


def test_killed_before_a_row_was_deleted_or_in_the_middle_of_it(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    """What a kill leaves: the intent, and some rows or none of them gone."""
    filled(server)
    config = truncating(folder)
    loader.prepare_checkpoint(run_of(config, target))
    with Database.open(target) as db:
        meta = Meta(db, "dm_meta")
        holds.take(meta, config, [TableName("s", "k")])
        assert holds.intend_emptying(meta, config, [TableName("s", "k")]) == [TableName("s", "k")]
        assert not holds.delete_some(meta, config, TableName("s", "k"), limit=20)
    assert (count(server, "s.k"), state(server)) == (30, [("t", "truncate", "intent")])

    report = load_dump(config, target)

    assert (report.outcome, state(server)) == ("clean", [("t", "truncate", "done")])
    each_once(server, 300)


def test_killed_after_it_with_rows_committed_it_is_not_repeated(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    filled(server)
    table = numbered("k", 300, WITHOUT_KEY)
    bad = [*table.rows[:290], TOO_LONG, *table.rows[291:]]
    folder = write_dump(tmp_path / "dump", Table("k", WITHOUT_KEY, bad, rows_per_statement=50))
    with pytest.raises(LoaderError):
        load_dump(truncating(folder, pool_size=1), target)
    before = count(server, "s.k")
    data = folder / "s.k.sql"
    data.write_text(data.read_text().replace(TOO_LONG, MENDED))
    query(server, "UPDATE dm_meta.dm_loader_hold SET action = '', state = ''")  # even if that was lost

    report = load_dump(truncating(folder), target)

    assert 0 < before < 300
    assert report.rows_sent == 300 - before
    each_once(server, 300)


def test_who_wakes_up_late_deletes_nothing(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    filled(server)
    config = truncating(folder)
    loader.prepare_checkpoint(run_of(config, target))
    with Database.open(target) as db:
        meta = Meta(db, "dm_meta")
        holds.take(meta, config, [TableName("s", "k")])
        holds.intend_emptying(meta, config, [TableName("s", "k")])
        load_dump(config, target)

        assert holds.delete_some(meta, config, TableName("s", "k"))
        assert holds.intend_emptying(meta, config, [TableName("s", "k")]) == []

    each_once(server, 300)


def test_an_import_waits_until_all_rows_are_deleted(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    prepare(truncating(folder), target)
    query(server, "UPDATE dm_meta.dm_loader_hold SET state = 'intent'")

    with pytest.raises(CheckpointError, match="not all deleted yet"):
        loader.run_import(run_of(truncating(folder), target))
    loader.create_tables(run_of(truncating(folder), target))
    loader.run_import(run_of(truncating(folder), target))

    each_once(server, 300)


@pytest.mark.parametrize("at_once", [False, True])
def test_of_two_sources_one_deletes_and_both_load(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, at_once: bool
) -> None:
    filled(server)

    def shard(number: int) -> LoadConfig:
        rows = [f'({at},"shard {number}")' for at in range(number * 1000, number * 1000 + 200)]
        table = Table("k", WITHOUT_KEY, rows, schema=f"s{number}", rows_per_statement=20)
        folder = write_dump(tmp_path / f"dump{number}", table)
        sources = ("source-0", "source-1") if at_once else ()
        return truncating(folder, source_id=f"source-{number}", sources=sources, routes=MERGE)

    with ThreadPoolExecutor(2 if at_once else 1) as threads:
        reports = list(threads.map(lambda config: load_dump(config, target), [shard(0), shard(1)]))

    assert [report.outcome for report in reports] == ["clean"] * 2
    each_once(server, 400)


def test_rows_of_another_source_are_never_deleted(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    def shard(number: int, rows: int) -> LoadConfig:
        table = Table("k", WITHOUT_KEY, [f'({number * 1000 + at},"a")' for at in range(rows)], schema=f"s{number}")
        folder = write_dump(tmp_path / f"dump{number}-{rows}", table)
        return truncating(folder, source_id=f"source-{number}", routes=MERGE)

    for number in (0, 1):
        load_dump(shard(number, 20), target)

    with pytest.raises(TargetError, match=r"s\.k holds 20 rows"):  # source 0's, of its dump before
        load_dump(shard(0, 30), target)

    each_once(server, 40)


def test_parents_are_emptied_after_their_children_or_refused(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.a (id int PRIMARY KEY)")
    query(server, "CREATE TABLE s.b (id int PRIMARY KEY, a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES a (id))")
    query(server, "INSERT INTO s.a VALUES (1), (2)")
    query(server, "INSERT INTO s.b VALUES (1, 1)")
    parent = "(`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    child = "(`id` int NOT NULL, `a` int, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    alone = write_dump(tmp_path / "alone", Table("a", parent, ["(5)"]))
    both = write_dump(tmp_path / "both", Table("a", parent, ["(5)"]), Table("b", child, ["(7,5)"]))

    with pytest.raises(TargetError, match="others refer to them"):
        load_dump(truncating(alone, task_name="alone"), target)
    assert (count(server, "s.a"), count(server, "s.b")) == (2, 1)
    load_dump(truncating(both, task_name="both"), target)

    assert (query(server, "SELECT id FROM s.a"), query(server, "SELECT id, a FROM s.b")) == ([(5,)], [(7, 5)])


def test_a_child_that_would_lose_its_rows_is_refused_by_name(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.a (id int PRIMARY KEY)")
    query(server, "CREATE TABLE s.b (a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE)")
    query(server, "INSERT INTO s.a VALUES (1)")
    query(server, "INSERT INTO s.b VALUES (1)")
    folder = write_dump(tmp_path / "dump", Table("a", "(`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB", ["(5)"]))

    with pytest.raises(TargetError, match=r"s\.b refers to it \(ON DELETE CASCADE\)"):
        load_dump(truncating(folder), target)

    assert (count(server, "s.a"), count(server, "s.b")) == (1, 1)


# -- recreate

OTHER = "(`id` bigint NOT NULL, `gone` int DEFAULT 7, KEY `mine` (`gone`)) ENGINE=InnoDB"


def recreating(folder: Path, **changes: Any) -> LoadConfig:
    return load_config(folder, on_existing_rows="recreate", **changes)


def other_table(server: PrivateServer) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.k {OTHER}")
    query(server, "INSERT INTO s.k VALUES (1, 1), (2, 2)")


def definition(server: PrivateServer) -> str:
    return str(query(server, "SHOW CREATE TABLE s.k")[0][1])


@pytest.mark.servers
def test_a_table_is_made_anew_as_the_dump_has_it(server: PrivateServer, target: TargetConfig, folder: Path) -> None:
    other_table(server)

    plan = loader.plan_dump(recreating(folder), target)
    report = load_dump(recreating(folder), target)
    again = load_dump(recreating(folder), target)

    assert any("s.k holds 2 rows: the load would drop the table" in line for line in describe_plan(plan))
    assert (report.outcome, again.skipped) == ("clean", True)
    assert "gone" not in definition(server)
    assert state(server) == [("t", "recreate", "done")]
    each_once(server, 300)


def test_another_task_and_a_new_round_make_it_anew(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    load_dump(recreating(folder, task_name="monday"), target)
    query(server, "ALTER TABLE s.k ADD gone int")
    load_dump(recreating(folder, task_name="tuesday"), target)
    assert "gone" not in definition(server)
    query(server, "ALTER TABLE s.k ADD gone int")

    load_dump(recreating(folder, task_name="tuesday", remove_meta=True), target)

    assert "gone" not in definition(server)
    each_once(server, 300)


def test_it_is_not_repeated_once_rows_are_committed(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    other_table(server)
    table = numbered("k", 300, WITHOUT_KEY)
    bad = [*table.rows[:290], TOO_LONG, *table.rows[291:]]
    folder = write_dump(tmp_path / "dump", Table("k", WITHOUT_KEY, bad, rows_per_statement=50))
    with pytest.raises(LoaderError):
        load_dump(recreating(folder, pool_size=1), target)
    before = count(server, "s.k")
    data = folder / "s.k.sql"
    data.write_text(data.read_text().replace(TOO_LONG, MENDED))
    query(server, "UPDATE dm_meta.dm_loader_hold SET action = '', state = ''")  # even if that was lost

    report = load_dump(recreating(folder), target)

    assert 0 < before < 300
    assert report.rows_sent == 300 - before
    each_once(server, 300)


def test_who_wakes_up_late_drops_nothing(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    other_table(server)
    config = recreating(folder)
    loader.prepare_checkpoint(run_of(config, target))
    with Database.open(target) as db:
        meta = Meta(db, "dm_meta")
        holds.take(meta, config, [TableName("s", "k")])
        holds.intend_emptying(meta, config, [TableName("s", "k")], "recreate")
        load_dump(config, target)

        holds.drop_once(meta, config, TableName("s", "k"))
        assert holds.to_recreate(meta, config, [TableName("s", "k")]) == []

    each_once(server, 300)


def test_a_session_that_is_frozen_before_the_drop_is_ended(
    server: PrivateMariaDB, target: TargetConfig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_table(server)
    monkeypatch.setattr(named_lock, "_WAIT_S", 1)
    with Database.open(target) as frozen, named_lock.named_lock(frozen, "s", "k"):
        report = load_dump(recreating(folder), target)

        with pytest.raises(ConnectionLostError):
            frozen.execute("DROP TABLE s.k")

    assert report.outcome == "clean"
    each_once(server, 300)


@pytest.mark.parametrize("at_once", [False, True])
def test_of_two_sources_one_recreates_and_both_load(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, at_once: bool
) -> None:
    other_table(server)

    def shard(number: int) -> LoadConfig:
        rows = [f'({at},"shard {number}")' for at in range(number * 1000, number * 1000 + 200)]
        table = Table("k", WITHOUT_KEY, rows, schema=f"s{number}", rows_per_statement=20)
        folder = write_dump(tmp_path / f"dump{number}", table)
        sources = ("source-0", "source-1") if at_once else ()
        return recreating(folder, source_id=f"source-{number}", sources=sources, routes=MERGE)

    with ThreadPoolExecutor(2 if at_once else 1) as threads:
        reports = list(threads.map(lambda config: load_dump(config, target), [shard(0), shard(1)]))

    assert [report.outcome for report in reports] == ["clean"] * 2
    assert "gone" not in definition(server)
    each_once(server, 400)


def test_what_would_be_lost_beyond_the_rows_is_refused_by_name(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.a (id int PRIMARY KEY)")
    query(server, "CREATE TABLE s.b (a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES a (id))")
    query(server, "INSERT INTO s.a VALUES (1)")
    query(server, "INSERT INTO s.b VALUES (1)")
    query(server, "CREATE TRIGGER s.told BEFORE INSERT ON s.a FOR EACH ROW SET @x = 1")
    parent = "(`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    child = "(`a` int, CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `a` (`id`)) ENGINE=InnoDB"
    alone = write_dump(tmp_path / "alone", Table("a", parent, ["(5)"]))
    no_create = write_dump(tmp_path / "rows", Table("a", None, ["(5)"]))
    both = write_dump(tmp_path / "both", Table("a", parent, ["(5)"]), Table("b", child, ["(5)"]))

    with pytest.raises(TargetError, match="no CREATE TABLE"):
        load_dump(recreating(no_create, task_name="rows"), target)
    with pytest.raises(TargetError, match=r"it has triggers, which would go with it .*: told"):
        load_dump(recreating(alone, task_name="alone"), target)
    query(server, "DROP TRIGGER s.told")
    with pytest.raises(TargetError, match=r"s\.b refers to it"):
        load_dump(recreating(alone, task_name="alone"), target)
    assert (count(server, "s.a"), count(server, "s.b")) == (1, 1)
    load_dump(recreating(both, task_name="both"), target)

    assert (query(server, "SELECT id FROM s.a"), query(server, "SELECT a FROM s.b")) == ([(5,)], [(5,)])
