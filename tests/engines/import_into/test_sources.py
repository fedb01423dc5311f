from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump.data_formats import CSV, DAT, PARQUET, SQL, DataFormat
from airflow_dm_loader.dump.filenames import Compression, FileKind
from airflow_dm_loader.dump.inventory import DataFile
from airflow_dm_loader.engines.import_into.sources import table_sources
from airflow_dm_loader.errors import ConfigError, DumpFormatError
from airflow_dm_loader.plan.load_plan import PlannedFile


def file(name: str, table: str = "t", *, to: str | None = None, size: int = 10, **changes: object) -> PlannedFile:
    kind, compression = changes.get("kind", SQL), changes.get("compression", Compression.NONE)
    assert isinstance(kind, DataFormat)
    assert isinstance(compression, Compression)
    return PlannedFile(0, DataFile(name, "s", table, kind, compression, size), "s", to or table)


def matches(pattern: str, name: str) -> bool:
    """Go's filepath.Match for patterns whose only wildcard is the star."""
    return re.fullmatch("[^/]*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def pattern_of(names: list[str], folder: list[str]) -> str:
    (source,) = table_sources([file(name) for name in names], [*names, *folder])
    return source.pattern


@pytest.mark.parametrize(
    ("names", "folder", "pattern"),
    [
        (["s.t.sql"], ["s.t-schema.sql", "s.t2.sql"], "s.t.sql"),
        (["s.t.00001.sql", "s.t.00002.sql"], ["s.t-schema.sql", "metadata"], "s.t.0000*.sql"),
        (["s.t.00009.sql.gz", "s.t.00010.sql.gz"], ["s.tt.00009.sql.gz"], "s.t.000*.sql.gz"),
        (["s.t.000.sql", "s.t.0000.sql"], [], "s.t.000*.sql"),
        (["s.a%2Eb.000000000.sql", "s.a%2Eb.000000001.sql"], ["s.a%2Ec.000000000.sql"], "s.a%2Eb.00000000*.sql"),
    ],
)
def test_a_pattern_matches_the_table_s_files_and_nothing_else(
    names: list[str], folder: list[str], pattern: str
) -> None:
    found = pattern_of(names, folder)
    assert found == pattern
    assert all(matches(found, name) for name in names)
    assert not any(matches(found, name) for name in folder)


@given(
    st.lists(st.text("ab.0", min_size=1, max_size=6), min_size=1, max_size=5, unique=True),
    st.lists(st.text("ab.0", min_size=1, max_size=6), max_size=5),
)
def test_whatever_the_names_a_pattern_is_exact_or_refused(names: list[str], others: list[str]) -> None:
    others = [name for name in others if name not in names]
    try:
        pattern = pattern_of(names, others)
    except DumpFormatError:
        return
    assert all(matches(pattern, name) for name in names)
    assert not any(matches(pattern, name) for name in others)


def test_files_that_no_pattern_tells_apart_are_refused_by_name() -> None:
    with pytest.raises(DumpFormatError, match=r"tells this table's files from 's\.t\.1\.x\.sql'"):
        pattern_of(["s.t.10.sql", "s.t.1.sql"], ["s.t.1.x.sql"])


@pytest.mark.parametrize("name", ["s.t*.sql", "s.t[1].sql", "s.t?.sql", "s.t\\.sql"])
def test_a_name_that_would_be_read_as_a_wildcard_is_refused(name: str) -> None:
    with pytest.raises(DumpFormatError, match="as a wildcard") as caught:
        pattern_of([name], [])
    assert caught.value.file == name


def test_tables_come_in_the_plan_s_order_and_without_a_byte_not_at_all() -> None:
    files = [file("s.b.sql", "b"), file("s.a.1.sql", "a", size=0), file("s.a.2.sql", "a"), file("s.c.sql", "c", size=0)]
    found = table_sources(files, [])
    assert [(source.name, source.pattern, source.file_bytes, source.format) for source in found] == [
        ("s.b", "s.b.sql", 10, SQL),
        ("s.a", "s.a.*.sql", 10, SQL),
    ]


def test_a_table_that_is_routed_alone_is_fine_and_two_that_meet_are_refused_as_dm_does() -> None:
    (alone,) = table_sources([file("s.a.sql", "a", to="x")], [])
    assert alone.name == "s.x"
    with pytest.raises(ConfigError, match=r"s\.x would get rows of s\.a, s\.b") as caught:
        table_sources([file("s.a.sql", "a", to="x"), file("s.b.sql", "b", to="x")], [])
    assert caught.value.code == 20068


def test_parquet_is_a_format_of_its_own() -> None:
    (source,) = table_sources([file("s.t.parquet", kind=PARQUET)], [])
    assert source.format is PARQUET


@pytest.mark.parametrize(
    ("kind", "compression"),
    [
        (CSV, Compression.LZ4),
        (DAT, Compression.NONE),
        (SQL, Compression.XZ),
        (SQL, Compression.LZ4),
        (PARQUET, Compression.GZIP),
    ],
)
def test_other_files_are_refused_by_name(kind: FileKind, compression: Compression) -> None:
    with pytest.raises(DumpFormatError) as caught:
        table_sources([file("s.t.x", kind=kind, compression=compression)], [])
    assert caught.value.file == "s.t.x"


def test_a_table_in_two_formats_is_refused() -> None:
    with pytest.raises(DumpFormatError, match="several formats: parquet, sql"):
        table_sources([file("s.t.1.sql"), file("s.t.2.parquet", kind=PARQUET)], [])
