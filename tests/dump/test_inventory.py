from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_dm_loader.dump.data_formats import DAT, LOAD_STATEMENT, SQL
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory, take_inventory
from airflow_dm_loader.dump.metadata import DumpMetadata, TableMetadata
from airflow_dm_loader.dump.storage import StoredFile, open_storage
from airflow_dm_loader.errors import DumpFormatError, DumpMetadataError, DumpNotFoundError, DuplicateFileError
from airflow_dm_loader.identifiers import TableName
from tests.dump import dumpling

DUMPS = Path(__file__).parents[1] / "data" / "dumps"
NAMES = sorted(path.name for path in DUMPS.iterdir() if path.is_dir())
WHOLE = {"mydumper-0.10", "mydumper-1.0"}  # of all three databases; the others are of one
VIEWS = {("shop", "a_view_on_a_view"), ("shop", "big_spenders")}

TEXT = DumpMetadata(tool="text", binlog_name="b", binlog_pos=4)


def expected_tables() -> dict[tuple[str, str], tuple[int, str]]:
    with (DUMPS / "expected.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    split = [(*row["table"].split("."), int(row["rows"]), row["checksum_table"]) for row in rows]
    return {(str(schema), str(table)): (int(count), str(checksum)) for schema, table, count, checksum in split}


def inventory_of(name: str) -> DumpInventory:
    return read_inventory(open_storage(str(DUMPS / name)), require_finished=True)


def inventory(*names: str, metadata: DumpMetadata = TEXT) -> DumpInventory:
    listing = [StoredFile(name, len(name)) for name in ("metadata", *names)]
    return take_inventory(listing, metadata, b"")


def tables_of(found: DumpInventory) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(file.schema, file.table, file.part) for file in found.data_files]


def ini(**tables: str) -> DumpMetadata:
    """Metadata of schema db: file name = real name."""
    return DumpMetadata(
        tool="ini",
        tables={TableName("db", real): TableMetadata(real) for real in tables.values()},
        file_tables={TableName("db", file): TableName("db", real) for file, real in tables.items()},
    )


# The real dumps


