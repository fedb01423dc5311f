"""What goes into which column, how it is written, and what is refused: by type, or value by value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_dm_loader.errors import DumpFormatError
from tests.formats.parquet.cutting import NAME, chunks_of, table_columns, text_of

DAY = dt.datetime.fromisoformat("2024-05-06T07:08:09")
BEFORE_1970 = dt.datetime.fromisoformat("1969-12-31T23:59:59.500")
UTC = pa.timestamp("us", "UTC")
UUID = bytes.fromhex("00112233445566778899aabbccddeeff")


def written(folder: Path, array: pa.Array, definition: str, *, zone: str | None = None, **how: Any) -> list[bytes]:
    """The fields of a column, as LOAD DATA is sent them."""
    pq.write_table(pa.table({"c": array}), folder / NAME, **how)
    return [
        line
        for chunk in chunks_of(folder, table_columns({"c": definition}), time_zone=zone)
        for line in text_of(chunk).split(b"\n")[:-1]
    ]


GOES = [
    (pa.array([1, None, -2], pa.int8()), "int(11)", [b"1", b"\\N", b"-2"]),
    (pa.array([2**63 - 1]), "bigint(20)", [b"9223372036854775807"]),
    (pa.array([2**64 - 1], pa.uint64()), "bigint(20) unsigned", [b"18446744073709551615"]),
    (pa.array([5]), "decimal(10,2)", [b"5"]),
    (pa.array([5]), "varchar(10)", [b"5"]),
    (pa.array([5], pa.int32()), "double", [b"5"]),
    (pa.array([5], pa.int16()), "float", [b"5"]),
    (pa.array([0, 1901, 2155]), "year(4)", [b"0000", b"1901", b"2155"]),
    (pa.array([True, False, None]), "tinyint(1)", [b"1", b"0", b"\\N"]),
    (pa.array([True, False]), "bit(1)", [b"1", b"0"]),
    (pa.array([3]), "bit(9)", [b"3"]),
    (pa.array([Decimal("1.50"), Decimal("-0.01")], pa.decimal128(20, 2)), "decimal(10,2)", [b"1.50", b"-0.01"]),
    (pa.array([Decimal("1.5000")], pa.decimal128(20, 4)), "decimal(10,2)", [b"1.5000"]),
    (pa.array([Decimal("1" * 50)], pa.decimal256(50, 0)), "decimal(60,0)", [b"1" * 50]),
    (pa.array([Decimal(18446744073709551615)], pa.decimal128(20, 0)), "bigint(20) unsigned", [b"18446744073709551615"]),
    (pa.array([0.1, 1e300, None]), "double", [b"0.1", b"1e+300", b"\\N"]),
    (pa.array([0.1], pa.float32()), "float", [b"0.1"]),
    (pa.array([0.1], pa.float32()), "double", [b"0.10000000149011612"]),
    (pa.array([0.5]), "float", [b"0.5"]),
    (pa.array([12.25]), "double(8,2)", [b"12.25"]),
    (pa.array(["a", "", None]), "varchar(10)", [b"a", b"", b"\\N"]),
    (pa.array(["a", "a", None]).dictionary_encode(), "enum('a')", [b"a", b"a", b"\\N"]),
    (pa.array(["a,b"]), "set('a','b')", [b"a,b"]),
    (pa.array(['{"k": "a\\nb"}']), "json", [b'{"k": "a\\\\nb"}']),
    (pa.array(["12.5"]), "decimal(10,2)", [b"12.5"]),
    (pa.array(["2024-05-06"]), "date", [b"2024-05-06"]),
    (pa.array(["2024-05-06 07:08:09"]), "timestamp", [b"2024-05-06 07:08:09"]),
    (pa.array(["é"]), "varbinary(10)", [b"c3a9"]),
    (pa.array([b"\x00\xff", b"", None]), "blob", [b"00ff", b"", b"\\N"]),
    (pa.array([b"\x00\x01"], pa.binary(2)), "binary(2)", [b"0001"]),
    (pa.array([b"text"]), "text", [b"text"]),
    (pa.array([b"\x01"]), "bit(9)", [b"01"]),
    (pa.array([UUID], pa.uuid()), "binary(16)", [UUID.hex().encode()]),
    (pa.array([UUID], pa.uuid()), "char(36)", [b"00112233-4455-6677-8899-aabbccddeeff"]),
    (pa.array([UUID], pa.uuid()), "uuid", [b"00112233-4455-6677-8899-aabbccddeeff"]),
    (pa.array([dt.date(1, 1, 1), dt.date(9999, 12, 31)]), "date", [b"0001-01-01", b"9999-12-31"]),
    (pa.array([DAY], pa.timestamp("us")), "datetime", [b"2024-05-06 07:08:09"]),
    (pa.array([DAY], pa.timestamp("ns")), "datetime(6)", [b"2024-05-06 07:08:09.000000"]),
    (pa.array([DAY], pa.timestamp("ms")), "timestamp", [b"2024-05-06 07:08:09"]),
    (pa.array([DAY.replace(microsecond=120000)], pa.timestamp("us")), "datetime(2)", [b"2024-05-06 07:08:09.120"]),
    (pa.array([BEFORE_1970], UTC), "timestamp(1)", [b"1969-12-31 23:59:59.500"]),
    (pa.array([dt.time(1, 2, 3, 4)], pa.time64("us")), "time(6)", [b"01:02:03.000004"]),
    (pa.array([dt.time(1, 2, 3)], pa.time32("ms")), "time", [b"01:02:03"]),
    (pa.nulls(2), "geometry", [b"\\N", b"\\N"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("array", "definition", "fields"), GOES, ids=lambda each: str(getattr(each, "type", each))[:30]
)
def test_a_value_is_written_so_that_the_column_takes_it_as_it_is(
    array: pa.Array, definition: str, fields: list[bytes], tmp_path: Path
) -> None:
    assert written(tmp_path, array, definition) == fields


REFUSED_TYPES = [
    (pa.array([1]), "enum('a','b')"),
    (pa.array([1]), "datetime"),
    (pa.array([1]), "double"),  # 64 bits do not fit into its 53
    (pa.array([1], pa.int32()), "float"),
    (pa.array([1]), "float(7,2)"),
    (pa.array([1]), "json"),
    (pa.array([True]), "varchar(5)"),
    (pa.array([True]), "decimal(5,0)"),
    (pa.array([Decimal("1.5")]), "int(11)"),
    (pa.array([Decimal("1.5")]), "double"),
    (pa.array([1.5]), "decimal(10,2)"),
    (pa.array([1.5]), "int(11)"),
    (pa.array([1.5]), "varchar(10)"),
    (pa.array(["a"]), "bit(8)"),
    (pa.array(["a"]), "geometry"),
    (pa.array([b"a"]), "point"),
    (pa.array([dt.date(2024, 1, 1)]), "datetime"),
    (pa.array([dt.date(2024, 1, 1)]), "varchar(10)"),
    (pa.array([DAY], pa.timestamp("us")), "date"),
    (pa.array([DAY], pa.timestamp("us")), "varchar(30)"),
    (pa.array([DAY], UTC), "varchar(30)"),
    (pa.array([dt.time(1)]), "datetime"),
    (pa.array([[1]]), "json"),
    (pa.array([{"k": 1}]), "json"),
    (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), "json"),
    (pa.array([UUID], pa.uuid()), "int(11)"),
]  # fmt: skip


@pytest.mark.parametrize(("array", "definition"), REFUSED_TYPES, ids=lambda each: str(getattr(each, "type", each))[:30])
def test_a_type_that_means_something_else_is_refused_by_name_before_the_first_row(
    array: pa.Array, definition: str, tmp_path: Path
) -> None:
    with pytest.raises(DumpFormatError, match="column 'c' does not fit the table") as caught:
        written(tmp_path, array, definition)
    assert definition in str(caught.value)


WRONG = [
    (pa.array([1970, 70]), "year(4)", "YEAR"),
    (pa.array([0, -1]), "bit(8)", "below 0"),
    (pa.array([Decimal("1.50"), Decimal("1.555")], pa.decimal128(9, 3)), "decimal(10,2)", "rounded"),
    (pa.array([0.5, 0.1]), "float", "rounded"),
    (pa.array([0.5, 0.125]), "double(8,2)", "rounded"),
    (pa.array([0.5, float("nan")]), "double", "no number"),
    (pa.array([0.5, float("inf")], pa.float32()), "float", "no number"),
    (pa.array(["a", "2"]), "enum('a','b')", "as another value"),
    (pa.array(["5", "5.5"]), "int(11)", "as another value"),
    (pa.array(["1970", "70"]), "year(4)", "as another value"),
    (pa.array([b"a", b"\xff"]), "varchar(10)", "UTF-8"),
    (pa.array([dt.date(2024, 1, 1), None]).cast(pa.int32()).fill_null(3000000).cast(pa.date32()), "date", "years 1"),
    (pa.array([0, 253402300800], pa.timestamp("s")), "datetime", "years 1"),
    (pa.array([DAY, DAY.replace(microsecond=1000)], pa.timestamp("us")), "datetime(2)", "finer"),
    (pa.array([1000, 1], pa.timestamp("ns")), "datetime(6)", "finer"),
    (pa.array([dt.time(1), dt.time(1, 2, 3, 4)], pa.time64("us")), "time(3)", "finer"),
]  # fmt: skip


@pytest.mark.parametrize(("array", "definition", "why"), WRONG, ids=lambda each: str(getattr(each, "type", each))[:30])
def test_a_value_that_the_column_would_take_as_another_one_is_refused_by_its_row(
    array: pa.Array, definition: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(DumpFormatError, match=r"row 2 of the file, in its row group 1") as caught:
        written(tmp_path, array, definition)
    assert why in str(caught.value)


def test_instants_go_into_a_datetime_only_as_a_clock_that_the_user_names(tmp_path: Path) -> None:
    array = pa.array([DAY, None], UTC)
    with pytest.raises(DumpFormatError, match="time_zone must say in which zone"):
        written(tmp_path, array, "datetime")
    with pytest.raises(DumpFormatError, match="zone 'SYSTEM' is not known here"):
        written(tmp_path, array, "datetime", zone="SYSTEM")
    assert written(tmp_path, array, "datetime", zone="+02:00") == [b"2024-05-06 09:08:09", b"\\N"]
    assert written(tmp_path, array, "datetime", zone="+00:00") == [b"2024-05-06 07:08:09", b"\\N"]


def test_the_session_is_utc_for_instants_and_the_users_for_what_has_no_zone(tmp_path: Path) -> None:
    table = table_columns({"a": "timestamp", "b": "timestamp"})
    heads = {}
    for name, kinds in {"instants": [UTC, UTC], "clocks": [pa.timestamp("us")] * 2}.items():
        pq.write_table(pa.table({"a": pa.array([DAY], kinds[0]), "b": pa.array([DAY], kinds[1])}), tmp_path / NAME)
        heads[name] = next(chunks_of(tmp_path, table)).head
    assert heads["instants"] == {"names": "utf8mb4", "time_zone": "+00:00", "moments_in": "+00:00"}
    assert heads["clocks"] == {"names": "utf8mb4"}
    pq.write_table(pa.table({"a": pa.array([DAY], UTC), "b": pa.array([DAY], pa.timestamp("us"))}), tmp_path / NAME)
    with pytest.raises(DumpFormatError, match="some TIMESTAMP columns come as instants and some without a zone"):
        list(chunks_of(tmp_path, table))


@pytest.mark.parametrize("text", ["2024-05-06 07:08:09", "0001-01-01 00:00:00", "9999-12-31 23:59:59"])
def test_int96_is_taken_as_it_stands_and_that_is_told(text: str, tmp_path: Path) -> None:
    moment = dt.datetime.fromisoformat(text)
    pq.write_table(
        pa.table({"c": pa.array([moment], pa.timestamp("us"))}), tmp_path / NAME, use_deprecated_int96_timestamps=True
    )
    (chunk,) = chunks_of(tmp_path, table_columns({"c": "datetime"}))
    assert text_of(chunk) == f"{text}\n".encode()
    assert [finding.kind for finding in chunk.found] == ["int96"]


def test_int96_that_is_finer_than_a_microsecond_is_refused(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"c": pa.array([1_000_000_001], pa.timestamp("ns"))}),
        tmp_path / NAME,
        use_deprecated_int96_timestamps=True,
    )
    with pytest.raises(DumpFormatError, match="column 'c' holds timestamps that are finer than a microsecond"):
        list(chunks_of(tmp_path, table_columns({"c": "datetime(6)"})))
