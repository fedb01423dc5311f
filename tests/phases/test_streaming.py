from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import (
    CheckpointError,
    ConfigError,
    DumpTimeoutError,
    LoadInterruptedError,
    TargetError,
    UnsupportedStatementError,
)
from airflow_dm_loader.loader import plan_load, stream_dump
from airflow_dm_loader.report import LoadReport
from dev.private_mariadb import PrivateMariaDB
from tests.buckets import S3Server
from tests.dumps import METADATA, WITHOUT_KEY, Table, load_config, numbered, run_of, write_dump
from tests.phases.arriving import LIST, ArrivingDump, StepClock
from tests.tables import chunks, count, hashes_by_client, one, query, table_hashes

pytestmark = pytest.mark.servers

KEYED = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`), KEY `v` (`v`)) ENGINE=InnoDB"


@pytest.fixture
def dump(tmp_path: Path) -> ArrivingDump:
    """Two tables, one of them in two files, and a view."""
    whole = write_dump(
        tmp_path / "whole",
        numbered("a", 600, WITHOUT_KEY),
        numbered("b", 400, KEYED),
        views={"v": "SELECT `id` FROM `s`.`a`"},
    )
    rows = numbered("a", 900, WITHOUT_KEY)
    second = Table("a", WITHOUT_KEY, rows.rows[600:], rows_per_statement=50)
    (whole / "s.a.sql").rename(whole / "s.a.00000.sql")
    (whole / "s.a.00001.sql").write_text(second.data())
    return ArrivingDump(whole, tmp_path / "arriving")


def stream(dump: ArrivingDump, target: TargetConfig, *steps: object, **changes: object) -> LoadReport:
    clock = StepClock([step for step in steps if callable(step)])
    return loader.load(run_of(dump.config(**changes), target, None, clock=clock))


def rows_in(server: PrivateMariaDB) -> int:
    """Committed rows; 0 where nothing has come yet."""
    if not chunks(server):
        return 0
    return int(one(server, "SELECT SUM(row_count) FROM dm_meta.dm_loader_chunk WHERE end_offset IS NOT NULL"))


def test_files_are_loaded_as_they_come_and_the_load_ends_with_the_dump(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    reference = hashes_by_client(server, dump.whole)
    seen: list[int] = []

    def look() -> None:
        seen.append(rows_in(server))

    report = stream(
        dump,
        target,
        dump.bring_schemas,
        lambda: dump.bring("s.a.00000.sql"),
        look,
        lambda: dump.bring("s.b.sql"),
        look,
        dump.bring_rest,
    )

    assert seen == [600, 1000]
    assert (report.outcome, report.rows, report.rows_sent) == ("clean", 1300, 1300)
    assert table_hashes(server, ["s"]) == reference
    assert count(server, "s.v") == 900
    assert report.binlog_name == "vm-bin.000001"
    assert report.warnings == ()


def test_indexes_are_built_once_all_rows_of_a_table_are_there(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_dm_loader.plan.load_plan.LARGE_TABLE_BYTES", 1)
    keys: list[int] = []

    def look() -> None:
        keys.append(
            one(server, "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema='s' AND table_name='b'")
        )

    report = stream(dump, target, dump.bring_schemas, lambda: dump.bring("s.b.sql"), look, dump.bring_rest)

    assert (report.outcome, keys) == ("clean", [1])
    look()
    assert keys == [1, 2]


def test_a_dump_that_is_whole_is_loaded_as_any_other(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    dump.bring_rest()
    assert stream_dump(run_of(dump.config(), target)).rows == 0
    assert load_dump(dump.config(), target).rows == 1300
    assert count(server, "s.a") == 900


def test_objects_of_a_bucket_need_no_list(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig, s3: S3Server
) -> None:
    def bring(*names: str) -> None:
        for name in names:
            s3.put(f"night/{name}", (dump.whole / name).read_bytes())

    names = list(dump.waiting)
    clock = StepClock([lambda: bring(*names[:-2]), lambda: rows.append(rows_in(server)), lambda: bring(*names[-2:])])
    rows: list[int] = []
    config = load_config(Path("x")).changed(dump_uri=f"s3://{s3.bucket}/night", wait_for_dump="stream")

    report = loader.load(run_of(config, target, None, clock=clock, access=s3.access()))

    assert (report.outcome, report.rows, rows) == ("clean", 1300, [900])


def test_mydumpers_own_list_is_read_and_its_last_line_counts_once_it_has_an_end(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    names, listed = list(dump.waiting), tmp_path / "list of mydumper"
    for name in names[:-1]:
        (dump.folder / name).write_bytes((dump.whole / name).read_bytes())
    listed.write_text("".join(f"\n-- {name} 0\n" for name in names if "-schema" in name) + "\n-- s.b.sql 0")
    seen: list[int] = []
    clock = StepClock(
        [
            lambda: seen.append(rows_in(server)),
            lambda: append(listed, "\n"),
            lambda: seen.append(rows_in(server)),
            lambda: (dump.folder / "metadata").write_text(METADATA),
        ]
    )
    report = loader.load(run_of(dump.config(finished_files=str(listed)), target, None, clock=clock))
    assert (report.rows, seen) == (1300, [0, 400])


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_a_file_that_is_not_in_the_list_is_left_until_the_dump_is_whole(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    half = dump.folder / "s.b.sql"

    def half_of_it() -> None:
        half.write_bytes((dump.whole / "s.b.sql").read_bytes()[:2000])

    seen: list[int] = []
    report = stream(dump, target, dump.bring_schemas, half_of_it, lambda: seen.append(rows_in(server)), dump.bring_rest)
    assert (report.outcome, seen) == ("clean", [0])


@pytest.mark.parametrize("change", ["size", "content", "gone"])
def test_a_file_that_changes_after_its_first_chunk_is_34018(
    change: str, dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    file = dump.folder / "s.b.sql"

    def spoil() -> None:
        content = file.read_bytes()
        file.unlink()
        if change != "gone":
            file.write_bytes(content + b"\n" if change == "size" else content.replace(b"row", b"ROW"))

    with pytest.raises(CheckpointError, match="rows of it were loaded while") as error:
        stream(dump, target, dump.bring_schemas, lambda: dump.bring("s.b.sql"), spoil, dump.bring_rest)
    assert (error.value.code, error.value.file) == (34018, "s.b.sql")
    assert count(server, "s.b") == 400


def test_a_file_that_changes_before_its_first_row_is_taken_as_it_is_now(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    reference = hashes_by_client(server, dump.whole)
    dump.bring_schemas()
    bad = dump.folder / "s.b.sql"
    bad.write_text("INSERT INTO `b` VALUES\nno row;\n")
    dump.name("s.b.sql")
    with pytest.raises(UnsupportedStatementError) as error:
        stream(dump, target)
    assert error.value.file == "s.b.sql"
    dump.bring("s.b.sql")

    report = stream(dump, target, dump.bring_rest)

    assert (report.outcome, report.rows) == ("clean", 1300)
    assert table_hashes(server, ["s"]) == reference


def test_a_dump_that_never_ends_is_an_error_by_name(dump: ArrivingDump, target: TargetConfig) -> None:
    with pytest.raises(DumpTimeoutError, match=r"no file of the dump was finished for 60 s .*there is no 'metadata'"):
        stream(dump, target, dump.bring_schemas, lambda: dump.bring("s.b.sql"))


def test_a_file_that_comes_begins_the_wait_anew(dump: ArrivingDump, target: TargetConfig) -> None:
    pause = [lambda: None] * 25
    report = stream(
        dump, target, *pause, dump.bring_schemas, *pause, lambda: dump.bring("s.b.sql"), *pause, dump.bring_rest
    )
    assert report.outcome == "clean"


def test_a_load_that_is_stopped_goes_on_where_it_was(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    reference = hashes_by_client(server, dump.whole)
    stop = threading.Event()
    clock = StepClock([dump.bring_schemas, lambda: dump.bring("s.b.sql"), stop.set])
    with pytest.raises(LoadInterruptedError):
        loader.load(run_of(dump.config(), target, None, clock=clock, stop=stop))
    assert rows_in(server) == 400

    report = stream(dump, target, dump.bring_rest)

    assert (report.outcome, report.rows, report.rows_sent) == ("clean", 1300, 900)
    assert table_hashes(server, ["s"]) == reference


def test_what_only_the_whole_dump_tells_waits_for_its_end(
    tmp_path: Path, server: PrivateMariaDB, target: TargetConfig
) -> None:
    whole = write_dump(
        tmp_path / "whole",
        numbered("plain", 100),
        numbered("with.dot", 100),
        numbered("mydumper_7", 100),
        numbered("latin", 100, "(`id` int NOT NULL, `v` varchar(40) COMMENT 'é', PRIMARY KEY (`id`)) ENGINE=InnoDB"),
        replace(numbered("no_file", 100), create=None),
    )
    (whole / "s.mydumper_7-schema.sql").write_text("CREATE TABLE `odd?` " + WITHOUT_KEY + ";\n")
    (whole / "s.mydumper_7.sql").write_text('INSERT INTO `odd?` VALUES\n(1,"x");\n')
    server.client("CREATE DATABASE s; CREATE TABLE s.no_file " + WITHOUT_KEY)
    dump = ArrivingDump(whole, tmp_path / "arriving")
    (dump.whole / "metadata").write_text(
        "# Started dump at: 2026-11-23 17:29:14\n[config]\nquote-character = BACKTICK\n"
        "# Finished dump at: 2026-11-23 17:29:14\n"
    )
    seen: list[int] = []
    names = [name for name in dump.waiting if name != "metadata"]
    report = stream(
        dump,
        target,
        lambda: dump.bring(*names),
        lambda: seen.append(rows_in(server)),
        dump.bring_rest,
        on_existing_rows="append",
    )
    assert (report.rows, seen) == (401, [100])
    assert count(server, "s.`with.dot`") == 100
    assert count(server, "s.`odd?`") == 1


def test_rows_that_a_table_holds_are_refused_before_one_is_added(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    server.client(f"CREATE DATABASE s; CREATE TABLE s.a {WITHOUT_KEY}; INSERT INTO s.a VALUES (1, 'mine')")
    with pytest.raises(TargetError, match="holds 1 row"):
        stream(dump, target, dump.bring_schemas, lambda: dump.bring("s.a.00000.sql"))
    assert count(server, "s.a") == 1

    report = stream(dump, target, dump.bring_rest, on_existing_rows="truncate")

    assert (report.outcome, count(server, "s.a")) == ("clean", 900)


def test_truncate_deletes_once(dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig) -> None:
    server.client(f"CREATE DATABASE s; CREATE TABLE s.a {WITHOUT_KEY}; INSERT INTO s.a VALUES (1, 'mine')")
    report = stream(
        dump,
        target,
        dump.bring_schemas,
        lambda: dump.bring("s.a.00000.sql"),
        lambda: dump.bring("s.a.00001.sql"),
        dump.bring_rest,
        on_existing_rows="truncate",
    )
    assert (report.outcome, count(server, "s.a"), count(server, "s.b")) == ("clean", 900, 400)


def test_filters_and_routes_hold(dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig) -> None:
    report = stream(
        dump,
        target,
        dump.bring_schemas,
        lambda: dump.bring("s.a.00000.sql", "s.b.sql"),
        dump.bring_rest,
        routes=[{"schema-pattern": "s", "table-pattern": "b", "target-schema": "other", "target-table": "c"}],
        block_allow_list={"ignore-tables": [{"db-name": "s", "tbl-name": "v"}]},
    )
    assert (report.outcome, count(server, "s.a"), count(server, "other.c")) == ("clean", 900, 400)


def test_other_rules_than_the_load_began_with_are_refused(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    with pytest.raises(DumpTimeoutError):
        stream(dump, target, dump.bring_schemas, lambda: dump.bring("s.b.sql"), dump_timeout_s=4)
    routes = [{"schema-pattern": "s", "target-schema": "other"}]
    with pytest.raises(CheckpointError, match="were changed since this load was prepared"):
        stream(dump, target, dump.bring_rest, routes=routes)
    dump.bring_rest() if dump.waiting else None
    with pytest.raises(CheckpointError, match="wait_for_dump is not stream any more"):
        load_dump(dump.config(wait_for_dump="finished", finished_files=None, dump_timeout_s=21600), target)
    assert load_dump(dump.config(), target).outcome == "clean"
    with pytest.raises(CheckpointError, match="wait_for_dump is not stream any more"):
        load_dump(dump.config(wait_for_dump="finished", finished_files=None, dump_timeout_s=21600), target)
    assert load_dump(dump.config(), target).rows_sent == 0


def test_a_new_dump_in_the_place_of_a_finished_one_starts_afresh(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    assert stream(dump, target, dump.bring_schemas, dump.bring_rest).outcome == "clean"
    query(server, "DROP DATABASE s")
    again = ArrivingDump(dump.whole, dump.folder.with_name("again"))
    for path in dump.folder.iterdir():
        path.unlink()
    again.folder.rmdir()
    dump.folder.rename(again.folder)

    report = stream(again, target, again.bring_schemas, lambda: again.bring("s.b.sql"), again.bring_rest)

    assert (report.outcome, report.rows_sent) == ("clean", 1300)


def test_a_load_that_had_finished_is_kept_until_rows_of_a_new_dump_come(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    stream(dump, target, dump.bring_schemas, dump.bring_rest, clean_dump_files=True)
    with pytest.raises(DumpTimeoutError):
        stream(dump, target, dump_timeout_s=4)
    assert query(server, "SELECT status FROM dm_meta.dm_loader_load") == [("finished",)]


def test_a_list_that_is_gone_for_a_while_is_waited_for(dump: ArrivingDump, target: TargetConfig) -> None:
    listed, aside = dump.folder / LIST, dump.folder / "aside"
    report = stream(
        dump,
        target,
        dump.bring_schemas,
        lambda: dump.bring("s.b.sql"),
        lambda: listed.rename(aside),
        lambda: aside.rename(listed),
        dump.bring_rest,
    )
    assert report.outcome == "clean"


def test_the_list_goes_with_the_dump_that_it_is_of(dump: ArrivingDump, target: TargetConfig) -> None:
    report = stream(dump, target, dump.bring_schemas, dump.bring_rest, clean_dump_files=True)
    assert report.outcome == "clean"
    assert not dump.folder.exists()


def test_a_dry_run_says_what_has_come_and_changes_nothing(
    dump: ArrivingDump, server: PrivateMariaDB, target: TargetConfig
) -> None:
    with pytest.raises(DumpTimeoutError):
        stream(dump, target, dump.bring_schemas, lambda: dump.bring("s.b.sql"), dump_timeout_s=4)
    dump.bring_rest()
    plan = plan_load(run_of(dump.config(dry_run=True), target))
    assert plan.stored == "stored as running, begun while the dump was being made: 1 data files have rows in"
    assert plan.problems == ()
    with pytest.raises(ConfigError, match="dry_run"):
        stream_dump(run_of(dump.config(dry_run=True), target))
    assert (rows_in(server), LIST in {path.name for path in dump.folder.iterdir()}) == (400, True)