@pytest.mark.parametrize("name", NAMES)
def test_a_real_dump_has_exactly_the_tables_of_its_source(name: str) -> None:
    expected = {key for key in expected_tables() if name in WHOLE or key[0] == "shop"}
    found = inventory_of(name)
    assert set(found.table_schemas) == expected
    assert set(found.views) == VIEWS
    assert {(file.schema, file.table) for file in found.data_files} <= expected
    assert {key for key in expected if expected_tables()[key][0]} <= {
        (file.schema, file.table) for file in found.data_files
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_real_dump_says_the_rows_and_checksums_of_its_source(name: str) -> None:
    metadata = inventory_of(name).metadata
    expected = {key: value for key, value in expected_tables().items() if name in WHOLE or key[0] == "shop"}
    if name.startswith("mydumper-0.10"):
        assert metadata.tables == {}
        return
    assert {key for key, table in metadata.tables.items() if not table.is_view} == set(expected)
    assert {key for key, table in metadata.tables.items() if table.is_view} == VIEWS
    for key, (rows, checksum) in expected.items():
        assert metadata.tables[TableName(*key)].rows == rows
        assert metadata.tables[TableName(*key)].data_checksum in (checksum, None)
    with_checksums = name in {"mydumper-1.0", "mydumper-1.0-load-data"}
    assert all((metadata.tables[TableName(*key)].data_checksum is not None) is with_checksums for key in expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_real_dump_has_its_position_and_no_warnings(name: str) -> None:
    found = inventory_of(name)
    assert found.metadata.binlog_name == "vm-bin.000001"
    assert found.metadata.binlog_pos == 606443
    assert found.metadata.binlog_gtid == "0-7-28"
    assert found.warnings == ()
    assert found.metadata.warnings == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_real_dump_is_known_to_the_last_file(name: str) -> None:
    found = inventory_of(name)
    assert found.all_files == tuple(sorted(path.name for path in (DUMPS / name).iterdir()))
    sizes = {path.name: path.stat().st_size for path in (DUMPS / name).iterdir()}
    assert found.total_file_bytes == sum(sizes[file.name] for file in found.data_files)
    assert all(file.file_bytes == sizes[file.name] for file in found.data_files)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_real_dump_has_beyond_tables_is_counted(name: str) -> None:
    expected = {
        "triggers": ("shop.orders-schema-triggers.sql",),
        "routines and events": ("shop-schema-post.sql",),
    }
    assert inventory_of(name).not_loaded == (expected if name in WHOLE else {})


@pytest.mark.parametrize("name", NAMES)
def test_kinds_and_compressions_of_a_real_dump(name: str) -> None:
    found = inventory_of(name)
    by_load = "load-data" in name or "csv" in name
    kinds = {DAT, LOAD_STATEMENT} if by_load else {SQL}
    assert {file.kind for file in found.data_files} == kinds
    expected = Compression.ZSTD if "zstd" in name else Compression.GZIP if "gz" in name else Compression.NONE
    assert {file.compression for file in found.data_files} == {expected}


def test_a_dump_that_was_streamed_has_the_beginning_of_its_metadata_beside_it(tmp_path: Path) -> None:
    whole = Path(shutil.copytree(DUMPS / "mydumper-1.0", tmp_path / "streamed"))
    lines = (whole / "metadata").read_text().splitlines(keepends=True)
    end = next(at for at, line in enumerate(lines) if line.startswith("[source]"))
    (whole / "metadata.header").write_text("".join(lines[:end]))
    (whole / "metadata").write_text("\n" + "".join(lines[end:]))

    streamed = read_inventory(open_storage(str(whole)), require_finished=True)

    assert "".join(lines[:end]).startswith("# Started dump at")
    assert streamed.metadata == inventory_of("mydumper-1.0").metadata
    assert streamed.warnings == inventory_of("mydumper-1.0").warnings


def test_parts_of_a_real_dump_are_in_order() -> None:
    orders = [part for _, table, part in tables_of(inventory_of("mydumper-1.0-zstd")) if table == "orders"]
    assert orders == [(1,), (2,), (3,), (4,), (5,)]


def test_an_empty_data_file_is_kept() -> None:
    sizes = {file.table: file.file_bytes for file in inventory_of("mydumper-1.0-hex-complete").data_files}
    assert sizes["empty_table"] == 0


# dumpling's layout


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_a_dumpling_dump_with_every_odd_name(tmp_path: Path, compression: str) -> None:
    names = ["a.b", "a-b", "it's", 'sa"y', "two words", "100%25", "t-schema", "t", "mydumper_3", "00001", "ü`", "a%2Eb"]
    tables = [dumpling.Table("my.db", name, "CREATE TABLE x (a int)", [(1,), (2,)]) for name in names]
    view = dumpling.View("my.db", "v-schema-view", "CREATE VIEW v AS SELECT 1 AS a", ("a",))
    dumpling.write_dump(tmp_path, tables, [view], rows_per_chunk=1, rows_per_file=1, compression=compression)
    found = read_inventory(open_storage(str(tmp_path)), require_finished=True)
    assert set(found.table_schemas) == {("my.db", name) for name in names}
    assert set(found.views) == {("my.db", "v-schema-view")}
    assert set(found.database_schemas) == {"my.db"}
    assert tables_of(found) == [("my.db", name, (part,)) for name in sorted(names) for part in (0, 10000)]
    assert found.warnings == ()


ODD_NAMES = ["00001", "100%25", "a%2Eb", "a-b", "a.b", "it's", "log", "log.2024", "mydumper_3", "new\nline", 'sa"y',
             "t-metadata", "t-schema", "two words", "u.00001", "\u00fc"]  # fmt: skip


@pytest.mark.parametrize("schema", ["plain", "my.db", "mydumper_7"])
@pytest.mark.parametrize("parts", [[()], [(0,), (1,)]])
def test_odd_names_as_mydumper_0_10_writes_them(schema: str, parts: list[tuple[int, ...]]) -> None:
    # Seen with mydumper 0.10.1: it takes every name as it is.
    ends = ["-schema.sql", *("".join(f".{number:05d}" for number in part) + ".sql" for part in parts)]
    names = [f"{schema}.{name}{end}" for name in ODD_NAMES for end in ends]
    found = inventory(f"{schema}-schema-create.sql", f"{schema}.empty-schema.sql", *names)
    assert tables_of(found) == [(schema, name, part) for name in ODD_NAMES for part in parts]
    assert set(found.table_schemas) == {(schema, name) for name in [*ODD_NAMES, "empty"]}
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("data_file", "table"), [("db.a%2Eb.00000.sql", "a%2Eb"), ("db.a%2Eb.000000000.sql", "a.b"), ("db.u.sql", "a%2Eb")]
)
def test_escapes_are_undone_where_dumpling_numbered_the_files(data_file: str, table: str) -> None:
    assert ("db", table) in inventory("db.a%2Eb-schema.sql", data_file).table_schemas


def test_newer_mydumper_escapes_nothing() -> None:
    assert ("db", "a%2Eb") in inventory("db.a%2Eb-schema.sql", metadata=ini(t="t")).table_schemas


def test_a_query_result_of_dumpling_is_reported() -> None:
    assert inventory("result.000000000.sql").not_loaded == {"query results": ("result.000000000.sql",)}


# Names that mydumper replaced


def test_stand_ins_get_their_real_names_in_schema_and_data_files() -> None:
    found = inventory(
        "db.mydumper_0-schema.sql", "db.mydumper_0.00000.sql", "db.t-schema.sql", metadata=ini(mydumper_0="a.b", t="t")
    )
    assert found.table_schemas == {("db", "a.b"): "db.mydumper_0-schema.sql", ("db", "t"): "db.t-schema.sql"}
    assert tables_of(found) == [("db", "a.b", (0,))]


@pytest.mark.parametrize("name", ["db.mydumper_9.00000.sql", "db.mydumper_9-schema.sql", "mydumper_9.t.00000.sql"])
def test_a_stand_in_without_a_real_name_is_refused(name: str) -> None:
    with pytest.raises(DumpMetadataError) as caught:
        inventory(name, metadata=ini(mydumper_0="a.b"))
    assert caught.value.file == name
    assert "mydumper_9" in str(caught.value)


def test_older_mydumper_has_no_stand_ins() -> None:
    assert tables_of(inventory("db.mydumper_9.sql")) == [("db", "mydumper_9", ())]


def test_a_database_gets_its_real_name_from_the_file_that_creates_it(tmp_path: Path) -> None:
    (tmp_path / "metadata").write_text(
        "# Started dump at: 2026-11-23 17:29:14\n[config]\nquote-character = BACKTICK\n"
        "[`mydumper_0`.`t`]\nreal_table_name=t\nrows = 1\n# Finished dump at: 2026-11-23 17:29:14\n"
    )
    create = b"/*!40101 SET NAMES binary*/;\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `my``d.b` /*!40100 x */;\n"
    (tmp_path / "mydumper_0-schema-create.sql").write_bytes(create)
    (tmp_path / "mydumper_0.t-schema.sql").touch()
    (tmp_path / "mydumper_0.t.00000.sql").touch()
    found = read_inventory(open_storage(str(tmp_path)), require_finished=True)
    assert found.database_schemas == {"my`d.b": "mydumper_0-schema-create.sql"}
    assert tables_of(found) == [("my`d.b", "t", (0,))]
    assert found.metadata.tables[TableName("my`d.b", "t")].rows == 1
    assert found.warnings == ()


# Names that can be read in several ways


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # without evidence a number is a part
        (["db.a.00001.sql"], [("db", "a", (1,))]),
        (["db.a.00000.00003.sql"], [("db", "a", (0, 3))]),
        # the table that a schema file creates
        (["db.a-schema.sql", "db.a.00001.sql"], [("db", "a", (1,))]),
        (["db.a.00001-schema.sql", "db.a.00001.sql"], [("db", "a.00001", ())]),
        (["db.a.00001-schema.sql", "db.a.00001.00003.sql"], [("db", "a.00001", (3,))]),
        # log and log.2024, both in one file each
        (
            ["db.log-schema.sql", "db.log.2024-schema.sql", "db.log.sql", "db.log.2024.sql"],
            [("db", "log", ()), ("db", "log.2024", ())],
        ),
        (
            ["db.log-schema.sql", "db.log.2024-schema.sql", "db.log.00000.sql", "db.log.2024.sql"],
            [("db", "log", (0,)), ("db", "log.2024", ())],
        ),
        (
            ["db.log-schema.sql", "db.log.2024-schema.sql", "db.log.00000.sql", "db.log.2024.00000.sql"],
            [("db", "log", (0,)), ("db", "log.2024", (0,))],
        ),
        (
            ["db.a-schema.sql", "db.a.00001-schema.sql", "db.a.sql", "db.a.00001.sql"],
            [("db", "a", ()), ("db", "a.00001", ())],
        ),
        (["db.log-schema.sql", "db.log.7.sql"], [("db", "log", (7,))]),
        # a database with a dot
        (["a.b-schema-create.sql", "a.b.c-schema.sql", "a.b.c.sql"], [("a.b", "c", ())]),
        (["a-schema-create.sql", "a.b.c-schema.sql", "a.b.c.sql"], [("a", "b.c", ())]),
        # a table whose name ends like a schema file's
        (["db.t-schema-schema.sql", "db.t-schema.sql"], [("db", "t-schema", ())]),
        (["db.t-schema-schema.sql", "db.t-schema.00000.sql"], [("db", "t-schema", (0,))]),
        (["db.t-schema-schema.sql", "db.t-schema.sql", "db.t-schema.00000.sql"], [("db", "t-schema", (0,))]),
        (["db.x-schema-view-schema.sql", "db.x-schema-view.sql"], [("db", "x-schema-view", ())]),
        (["db.x-schema-create-schema.sql", "db.x-schema-create.sql"], [("db", "x-schema-create", ())]),
    ],
)
def test_what_else_is_there_decides(names: list[str], expected: list[tuple[str, str, tuple[int, ...]]]) -> None:
    assert tables_of(inventory(*names)) == expected


