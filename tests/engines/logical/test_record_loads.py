"""Whole loads of CSV and .dat files: what every load can do, it does for these too."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from backports import zstd

from airflow_dm_loader import load_dump, loader, plan_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DumpFormatError, HasDuplicatesError, RowError
from airflow_dm_loader.report import TableReport
from dev.private_mariadb import PrivateMariaDB
from dev.private_server import PrivateServer
from tests.buckets import S3Server
from tests.dumps import SAMPLES, WITH_KEY, WITHOUT_KEY, load_config, run_of
from tests.faults import global_variable
from tests.record_dumps import (
    COMPANION,
    CsvTable,
    DatTable,
    RecordTable,
    csv_rows,
    dat_rows,
    numbered_records,
    write_records,
)
from tests.tables import chunks, count, one, query, table_hashes

FORMS = pytest.mark.parametrize("csv", [True, False], ids=["csv", "dat"])
BOTH_WAYS = pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
TWICE = ["1,first", "2,two", "3,three", "1,second", "4,four"]
WITH_SHARD = "(`id` int NOT NULL, `v` varchar(40), `shard` varchar(20), PRIMARY KEY (`id`)) ENGINE=InnoDB"


def table_of(rows: list[str], name: str = "t", create: str = WITH_KEY, *, csv: bool) -> RecordTable:
    return CsvTable(name, create, rows) if csv else DatTable(name, create, [row.replace(",", "\t") for row in rows])


def rows_of(server: PrivateMariaDB, table: str = "s.t") -> list[tuple[object, ...]]:
    return query(server, f"SELECT * FROM {table} ORDER BY 1, 2")


def counts(table: TableReport) -> tuple[int, int, int, int]:
    return table.rows, table.replaced, table.ignored, table.conflicts


# -- rows whose key is there already


@FORMS
@BOTH_WAYS
def test_each_policy_does_with_duplicates_what_it_does_in_sql_dumps(
    csv: bool, load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    table = table_of(TWICE, csv=csv)
    folder = write_records(tmp_path / "dump", table)
    first = [(1, "first"), (2, "two"), (3, "three"), (4, "four")]
    last = [(1, "second"), *first[1:]]
    for policy, stored, expected in (("replace", last, (5, 1, 0, 0)), ("ignore", first, (5, 0, 1, 0))):
        config = load_config(folder, on_duplicate_logical=policy, duplicates_within_dump="accept", load_data=load_data)
        report = load_dump(config, target)
        assert (rows_of(server), [counts(found) for found in report.tables]) == (stored, [expected])
        query(server, "DROP DATABASE s")
        query(server, "DROP DATABASE dm_meta")

    with pytest.raises(HasDuplicatesError):
        load_dump(load_config(folder, on_duplicate_logical="manual", load_data=load_data), target)
    at = table.data().index("1,second" if csv else "1\tsecond")
    assert rows_of(server) == first
    assert query(server, "SELECT file_name, file_offset, errno, row_data FROM dm_meta.dm_loader_conflict") == [
        (table.data_file, at, 1062, b"('1','second')")
    ]
    query(server, "DROP DATABASE s")
    query(server, "DROP DATABASE dm_meta")

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder, on_duplicate_logical="error", load_data=load_data), target)
    assert (caught.value.errno, caught.value.file, caught.value.offset) == (1062, table.data_file, at)
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


# -- routes


@FORMS
@BOTH_WAYS
def test_shards_are_merged_and_each_row_gets_what_its_route_extracts(
    csv: bool, load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    route = {
        "schema-pattern": "s",
        "table-pattern": "t_*",
        "target-schema": "s",
        "target-table": "t",
        "extract-table": {"target-column": "shard", "table-regexp": "_(.*)$"},
    }
    folder = write_records(
        tmp_path / "dump", table_of(["1,a", "2,b"], "t_00", csv=csv), table_of(["3,c"], "t_01", csv=csv)
    )
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {WITH_SHARD}")

    report = load_dump(load_config(folder, routes=[route], load_data=load_data), target)

    assert rows_of(server) == [(1, "a", "00"), (2, "b", "00"), (3, "c", "01")]
    assert {table.sent_as for table in report.tables} == {"load data" if load_data else "statements"}


@BOTH_WAYS
def test_a_filtered_table_is_not_read_at_all(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    broken = DatTable("u", rows=['"'], companion="nonsense;")
    folder = write_records(tmp_path / "dump", table_of(["1,a"], csv=True), broken)
    rules = {"ignore-tables": [{"db-name": "s", "tbl-name": "u"}]}

    report = load_dump(load_config(folder, block_allow_list=rules, load_data=load_data), target)

    assert (report.rows, report.outcome) == (1, "clean")
    assert query(server, "SHOW TABLES FROM s") == [("t",)]


@BOTH_WAYS
def test_an_auto_increment_of_0_stays_0_also_where_other_columns_go_over_set(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL AUTO_INCREMENT, `v` blob, `j` json, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    companion = COMPANION.replace("({columns})", "(`id`,@v,@j)SET `v`=UNHEX(@v),`j`=CONVERT(@j USING UTF8MB4)")
    rows = ['0\t00ff2c\t{\\"a\\": 1}', "7\t\t\\N", "8\t\\N\t[]"]
    folder = write_records(tmp_path / "dump", DatTable("t", create, rows, companion=companion))

    load_dump(load_config(folder, load_data=load_data), target)

    assert rows_of(server) == [(0, b"\x00\xff,", '{"a": 1}'), (7, b"", None), (8, None, "[]")]


@pytest.mark.only_on("mariadb", because="it alone has the types UUID and INET6")
def test_texts_that_a_binary_charset_would_lose_go_as_statements(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int, `u` uuid, `i` inet6, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    rows = ["1\t123e4567-e89b-12d3-a456-426655440000\t::1", "2\t\\N\t\\N"]
    folder = write_records(tmp_path / "dump", DatTable("t", create, rows, columns=("id", "u", "i")))

    report = load_dump(load_config(folder), target)

    assert rows_of(server) == [(1, "123e4567-e89b-12d3-a456-426655440000", "::1"), (2, None, None)]
    assert [table.sent_as for table in report.tables] == ["statements"]


# -- as they are found


def test_a_dat_dump_makes_the_tables_of_the_sql_dump_with_all_their_indexes(
    server: PrivateMariaDB, target: TargetConfig
) -> None:
    found = []
    for name in ("mydumper-1.0", "mydumper-1.0-csv", "mydumper-1.0-load-data"):
        load_dump(load_config(SAMPLES / name, block_allow_list={"do-dbs": ["shop"]}), target)
        found.append(table_hashes(server, ["shop"]))
        query(server, "DROP DATABASE shop")
        query(server, "DROP DATABASE dm_meta")

    assert found[0] == found[1] == found[2]
    assert "shop.orders" in found[0]


def test_a_checksum_of_metadata_is_compared(server: PrivateServer, target: TargetConfig) -> None:
    report = load_dump(load_config(SAMPLES / "mydumper-1.0-load-data"), target)

    incomparable = {"mariadb": set(), "mysql": {"shop.customers", "shop.products"}}[server.flavour]
    assert {table.row_count for table in report.tables} == {"passed"}
    assert {table.table: table.checksum for table in report.tables} == {
        table.table: "not_compared" if table.table in incomparable else "passed" for table in report.tables
    }
    assert all("sums up NULLs" in table.remark for table in report.tables if table.table in incomparable)


@BOTH_WAYS
@pytest.mark.servers
def test_a_dat_file_that_says_no_charset_is_read_in_the_one_that_a_person_says(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """mydumper writes none where it reads from a TiDB."""
    table = DatTable("t", WITH_KEY, ["1\té 汉 🙂"])
    folder = write_records(tmp_path / "dump", table)
    statement = folder / table.data_file.replace(".dat", ".sql")
    text = statement.read_text()
    statement.write_text(text.replace("/*!40101 SET NAMES binary*/;\n", "").replace("CHARACTER SET binary ", ""))
    assert "binary" not in statement.read_text()
    with pytest.raises(DumpFormatError, match="what charset") as caught:
        load_dump(load_config(folder, load_data=load_data), target)
    assert "data_character_set" in caught.value.remedy

    report = load_dump(load_config(folder, load_data=load_data, data_character_set="utf8mb4"), target)

    assert (report.outcome, rows_of(server)) == ("clean", [(1, "é 汉 🙂")])


@FORMS
@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_compressed_files_are_read(
    csv: bool, ending: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    table = numbered_records("t", 500, csv=csv)
    folder = write_records(tmp_path / "dump", table)
    raw = (folder / table.data_file).read_bytes()
    (folder / table.data_file).unlink()
    compressed = gzip.compress(raw) if ending == ".gz" else zstd.compress(raw)
    (folder / f"{table.data_file}{ending}").write_bytes(compressed)

    report = load_dump(load_config(folder), target)

    assert count(server, "s.t") == report.rows == 500
    assert chunks(server) > 3


def test_files_and_their_statements_are_read_from_s3(
    s3: S3Server, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    tables = (numbered_records("t", 300, csv=False), numbered_records("u", 300, csv=True))
    folder = write_records(tmp_path / "dump", *tables)
    config = load_config(folder).model_copy(update={"dump_uri": s3.upload(folder)})

    report = load_dump(config, target, access=s3.access())

    assert (count(server, "s.t"), count(server, "s.u"), report.outcome) == (300, 300, "clean")


def test_a_statement_may_name_several_files_each_once(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    table = DatTable("t", rows=dat_rows(0, 3))
    folder = write_records(tmp_path / "dump", table)
    statements = COMPANION.replace("{columns}", "`id`,`v`").replace("{table}", "t")
    (folder / table.data_file).rename(folder / "s.t.00000.00000.dat")
    (folder / "s.t.00000.00001.dat").write_text("".join(f"{row}\n" for row in dat_rows(3, 5)))
    both = [statements.replace("{dat}", f"s.t.00000.0000{part}.dat") for part in (0, 1)]
    (folder / table.companion_file).write_text(table.head + "".join(both))

    assert load_dump(load_config(folder), target).rows == count(server, "s.t") == 5
    (folder / "s.t.00000.00001.dat").unlink()

    with pytest.raises(DumpFormatError, match="as many as there are") as caught:
        load_dump(load_config(folder, task_name="one is missing"), target)
    assert caught.value.file == table.companion_file


def test_a_table_without_a_schema_file_is_the_targets(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    tables = (CsvTable("t", None, csv_rows(0, 3), columns=None), DatTable("u", None, dat_rows(0, 3)))
    folder = write_records(tmp_path / "dump", *tables, schema_files=False)
    query(server, "CREATE DATABASE s")
    for name in ("t", "u"):
        query(server, f"CREATE TABLE s.{name} {WITH_KEY}")

    report = load_dump(load_config(folder, csv={"header": False}), target)

    assert (report.rows, report.outcome) == (6, "clean")
    assert rows_of(server) == rows_of(server, "s.u")
    assert any("no CREATE TABLE of s.t, s.u: whether" in warning for warning in report.warnings)


def test_a_server_without_local_infile_gets_statements(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_records(tmp_path / "dump", numbered_records("t", 300, csv=True))

    with global_variable(server, "local_infile", 0):
        report = load_dump(load_config(folder), target)

    assert (report.rows, {table.sent_as for table in report.tables}) == (300, {"statements"})


def test_a_row_larger_than_the_servers_packets_goes_in_by_load_data_alone(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL, `v` longtext, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    rows = [*(f"{at}\tx" for at in range(2000)), f"9000\t{'y' * 100_000}"]
    folder = write_records(tmp_path / "dump", DatTable("t", create, rows))
    with global_variable(server, "max_allowed_packet", 64 << 10):
        with pytest.raises(RowError, match="max_allowed_packet") as caught:
            load_dump(load_config(folder, load_data=False), target)
        assert caught.value.offset == sum(len(row) + 1 for row in rows[:-1])
        assert one(server, "SELECT COUNT(*) FROM s.t WHERE id = 9000") == 0

        assert load_dump(load_config(folder), target).outcome == "clean"

    assert count(server, "s.t") == 2001


# -- from plan to end


def test_a_dry_run_counts_the_files_that_hold_rows(server: PrivateMariaDB, target: TargetConfig) -> None:
    folder = SAMPLES / "mydumper-1.0-csv"

    plan = plan_dump(load_config(folder), target)

    assert (plan.problems, plan.files) == ((), 4)
    assert plan.file_bytes == sum(path.stat().st_size for path in folder.glob("*.dat"))
    assert {table.table: table.files for table in plan.tables}["shop.orders"] == 1
    assert query(server, "SHOW DATABASES LIKE 'shop'") == []


@FORMS
def test_import_tasks_share_the_files_and_a_finished_load_is_known(
    csv: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    tables = [numbered_records(f"t{at}", 100, WITHOUT_KEY, csv=csv) for at in range(5)]
    config = load_config(write_records(tmp_path / "dump", *tables), import_tasks=3)
    loader.prepare_checkpoint(run_of(config, target))
    loader.create_tables(run_of(config, target))

    sent = [
        loader.run_import(run_of(config, target), share).rows_sent
        for share in loader.import_shares(run_of(config, target))
    ]

    assert (len(sent), sum(sent), min(sent) > 0) == (3, 500, True)
    assert loader.verify(loader.LoadRun.of(config, target)).verdict == "clean"
    again = load_dump(config, target)
    assert (again.status, again.rows_sent, sum(count(server, f"s.t{at}") for at in range(5))) == ("finished", 0, 500)


@pytest.mark.parametrize("mode", ["full", "all"])
def test_a_cleaned_dump_is_gone_with_its_load_data_statements(mode: str, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_records(tmp_path / "dump", numbered_records("t", 10, csv=False), numbered_records("u", 9, csv=True))
    config = load_config(folder, mode=mode, clean_dump_files=True)

    load_dump(config, target)

    left = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    assert left == ([] if mode == "full" else ["metadata", "s-schema-create.sql", "s.t-schema.sql", "s.u-schema.sql"])
    if mode == "all":
        assert load_dump(config, target).rows_sent == 0


def test_what_a_cut_cleaning_left_is_still_the_finished_dump(target: TargetConfig, tmp_path: Path) -> None:
    table = numbered_records("t", 10, csv=False)
    folder = write_records(tmp_path / "dump", table)
    load_dump(load_config(folder), target)
    assert isinstance(table, DatTable)
    (folder / table.data_file).unlink()

    again = load_dump(load_config(folder), target)

    assert (again.status, again.rows_sent) == ("finished", 0)


@FORMS
def test_small_files_share_a_transaction(
    csv: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    make, name = (csv_rows, "s.t.{:09d}.csv") if csv else (dat_rows, "s.t.{:05d}.dat")
    table = numbered_records("t", 0, csv=csv)
    folder = write_records(tmp_path / "dump", table)
    end = "\r\n" if csv else "\n"
    for at in range(20):
        head = '"id","v"\r\n' if csv else ""
        content = head + "".join(row + end for row in make(at * 3, at * 3 + 3))
        (folder / name.format(at)).write_text(content, newline="")
        if not csv:
            statement = COMPANION.format(dat=name.format(at), table="t", columns="`id`,`v`")
            (folder / name.format(at).replace(".dat", ".sql")).write_text(table.head + statement)

    report = load_dump(load_config(folder, pool_size=1, chunk_bytes=1 << 20), target)

    assert (report.rows, count(server, "s.t"), chunks(server)) == (60, 60, 20)
    assert report.outcome == "clean"
