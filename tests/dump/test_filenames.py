from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump.data_formats import CSV, DAT, PARQUET, SQL
from airflow_dm_loader.dump.filenames import Compression, DumpFileName, FileKind, parse, readings
from tests.dump import dumpling

K = FileKind


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("metadata", DumpFileName(K.METADATA)),
        ("metadata.header", DumpFileName(K.METADATA_PART)),
        ("metadata.partial", DumpFileName(K.METADATA_PART)),
        ("metadata.partial.12", DumpFileName(K.METADATA_PART)),
        ("all-schema-create-tablespace.sql", DumpFileName(K.TABLESPACE)),
        ("eu-placement-policy-create.sql", DumpFileName(K.PLACEMENT_POLICY)),
        ("shop-schema-create.sql", DumpFileName(K.DATABASE_SCHEMA, "shop")),
        ("shop-schema-create.sql.zst", DumpFileName(K.DATABASE_SCHEMA, "shop", compression=Compression.ZSTD)),
        ("shop.t-schema.sql", DumpFileName(K.TABLE_SCHEMA, "shop", "t")),
        ("shop.v-schema-view.sql.gz", DumpFileName(K.VIEW_SCHEMA, "shop", "v", compression=Compression.GZIP)),
        ("shop.s-schema-sequence.sql", DumpFileName(K.SEQUENCE_SCHEMA, "shop", "s")),
        ("shop.t-schema-triggers.sql", DumpFileName(K.TRIGGER_SCHEMA, "shop", "t")),
        ("shop-schema-triggers.sql", DumpFileName(K.TRIGGER_SCHEMA, "shop")),
        ("shop-schema-post.sql", DumpFileName(K.POST_SCHEMA, "shop")),
        ("shop.routine-schema-post.sql", DumpFileName(K.POST_SCHEMA, "shop", "routine")),
        ("shop.t-metadata", DumpFileName(K.ROW_COUNT, "shop", "t")),
        ("shop.t-metadata.gz", DumpFileName(K.ROW_COUNT, "shop", "t", compression=Compression.GZIP)),
        ("shop.t-checksum", DumpFileName(K.CHECKSUM_FILE, "shop", "t")),
        ("result.000000000.sql", DumpFileName(K.QUERY_RESULT)),
        ("shop.t.sql", DumpFileName(SQL, "shop", "t")),
        ("shop.t.00000.sql", DumpFileName(SQL, "shop", "t", (0,))),
        ("shop.t.00003.sql.gzip", DumpFileName(SQL, "shop", "t", (3,), Compression.GZIP)),
        ("shop.t.00000.00003.sql.zst", DumpFileName(SQL, "shop", "t", (0, 3), Compression.ZSTD)),
        ("shop.t.000000012.sql.zstd", DumpFileName(SQL, "shop", "t", (12,), Compression.ZSTD)),
        ("shop.t.0000000120003.sql", DumpFileName(SQL, "shop", "t", (120003,))),
        ("shop.t.000000000.csv.snappy", DumpFileName(CSV, "shop", "t", (0,), Compression.SNAPPY)),
        ("shop.t.00000.dat.gz", DumpFileName(DAT, "shop", "t", (0,), Compression.GZIP)),
        ("shop.t.000000000.parquet", DumpFileName(PARQUET, "shop", "t", (0,))),
        ("shop.t.000000000.zst.parquet", DumpFileName(PARQUET, "shop", "t", (0,))),
        ("shop.t.00000.sql.lz4", DumpFileName(SQL, "shop", "t", (0,), Compression.LZ4)),
        ("shop.t.00000.sql.foo", DumpFileName(SQL, "shop", "t", (0,), Compression.UNKNOWN)),
        # names of tables
        ("shop.t-schema-schema.sql", DumpFileName(K.TABLE_SCHEMA, "shop", "t-schema")),
        ("shop.t-schema.00000.sql", DumpFileName(SQL, "shop", "t-schema", (0,))),
        ("shop.t%2Dschema-schema.sql", DumpFileName(K.TABLE_SCHEMA, "shop", "t-schema")),
        ("shop.a%2Eb.000000000.sql", DumpFileName(SQL, "shop", "a.b", (0,))),
        ("my%2Edb.t.000000000.sql", DumpFileName(SQL, "my.db", "t", (0,))),
        ("shop.50%off.sql", DumpFileName(SQL, "shop", "50%off")),
        ('shop.it\'s "a" `t`.sql', DumpFileName(SQL, "shop", 'it\'s "a" `t`')),
        ("shop.a b-c.00000.sql", DumpFileName(SQL, "shop", "a b-c", (0,))),
        ("shop.mydumper_3.00000.sql", DumpFileName(SQL, "shop", "mydumper_3", (0,))),
        ("shop.00001.sql", DumpFileName(SQL, "shop", "00001")),
        ("shop.00001.00002.sql", DumpFileName(SQL, "shop", "00001", (2,))),
        ("shop.t.sql.sql", DumpFileName(SQL, "shop", "t.sql")),
        ("shop.t.sql.csv", DumpFileName(CSV, "shop", "t.sql")),
        ("shop.t.sql.dat", DumpFileName(DAT, "shop", "t.sql")),
        ("shop.Orders.sql", DumpFileName(SQL, "shop", "Orders")),
        ("shop.t-metadata.sql", DumpFileName(SQL, "shop", "t-metadata")),
        ("shop.t-checksum.sql", DumpFileName(SQL, "shop", "t-checksum")),
    ],
)
def test_names_that_tools_write(name: str, expected: DumpFileName) -> None:
    assert parse(name) == expected