def test_a_schema_file_stays_one_where_the_other_table_has_numbered_files() -> None:
    found = inventory("db.t-schema.sql", "db.t-schema-schema.sql", "db.t-schema.00000.sql")
    assert set(found.table_schemas) == {("db", "t"), ("db", "t-schema")}


def test_metadata_decides_before_anything_else() -> None:
    both = {"t": "t", "t-schema": "t-schema"}
    found = inventory("db.t-schema.sql", "db.t-schema-schema.sql", metadata=ini(**both))
    assert set(found.table_schemas) == {("db", "t"), ("db", "t-schema")}


@pytest.mark.parametrize(
    "names",
    [
        ["db.a-schema.sql", "db.a.00001-schema.sql", "db.a.00001.sql"],
        ["a-schema-create.sql", "a.b-schema-create.sql", "a.b.c-schema.sql"],
        ["a-schema-create.sql", "a.b-schema-create.sql", "a.b.c.00000.sql"],
        ["db.t-schema.sql", "db.t-schema-schema.sql", "db.t.sql"],
    ],
)
def test_a_name_that_stays_ambiguous_is_refused(names: list[str]) -> None:
    with pytest.raises(DuplicateFileError, match="means two things") as caught:
        inventory(*names)
    assert caught.value.code == 34015
    assert caught.value.file in names


