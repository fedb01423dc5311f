"""Statements that are larger than the server takes in a packet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import RowError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.faults import global_variable
from tests.tables import hashes_by_client, query, table_hashes

PACKET_BYTES = 64 << 10
LARGE_ROWS = (
    "(`id` int NOT NULL, `v` longtext, PRIMARY KEY (`id`)) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"
)


@pytest.fixture
def small_packets(server: PrivateMariaDB) -> Iterator[None]:
    """Packets of 64 KiB, and no LOAD DATA, which streams."""
    with (
        global_variable(server, "max_allowed_packet", PACKET_BYTES),
        global_variable(server, "local_infile", 0),
    ):
        yield


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


def test_a_stream_goes_in_packets_that_the_server_takes(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [f'({at},"{chr(97 + at % 26) * 9000}")' for at in range(60)]
    folder = write_dump(tmp_path / "dump", Table("t", LARGE_ROWS, rows))

    with global_variable(server, "max_allowed_packet", PACKET_BYTES):
        report = load_dump(load_config(folder), target)

    assert (report.rows, {table.sent_as for table in report.tables}) == (60, {"load data"})
    assert query(server, "SELECT COUNT(*), SUM(LENGTH(v)) FROM s.t") == [(60, 60 * 9000)]
