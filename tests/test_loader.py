from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DumpFormatError, DumpMetadataError, DumpNotFoundError, WorkerNotMatchError
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.report import LoadStatus
from dev.private_mariadb import PrivateMariaDB
from tests.dump import dumpling
from tests.dumps import SAMPLES, Table, expected, load_config, numbered, run_of, write_dump
from tests.faults import global_variable
from tests.tables import chunks, count, hashes_by_client, is_like_the_source, one, query, table_hashes

SQL_SAMPLES = (
    "mydumper-0.10",
    "mydumper-0.10-gz-rows",
    "mydumper-1.0",
    "mydumper-1.0-zstd",
    "mydumper-1.0-hex-complete",
    "mydumper-1.0-replace-small-statements",
)


NULLS = (
    "checksum not compared: the dump is of another kind of server, whose CHECKSUM TABLE sums up NULLs of fixed length "
    "differently"
)
STORED = "checksum not compared: MariaDB's CHECKSUM TABLE changes by itself with a stored generated column"


def schemas_of(hashes: dict[str, str]) -> set[str]:
    return {name.partition(".")[0] for name in hashes}


# -- whole dumps


@pytest.mark.parametrize("local_infile", [1, 0], ids=["load data", "statements"])
@pytest.mark.parametrize("name", SQL_SAMPLES)
def test_a_sample_dump_arrives_byte_for_byte(
    name: str, local_infile: int, server: PrivateMariaDB, target: TargetConfig
) -> None:
    reference = hashes_by_client(server, SAMPLES / name)
    schemas = schemas_of(reference)
    source = {table: facts for table, facts in expected().items() if table.partition(".")[0] in schemas}

    with global_variable(server, "local_infile", local_infile):
        report = load_dump(load_config(SAMPLES / name), target)

    assert table_hashes(server, schemas) == reference
    sent_as = {table.sent_as for table in report.tables if table.rows}
    assert ("load data" in sent_as) == (local_infile == 1 and "hex" not in name)
    assert {table.table: table.rows for table in report.tables} == {table: rows for table, (rows, _) in source.items()}
    assert {table: count(server, table) for table in source} == {table: rows for table, (rows, _) in source.items()}
    for table, (_, checksum) in source.items() if is_like_the_source(server) else ():
        assert query(server, f"CHECKSUM TABLE {table}") == [(table, checksum)]
    assert count(server, "shop.a_view_on_a_view") == count(server, "shop.big_spenders") > 0
    assert {table.row_count for table in report.tables} == {"passed"}
    assert report.outcome == "clean"


def test_small_statements_make_many_chunks(server: PrivateMariaDB, target: TargetConfig) -> None:
    report = load_dump(load_config(SAMPLES / "mydumper-1.0-replace-small-statements"), target)

    assert chunks(server) > 50
    assert report.rows == 5000


def test_the_report_tells_the_whole_load(server: PrivateMariaDB, target: TargetConfig) -> None:
    folder = SAMPLES / "mydumper-1.0"

    report = load_dump(load_config(folder, task_name="shop", source_id="north"), target)

    assert (report.task_name, report.source_id, report.status, report.skipped) == ("shop", "north", "finished", False)
    assert (report.binlog_name, report.binlog_pos, report.binlog_gtid) == ("vm-bin.000001", 606443, "0-7-28")
    assert report.rows == report.rows_sent == sum(rows for rows, _ in expected().values())
    data_files = [path for path in folder.glob("*.sql") if "-schema" not in path.name]
    assert report.file_bytes == sum(path.stat().st_size for path in data_files)
    # Its metadata has the source's CHECKSUM TABLE.
    not_compared = {table.remark for table in report.tables if table.checksum != "passed"}
    assert not_compared == (set() if is_like_the_source(server) else {NULLS if server.flavour == "mysql" else STORED})
    assert {table.sent_as for table in report.tables if table.rows} <= {"load data", "statements"}
    assert {table.sent_as for table in report.tables if not table.rows} == {""}
    assert report.not_loaded == {"triggers": 1, "routines and events": 1}
    assert report.seconds > 0
    assert one(server, "SELECT status FROM dm_meta.dm_loader_load") == "finished"


def test_a_second_load_of_the_same_dump_sends_nothing(server: PrivateMariaDB, target: TargetConfig) -> None:
    config = load_config(SAMPLES / "mydumper-0.10")
    first = load_dump(config, target)
    before = table_hashes(server, ["shop", "shop_eu", "shop_us"]), chunks(server)

    second = load_dump(config, target)

    assert (second.skipped, second.rows_sent, second.rows) == (True, 0, first.rows)
    assert (second.outcome_id, second.binlog_pos) == (first.outcome_id, first.binlog_pos)
    assert (table_hashes(server, ["shop", "shop_eu", "shop_us"]), chunks(server)) == before


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_a_dump_in_dumplings_layout_arrives_byte_for_byte(
    compression: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    text = ["it's", 'a "quote"', "back\\slash", "new\nline", "a),(b;", "nul\0", "日本語 🙂", ""]
    rows = [(at, text[at % 8], bytes(range(at % 256)), None if at % 3 else at * 1.5) for at in range(500)]
    create = "CREATE TABLE `data` (`id` int PRIMARY KEY, `t` text, `b` blob, `f` double) ENGINE=InnoDB CHARSET=utf8mb4"
    folder = dumpling.write_dump(
        tmp_path / "dump",
        [dumpling.Table("d", "data", create, rows), dumpling.Table("d", "empty", "CREATE TABLE `empty` (`id` int)")],
        [dumpling.View("d", "seen", "CREATE VIEW `seen` AS SELECT `id` FROM `data`", ("id",))],
        rows_per_chunk=200,
        rows_per_file=70,
        rows_per_statement=30,
        compression=compression,
    )
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder), target)

    assert table_hashes(server, ["d"]) == reference
    assert query(server, "SELECT t, b FROM d.data WHERE id = 5") == [("nul\0", bytes(range(5)))]
    assert count(server, "d.seen") == report.rows == 500
    assert (report.binlog_name, report.binlog_pos) == ("mysql-bin.000003", 1274)
    assert report.binlog_gtid == ",".join(dumpling.GTID_LINES)


