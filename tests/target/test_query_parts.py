"""Statements that are sent part by part arrive as one, whatever their size."""

from __future__ import annotations

import hashlib
import tracemalloc

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.faults import global_variable

PACKET = (1 << 24) - 1  # the longest
MIB = 1 << 20


def digest(db: Database, *parts: bytes) -> object:
    """What the server makes of the string that the parts hold together."""
    db.execute_parts([b"SET @text = SHA2('", *parts, b"', 256)"])
    row = db.one("SELECT @text", shape=(as_it_is,))
    assert row is not None
    return row[0]


@pytest.mark.parametrize("more", [-2, -1, 0, 1])
@pytest.mark.parametrize("packets", [1, 2])
def test_sizes_around_whole_packets(packets: int, more: int, server: PrivateMariaDB, target: TargetConfig) -> None:
    around = len(b"\x03SET @text = SHA2('', 256)")
    first, second = b"a" * (5 * MIB), b"b" * (packets * PACKET + more - around - 5 * MIB)
    with global_variable(server, "max_allowed_packet", 64 * MIB), Database.open(target) as db:
        assert digest(db, first, second) == hashlib.sha256(first + second).hexdigest()
        assert db.one("SELECT 1", shape=(as_it_is,)) == (1,)  # both sides count packets alike


@pytest.mark.parametrize("size", [0, 1, 70_000, MIB, 3 * MIB])
def test_small_statements_and_large_ones(size: int, target: TargetConfig) -> None:
    with Database.open(target) as db:
        for _ in range(2):
            assert digest(db, b"x" * size, b"y") == hashlib.sha256(b"x" * size + b"y").hexdigest()


def test_an_error_of_a_large_statement_leaves_the_connection_usable(target: TargetConfig) -> None:
    with Database.open(target) as db:
        with pytest.raises(LoaderError) as caught:
            db.execute_parts([b"NO SUCH STATEMENT '", b"x" * (2 * MIB), b"'"])
        assert caught.value.errno == 1064
        assert db.one("SELECT 1", shape=(as_it_is,)) == (1,)


def test_a_closed_connection_is_an_error(target: TargetConfig) -> None:
    db = Database.open(target)
    db.close()
    with pytest.raises(LoaderError):
        db.execute_parts([b"SET @a = '", b"x" * (2 * MIB), b"'"])


def test_a_large_part_is_not_copied(target: TargetConfig) -> None:
    part = b"x" * (12 * MIB)
    with Database.open(target) as db:
        tracemalloc.start()
        try:
            digest(db, part)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 2 * MIB