# Duplicates


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("db.t.sql", "db.t.sql.gz"),
        ("db.t.00000.sql", "db.t.00000.sql.zst"),
        ("db.t.00000.sql", "db.t.000000000.sql"),
        ("db.t.00000.sql", "db.t.00000.csv"),
        ("db.t.00000.dat", "db.t.00000.dat.gz"),
        ("db.t-schema.sql", "db.t-schema.sql.gz"),
        ("db.v-schema-view.sql", "db.v-schema-view.sql.zst"),
        ("db-schema-create.sql", "db-schema-create.sql.gz"),
        ("db.t.00000.csv", "db.t.00000.dat"),
    ],
)
def test_two_files_for_one_thing_are_refused_by_name(one: str, other: str) -> None:
    with pytest.raises(DuplicateFileError) as caught:
        inventory(one, other)
    assert caught.value.code == 34015
    assert repr(one) in str(caught.value)
    assert repr(other) in str(caught.value)


@pytest.mark.parametrize("other", ["db.a.b.00000.sql", "db.a.b.00001.sql", "db.a.b-schema.sql"])
def test_two_names_for_one_table_are_refused(other: str) -> None:
    same = ini(mydumper_0="a.b")
    with pytest.raises(DuplicateFileError, match=r"two names, 'a\.b' and 'mydumper_0'|the same part"):
        inventory("db.mydumper_0.00000.sql", other, metadata=same)