@pytest.mark.parametrize(
    "name",
    ["", "notes.txt", "schema.sql", "orders-schema.sql", "shop.t.sql.bak", "shop.t.00000.sql.gz.bak", "shop.t.SQL",
     ".shop.t.sql", "metadata.gz", "Metadata", "shop.t", "-schema-create.sql", "shop..sql"],
)  # fmt: skip
def test_names_that_no_tool_writes(name: str) -> None:
    assert parse(name) is None
    assert readings(name) == ()


def test_checksum_files_of_every_object_are_known() -> None:
    for name in ("shop.t-schema-checksum", "shop-schema-create-checksum", "shop.t-indexes-checksum.gz"):
        found = parse(name)
        assert found is not None
        assert found.kind is K.CHECKSUM_FILE


def test_a_name_with_numbers_has_every_reading() -> None:
    tables = [(found.table, found.part) for found in readings("db.a.00001.00002.sql")]
    assert tables == [("a", (1, 2)), ("a.00001", (2,)), ("a.00001.00002", ())]


def test_a_schema_file_can_hold_the_rows_of_a_table() -> None:
    kinds = [(found.kind, found.table) for found in readings("db.t-schema.sql")]
    assert kinds == [(K.TABLE_SCHEMA, "t"), (SQL, "t-schema")]


def test_a_known_schema_decides_where_a_name_is_split() -> None:
    assert readings("a.b.c-schema.sql")[0] == DumpFileName(K.TABLE_SCHEMA, "a", "b.c")
    assert readings("a.b.c-schema.sql", {"a.b"})[0] == DumpFileName(K.TABLE_SCHEMA, "a.b", "c")


@given(st.text(min_size=1), st.text(min_size=1), st.integers(0, 10**9 - 1))
def test_every_name_that_dumpling_escapes_comes_back(schema: str, table: str, index: int) -> None:
    # dumpling's data files always carry an index, so a table's name can't be taken for one.
    stem = f"{dumpling.escape(schema)}.{dumpling.escape(table)}"
    assert parse(f"{stem}-schema.sql") == DumpFileName(K.TABLE_SCHEMA, schema, table)
    if not (schema == "result" and table.isdigit()):
        assert parse(f"{stem}.{index:09d}.sql") == DumpFileName(SQL, schema, table, (index,))


@given(st.text())
def test_any_name_at_all_can_be_parsed(name: str) -> None:
    found = readings(name)
    assert parse(name) == (found[0] if found else None)
