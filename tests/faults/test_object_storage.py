"""Loads from S3 whose connections to the storage break at random bytes: nothing is lost, nothing is doubled."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError
from dev.private_mariadb import PrivateMariaDB
from tests.buckets import S3Server
from tests.dumps import WITHOUT_KEY, Table, load_config, load_soon, write_dump
from tests.faults.proxy import Fault, Proxy
from tests.faults.tally import rounds, tried
from tests.tables import query

ROWS = 12_000


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smart_open.s3.time", SimpleNamespace(sleep=lambda _: None))


def big(name: str, seed: int) -> Table:
    """A table without a key, where a row that is sent twice shows; half a megabyte that hardly compresses."""
    noise = random.Random(seed)
    rows = [f'({at},"{noise.randbytes(19).hex()}")' for at in range(ROWS)]
    return Table(name, WITHOUT_KEY, rows, rows_per_statement=200)


def expect_whole(server: PrivateMariaDB, *tables: str) -> None:
    for table in tables:
        found = query(server, f"SELECT COUNT(*), COUNT(DISTINCT id), MIN(id), MAX(id) FROM s.{table}")
        assert found == [(ROWS, ROWS, 0, ROWS - 1)]


def test_connections_that_break_at_random_bytes_lose_and_double_nothing(
    s3: S3Server, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, chance: random.Random
) -> None:
    folder = write_dump(tmp_path / "dump", big("plain", 1), big("zipped", 2))
    raw = folder / "s.zipped.sql"
    (folder / "s.zipped.sql.gz").write_bytes(gzip.compress(raw.read_bytes()))
    raw.unlink()
    uri = s3.upload(folder)
    happened: list[str] = []

    def fault(_: int) -> Fault:
        # Metadata and schema files are small: only connections that carry rows come that far.
        return Fault(cut_after_answered_bytes=chance.randrange(100_000, 400_000))

    for number in range(rounds(1, 5)):
        query(server, "DROP DATABASE IF EXISTS s")
        config = load_config(folder, task_name=f"t{number}", chunk_bytes=64 << 10).model_copy(update={"dump_uri": uri})
        with Proxy((s3.host, s3.port), fault, happened.append) as proxy:
            report = load_soon(config, target, access=s3.access(port=proxy.port))
        assert (report.status, report.outcome, report.rows) == ("finished", "clean", 2 * ROWS)
        expect_whole(server, "plain", "zipped")
    assert happened
    tried("connection to the storage cut", len(happened))


def test_an_object_that_is_replaced_in_the_middle_of_an_import_is_never_mixed(
    s3: S3Server, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", big("t", 1))
    uri = s3.upload(folder)
    other = big("t", 2).data().encode()
    assert len(other) == (folder / "s.t.sql").stat().st_size
    replaced: list[str] = []

    def replace(what: str) -> None:
        if not replaced:
            replaced.append(what)
            s3.put("dump/s.t.sql", other)

    config = load_config(folder, chunk_bytes=64 << 10).model_copy(update={"dump_uri": uri})
    with (
        Proxy((s3.host, s3.port), lambda _: Fault(cut_after_answered_bytes=300_000), replace) as proxy,
        pytest.raises(CheckpointError) as caught,
    ):
        load_soon(config, target, access=s3.access(port=proxy.port))
    assert (caught.value.code, caught.value.file) == (34018, "s.t.sql")
    assert replaced
    first = {row.partition(",")[2] for row in big("t", 1).rows}
    stored = query(server, "SELECT v FROM s.t")
    assert {f'"{value}")' for (value,) in stored} <= first
    tried("object replaced while it is read")

    s3.put("dump/s.t.sql", (folder / "s.t.sql").read_bytes())  # put back as it was
    assert load_soon(config, target, access=s3.access()).rows == ROWS
    expect_whole(server, "t")