def test_a_dump_in_a_form_that_is_not_loaded_yet_is_refused_before_anything_is_created(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 1))
    (folder / "s.t.sql").rename(folder / "s.t.000000000.sql.xz")

    with pytest.raises(DumpFormatError, match="compressed with xz") as caught:
        load_dump(load_config(folder), target)

    assert caught.value.file == "s.t.000000000.sql.xz"
    assert not query(server, "SHOW DATABASES WHERE `Database` IN ('s', 'dm_meta')")


def test_progress_starts_at_nothing_and_ends_with_everything(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 2000))
    said: list[LoadStatus] = []

    load_dump(load_config(folder), target, on_progress=said.append)

    size = (folder / "s.t.sql").stat().st_size
    assert {status.total_bytes for status in said} == {size}
    assert (said[-1].finished_bytes, said[-1].progress) == (size, "100.00 %")
    assert said[-1].meta_binlog == "(vm-bin.000001, 606443)"


def test_import_tasks_share_the_files(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", *(numbered(f"t{at}", 100) for at in range(5)))
    config = load_config(folder, import_tasks=3)
    loader.prepare_checkpoint(run_of(config, target))
    loader.create_tables(run_of(config, target))

    shares = loader.import_shares(run_of(config, target))
    sent = [loader.run_import(run_of(config, target), share).rows_sent for share in shares]

    assert (shares, sum(sent), min(sent) > 0) == ([0, 1, 2], 500, True)
    assert loader.verify(loader.LoadRun.of(config, target)).verdict == "clean"


# -- reading the metadata


def test_a_missing_folder_is_34014(target: TargetConfig, tmp_path: Path) -> None:
    with pytest.raises(DumpNotFoundError) as caught:
        loader.fetch_dump_metadata(run_of(load_config(tmp_path / "nowhere"), target))

    assert caught.value.code == 34014


def test_a_folder_without_metadata_is_11001(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    (folder / "metadata").unlink()

    with pytest.raises(DumpMetadataError, match="metadata") as caught:
        loader.fetch_dump_metadata(run_of(load_config(folder), target))

    assert caught.value.code == 11001


def test_a_dump_that_another_host_has_is_34017_and_names_both_hosts(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    loader.prepare_checkpoint(run_of(load_config(folder), target, Worker(host="alpha", dag_id="d", run_id="r")))

    with pytest.raises(WorkerNotMatchError, match=r"'beta'.*'alpha'.*'r'") as caught:
        loader.fetch_dump_metadata(run_of(load_config(tmp_path / "nowhere"), target, Worker(host="beta")))

    assert caught.value.code == 34017


def test_the_host_that_holds_the_lock_is_told_that_its_dump_is_gone(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    loader.prepare_checkpoint(run_of(load_config(folder), target, Worker(host="alpha")))

    with pytest.raises(DumpNotFoundError):
        loader.fetch_dump_metadata(run_of(load_config(tmp_path / "nowhere"), target, Worker(host="alpha")))


@pytest.mark.parametrize(("mode", "left"), [("full", 0), ("all", 1)])
def test_the_lock_goes_with_a_load_that_nothing_follows(
    mode: str, left: int, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))

    load_dump(load_config(folder, mode=mode), target)

    assert count(server, "dm_meta.dm_loader_load_task") == left


def test_the_report_repeats_what_was_warned_of_before_the_rows_came(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")']))
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int NOT NULL, v varchar(40), PRIMARY KEY (id)) ENGINE=InnoDB")
    query(server, "CREATE TABLE s.log (id int) ENGINE=InnoDB")
    query(server, "CREATE TRIGGER s.on_insert AFTER INSERT ON s.t FOR EACH ROW INSERT INTO s.log VALUES (NEW.id)")

    with global_variable(server, "local_infile", 0):
        report = load_dump(load_config(folder), target)
        again = load_dump(load_config(folder), target)

    triggers = [text for text in report.warnings if "has triggers, which run for each row" in text]
    slower = [text for text in report.warnings if "as statements, which is slower" in text]
    assert len(triggers) == 1
    assert "on_insert" in triggers[0]
    assert [text.partition(":")[0] for text in slower] == ["rows were sent as statements, which is slower"]
    assert len(report.warnings) == 2
    assert again.warnings == report.warnings
