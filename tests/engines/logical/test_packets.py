"""Statements that are larger than the server takes in a packet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.engines.logical.row_block import RowBlock, into_clause
from airflow_dm_loader.errors import RowError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.faults import global_variable
from tests.tables import hashes_by_client, query, table_hashes

PACKET_BYTES = 64 << 10
LARGE_ROWS = "(`id` int NOT NULL, `v` longtext, PRIMARY KEY (`id`)) ENGINE=InnoDB CHARSET=utf8mb4"


@pytest.fixture
def small_packets(server: PrivateMariaDB) -> Iterator[None]:
    """Packets of 64 KiB, and no LOAD DATA, which streams."""
    with (
        global_variable(server, "max_allowed_packet", PACKET_BYTES),
        global_variable(server, "local_infile", 0),
    ):
        yield


def block(values: bytes) -> RowBlock:
    into = into_clause("s", "t", None, ("id", "v"))
    return RowBlock("s", "t", into, values, file="s.t.sql", offset=1000, backslash_escapes=True)


def test_a_block_that_fits_is_sent_as_it_is() -> None:
    whole = block(b'(1,"a"),\n(2,"b")')

    assert list(whole.fit(PACKET_BYTES)) == [whole]
    assert whole.sql("INSERT") == b'INSERT INTO `s`.`t` (`id`,`v`) VALUES (1,"a"),\n(2,"b")'


def test_a_block_is_cut_between_rows_and_nothing_is_lost() -> None:
    rows = [b'(%d,"%b),(")' % (at, b"x" * 700) for at in range(40)]
    parts = list(block(b",\n".join(rows)).fit(4096))

    assert all(len(part.sql("REPLACE")) <= 4096 for part in parts)
    assert len(parts) >= 10
    assert [row for part in parts for row in part.values.split(b",\n")] == rows
    whole = b",\n".join(rows)
    assert [part.offset for part in parts] == [1000 + whole.index(part.values) for part in parts]


def test_columns_are_always_named() -> None:
    assert into_clause("a`b", "t", None, ("x`y", "z")) == b"`a``b`.`t` (`x``y`,`z`)"
    assert into_clause("s", "t", b"(z, x)", ("x", "z")) == b"`s`.`t` (z, x)"


@pytest.mark.usefixtures("small_packets")
def test_a_statement_larger_than_a_packet_is_split_at_its_rows(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [f'({at},"{chr(97 + at % 26) * 9000}")' for at in range(60)]
    folder = write_dump(tmp_path / "dump", Table("t", LARGE_ROWS, rows))
    assert (folder / "s.t.sql").stat().st_size > 8 * PACKET_BYTES

    report = load_dump(load_config(folder), target)

    assert report.rows == 60
    assert query(server, "SELECT COUNT(*), SUM(LENGTH(v)) FROM s.t") == [(60, 60 * 9000)]
    with global_variable(server, "max_allowed_packet", 16 << 20):
        loaded = table_hashes(server, ["s"])
        query(server, "DROP DATABASE s")
        assert hashes_by_client(server, folder) == loaded


@pytest.mark.usefixtures("small_packets")
def test_a_row_larger_than_a_packet_is_named_with_both_sizes(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    large = f'(2,"{"x" * 70000}")'
    folder = write_dump(tmp_path / "dump", Table("t", LARGE_ROWS, ['(1,"a")', large, '(3,"b")']))

    with pytest.raises(RowError, match=rf"{len(large)} bytes .* {PACKET_BYTES} bytes") as caught:
        load_dump(load_config(folder), target)

    assert caught.value.offset == (folder / "s.t.sql").read_bytes().index(b'(2,"xxx')
    assert (caught.value.file, caught.value.table) == ("s.t.sql", "s.t")
    assert "max_allowed_packet" in caught.value.remedy
    assert query(server, "SELECT COUNT(*) FROM s.t") == [(0,)]
