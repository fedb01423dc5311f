"""What rows take along: both ways store the same bytes, and those of the rows stay what they were."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.formats.sending.into import (
    extracted_assignments,
    extracted_values,
    into_clause,
    with_extracted,
)
from airflow_dm_loader.formats.sql.row_block import RowBlock
from airflow_dm_loader.plan.router import Extracted
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import load_config, write_dump
from tests.engines.logical.random_tables import random_table
from tests.tables import hashes_by_client, load_by_client, query, table_hashes

KINDS = ("text CHARACTER SET utf8mb4", "varchar(99) CHARACTER SET utf16", "blob", "mediumtext CHARACTER SET utf8mb4")
AS_IT_IS = "SET sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';"  # the table is written anew
STRINGS = st.lists(st.sampled_from(["x", "),(", "\\'", '"', "\n", "é", " "]), max_size=6).map("".join)
ROWS = st.lists(STRINGS.map(lambda text: b"('" + text.encode() + b"',1)"), min_size=1, max_size=9)
VALUES = st.lists(st.text(max_size=5), min_size=1, max_size=3)


def extracted(values: list[str]) -> tuple[Extracted, ...]:
    return tuple(Extracted(f"c{at}", value) for at, value in enumerate(values))


def block(values: bytes, *found: Extracted) -> RowBlock:
    into = with_extracted(into_clause("s", "t", None, ("a", "b")), found)
    return RowBlock("s", "t", into, memoryview(values), "s.t.sql", 1000, True, extracted_values(found))


@pytest.mark.parametrize("source_id", ["mysql-01", 'it\'s "é" \\ 日本 🙂 `%s {stream}'])
def test_both_ways_store_the_same(source_id: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    tables = [random_table(random.Random(f"{source_id} {at}"), f"t{at}", server.flavour) for at in range(8)]
    folder = write_dump(tmp_path / "dump", *tables)
    reference = hashes_by_client(server, folder)
    route = {
        "schema-pattern": "s",
        "target-schema": "s",
        "extract-source": {"target-column": "from `source`", "source-regexp": "(?s)(.*)"},
    }

    for load_data in (True, False):
        load_by_client(server, folder)
        for at, table in enumerate(tables):
            query(server, f"DELETE FROM s.{table.name}")
            query(server, f"ALTER TABLE s.{table.name} ADD COLUMN `from ``source``` {KINDS[at % len(KINDS)]}")
        report = load_dump(
            load_config(folder, routes=[route], source_id=source_id, load_data=load_data, checksum="off"), target
        )

        for table in tables:
            found = query(server, f"SELECT DISTINCT CONVERT(`from ``source``` USING utf8mb4) FROM s.{table.name}")
            assert found == ([(source_id,)] if table.rows else [])
            server.client(f"{AS_IT_IS} ALTER TABLE s.{table.name} DROP COLUMN `from ``source```")
        assert table_hashes(server, ["s"]) == reference
        ways = {way for table in report.tables for way in table.sent_as.split(", ")}
        assert ("load data" in ways) is load_data
        query(server, "DROP DATABASE s")
        query(server, "DROP DATABASE dm_meta")


@given(rows=ROWS, values=VALUES)
def test_each_row_gets_all_values_at_its_end(rows: list[bytes], values: list[str]) -> None:
    found = extracted(values)
    sent = b"".join(block(b",\n".join(rows), *found).sql("INSERT"))

    added = b"".join(b",_utf8mb4 X'%b'" % value.encode().hex().encode() for value in values)
    columns = "`a`,`b`," + ",".join(f"`c{at}`" for at in range(len(values)))
    assert sent == f"INSERT INTO `s`.`t` ({columns}) VALUES ".encode() + b",".join(
        row[:-1] + added + b")" for row in rows
    )


@given(rows=ROWS, values=VALUES, room=st.integers(0, 300))
def test_packets_fit_with_what_rows_take_along(rows: list[bytes], values: list[str], room: int) -> None:
    whole = block(b",".join(rows), *extracted(values))
    longest = max(len(whole.row_text(span)) for span in whole.row_spans())
    max_packet_bytes = 1024 + len(whole.into) + longest + 1 + room

    parts = list(whole.fit(max_packet_bytes))

    assert [part.values[slice(*span)] for part in parts for span in part.row_spans()] == rows
    assert all(
        len(b"".join(part.sql(verb))) <= max_packet_bytes for part in parts for verb in ("INSERT", "INSERT IGNORE")
    )
    assert all(bytes(whole.values[part.offset - whole.offset :]).startswith(part.values) for part in parts)


def test_a_table_of_nothing_else_gets_its_column_too() -> None:
    into = with_extracted(into_clause("s", "t", None, ()), extracted(["é"]))

    sent = RowBlock("s", "t", into, memoryview(b"(),( )"), "f", 0, True, extracted_values(extracted(["é"])))

    assert b"".join(sent.sql("INSERT")) == b"INSERT INTO `s`.`t` (`c0`) VALUES (_utf8mb4 X'c3a9'),( _utf8mb4 X'c3a9')"


def test_names_and_values_can_t_break_out() -> None:
    found = (Extracted("a`, b", "x', y = '"), Extracted("c", ""))

    assert extracted_assignments(found) == b"`a``, b` = _utf8mb4 X'78272c2079203d2027', `c` = _utf8mb4 X''"
    assert with_extracted(b"`s`.`t` (`x`)", ()) == b"`s`.`t` (`x`)"