@pytest.mark.parametrize(
    "names",
    [
        ["db.T.00000.sql", "db.t.00001.sql"],
        ["db.T-schema.sql", "db.t-schema.sql"],
        ["DB.a.00000.sql", "db.b.00000.sql"],
        ["DB-schema-create.sql", "db.b.00000.sql"],
        ["db.V-schema-view.sql", "db.v-schema.sql"],
    ],
)
def test_whether_names_that_differ_in_case_are_one_is_for_the_target_to_say(names: list[str]) -> None:
    found = inventory(*names)
    assert len(found.all_files) == 3
    assert {name for name in names if "view" not in name} <= set(found.all_files)


# The rest


def test_placeholders_of_views_are_no_tables() -> None:
    found = inventory("db.v-schema.sql", "db.v-schema-view.sql", "db.t-schema.sql")
    assert found.table_schemas == {("db", "t"): "db.t-schema.sql"}
    assert found.views == {("db", "v"): "db.v-schema-view.sql"}
    assert "db.v-schema.sql" in found.all_files


def test_a_view_that_only_metadata_knows_is_no_table_and_a_warning() -> None:
    metadata = DumpMetadata(tool="ini", tables={TableName("db", "v"): TableMetadata("v", 0, is_view=True)})
    found = inventory("db.v-schema.sql", metadata=metadata)
    assert found.table_schemas == {}
    assert found.warnings == ("db.v is a view, but no file that creates it is there",)


def test_rows_without_any_schema_file_are_listed() -> None:
    found = inventory("db.t.00000.sql")
    assert tables_of(found) == [("db", "t", (0,))]
    assert found.table_schemas == {}
    assert found.database_schemas == {}


def test_the_statement_beside_a_dat_is_told_apart() -> None:
    found = inventory("db.t.00000.sql", "db.t.00000.dat", "db.t.00001.sql", "db.u.00000.sql.gz", "db.u.00000.00001.dat")
    assert {file.name: file.kind for file in found.data_files} == {
        "db.t.00000.sql": LOAD_STATEMENT,
        "db.t.00000.dat": DAT,
        "db.t.00001.sql": SQL,
        "db.u.00000.sql.gz": LOAD_STATEMENT,
        "db.u.00000.00001.dat": DAT,
    }


def test_data_files_are_ordered_by_table_and_number() -> None:
    found = inventory("db.b.00010.sql", "db.b.00009.sql", "db.a.00001.sql", "ca.z.sql", "db.b.00009.00001.sql")
    assert [file.name for file in found.data_files] == [
        "ca.z.sql", "db.a.00001.sql", "db.b.00009.sql", "db.b.00009.00001.sql", "db.b.00010.sql",
    ]  # fmt: skip


def test_what_is_not_of_the_dump_is_quoted_and_kept_out(tmp_path: Path) -> None:
    dumpling.write_dump(tmp_path, [dumpling.Table("db", "t", "CREATE TABLE t (a int)", [(1,)])])
    clean = read_inventory(open_storage(str(tmp_path)), require_finished=True)
    (tmp_path / "notes to self.txt").touch()
    (tmp_path / "db.t.000000000.sql.bak").touch()
    (tmp_path / "old").mkdir()
    found = read_inventory(open_storage(str(tmp_path)), require_finished=True)
    assert found.warnings == (
        "'db.t.000000000.sql.bak' is not a file of a dump and was left alone",
        "'notes to self.txt' is not a file of a dump and was left alone",
        "'old/' in the dump's folder holds no file of a dump and was left alone",
    )
    assert found.all_files == clean.all_files
    assert found.fingerprint == clean.fingerprint


def test_a_table_whose_rows_are_missing_is_a_warning() -> None:
    metadata = DumpMetadata(
        tool="ini",
        tables={TableName("db", "t"): TableMetadata("t", 3), TableName("db", "empty"): TableMetadata("empty", 0)},
    )
    assert inventory("db.t-schema.sql", metadata=metadata).warnings == (
        "metadata counts 3 rows of db.t, but no data file of it is there",
    )


def test_whole_and_numbered_files_of_one_table_are_a_warning() -> None:
    assert len(inventory("db.t.sql", "db.t.00000.sql").warnings) == 1


def test_objects_that_are_not_loaded_are_counted_by_kind() -> None:
    names = ("db.s-schema-sequence.sql", "eu-placement-policy-create.sql", "all-schema-create-tablespace.sql")
    found = inventory(*names)
    assert found.not_loaded == {"sequences": names[:1], "placement policies": names[1:2], "tablespaces": names[2:]}
    assert found.data_files == ()


def test_routines_may_be_spelled_like_tables() -> None:
    assert inventory("db.orders-schema.sql", "db.Orders-schema-post.sql").warnings == ()


def test_unknown_compressions_are_not_missed() -> None:
    assert inventory("db.t.00000.sql.foo").data_files[0].compression is Compression.UNKNOWN


def test_the_fingerprint_covers_names_sizes_and_metadata() -> None:
    def of(name: str, file_bytes: int, metadata: bytes) -> str:
        return take_inventory([StoredFile(name, file_bytes)], TEXT, metadata).fingerprint

    prints = {
        of("db.t.sql", 1, b"m"),
        of("db.u.sql", 1, b"m"),
        of("db.t.sql", 2, b"m"),
        of("db.t.sql", 1, b"n"),
    }
    assert len(prints) == 4
    assert of("db.t.sql", 1, b"m") in prints


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(NAMES))
def test_the_order_of_the_listing_does_not_matter(shuffler: random.Random, name: str) -> None:
    listing = open_storage(str(DUMPS / name)).list()
    first = take_inventory(listing, TEXT, b"")
    shuffler.shuffle(listing)
    second = take_inventory(listing, TEXT, b"")
    assert second == first
    assert list(second.table_schemas) == list(first.table_schemas)
    assert list(second.views) == list(first.views)


NAME = st.text("aA.0-%_schema", min_size=1, max_size=6)
FILE = st.builds(
    "{}.{}{}".format,
    NAME,
    NAME,
    st.sampled_from([".sql", "-schema.sql", ".00001.sql", ".00000.00001.sql", "-schema-view.sql", ".dat", ".csv.gz"]),
) | st.builds("{}-schema-create.sql".format, NAME)


@settings(deadline=None)
@given(st.sets(FILE, max_size=8), st.randoms(use_true_random=False))
def test_any_folder_gives_one_answer_in_any_order(names: set[str], shuffler: random.Random) -> None:
    def answer(order: list[str]) -> DumpInventory | str:
        try:
            return inventory(*order)
        except (DuplicateFileError, DumpFormatError, DumpNotFoundError) as error:
            return str(error)

    ordered = sorted(names)
    shuffled = ordered.copy()
    shuffler.shuffle(shuffled)
    assert answer(ordered) == answer(shuffled)


# Dumps that are not there, or not whole


def test_a_missing_folder_is_dm_34014(tmp_path: Path) -> None:
    with pytest.raises(DumpNotFoundError):
        read_inventory(open_storage(str(tmp_path / "nowhere")), require_finished=True)


def test_a_folder_without_metadata_is_dm_11001(tmp_path: Path) -> None:
    with pytest.raises(DumpMetadataError) as caught:
        read_inventory(open_storage(str(tmp_path)), require_finished=True)
    assert caught.value.code == 11001
    assert str(tmp_path) in str(caught.value)
    assert "'metadata'" in str(caught.value)


def test_a_dump_that_still_runs_is_told_by_its_partial_metadata(tmp_path: Path) -> None:
    (tmp_path / "metadata.partial").write_text("Started dump at: 2026-11-23 17:29:14\n")
    with pytest.raises(DumpMetadataError, match=r"'metadata\.partial'"):
        read_inventory(open_storage(str(tmp_path)), require_finished=False)


def test_an_unfinished_dump_is_refused_unless_allowed(tmp_path: Path) -> None:
    dumpling.write_dump(tmp_path, [dumpling.Table("db", "t", "CREATE TABLE t (a int)", [(1,)])], finished=False)
    storage = open_storage(str(tmp_path))
    with pytest.raises(DumpMetadataError):
        read_inventory(storage, require_finished=True)
    assert tables_of(read_inventory(storage, require_finished=False)) == [("db", "t", (0,))]
