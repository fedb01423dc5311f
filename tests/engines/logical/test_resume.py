"""Loads that end in the middle, and go on."""

from __future__ import annotations

import gzip
import itertools
import multiprocessing
import random
import signal
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, DumpFormatError
from airflow_dm_loader.state import chunks as chunks_of_state
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, load_config, numbered, prepare, run_of, write_dump
from tests.faults import global_variable, import_until_broken
from tests.tables import chunks, hashes_by_client, one, table_hashes
from tests.waiting import PATIENCE_S, wait_until

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["pytest", "airflow_dm_loader.loader"])  # a process then starts in no time


def load_and_stand(config: LoadConfig, target: TargetConfig, number: int) -> None:
    """``load_dump`` that begins so many chunks and then stands: who is to kill it must see it in the middle."""
    claim, begun = chunks_of_state.claim, itertools.count(1)

    def wrapped(*args: Any, **kwargs: Any) -> str:
        if next(begun) > number:
            time.sleep(PATIENCE_S)
        return claim(*args, **kwargs)

    chunks_of_state.claim = wrapped
    load_dump(config, target)


def start_process(config: LoadConfig, target: TargetConfig, number: int) -> ForkServerProcess:
    """A load in a process that can be killed."""
    process = _processes.Process(target=load_and_stand, args=(config, target, number))
    process.start()
    return process


@pytest.mark.parametrize("local_infile", [1, 0], ids=["load data", "statements"])
def test_a_process_that_is_killed_again_and_again_loads_each_row_once(
    local_infile: int, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    keyed = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`), KEY `v` (`v`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", numbered("keyed", 9000, keyed), numbered("keyless", 9000, WITHOUT_KEY))
    reference = hashes_by_client(server, folder)
    config = load_config(folder)

    with global_variable(server, "local_infile", local_infile):
        for _ in range(3):
            goal = chunks(server) + random.randint(10, 30)
            process = start_process(config, target, 40)
            wait_until(lambda goal=goal: chunks(server) >= goal)  # type: ignore[misc]
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL
        load_dump(config, target)

    assert table_hashes(server, ["s"]) == reference
    assert load_dump(config, target).skipped


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_load_that_broke_goes_on_behind_what_is_committed(
    compression: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 4000, WITHOUT_KEY))
    reference = hashes_by_client(server, folder)
    plain = folder / "s.t.sql"
    if compression == "gzip":
        (folder / "s.t.sql.gz").write_bytes(gzip.compress(plain.read_bytes()))
    elif compression == "zstd":
        (folder / "s.t.sql.zst").write_bytes(zstd.compress(plain.read_bytes()))
    if compression != "none":
        plain.unlink()
    config = load_config(folder, pool_size=1)
    prepare(config, target)
    import_until_broken(config, target, chunks=10)
    committed = chunks(server)
    rows = one(server, "SELECT SUM(row_count) FROM dm_meta.dm_loader_chunk")

    report = loader.run_import(run_of(config, target))

    assert report.chunks_skipped == committed > 5
    assert report.rows_sent == 4000 - rows
    assert report.chunks_sent == chunks(server) - committed
    assert table_hashes(server, ["s"]) == reference


def test_the_files_head_is_honoured_on_a_resume(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    table = numbered("t", 400, "(`id` int NOT NULL, `v` varchar(40), `at` timestamp DEFAULT '2026-01-01 00:00:00')")
    rows = [f'({at},"{at}","2026-06-01 12:00:00")' for at in range(400)]
    table = type(table)("t", table.create, rows, rows_per_statement=50)
    folder = write_dump(tmp_path / "dump", table)
    text = (folder / "s.t.sql").read_text().replace("TIME_ZONE='+00:00'", "TIME_ZONE='+05:00'")
    (folder / "s.t.sql").write_text(text)
    config = load_config(folder, pool_size=1)
    prepare(config, target)
    import_until_broken(config, target, chunks=2)
    assert chunks(server) > 0

    loader.run_import(run_of(config, target))

    assert one(server, "SELECT COUNT(DISTINCT UNIX_TIMESTAMP(at)) FROM s.t") == 1
    assert one(server, "SELECT UNIX_TIMESTAMP(at) FROM s.t LIMIT 1") == 1780297200  # 07:00 UTC


def test_chunk_bytes_stay_as_the_load_began(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 4000, WITHOUT_KEY))
    reference = hashes_by_client(server, folder)
    prepare(load_config(folder, pool_size=1), target)
    import_until_broken(load_config(folder, pool_size=1), target, chunks=6)

    load_dump(load_config(folder, chunk_bytes=1 << 20), target)

    assert one(server, "SELECT MAX(end_offset - start_offset) FROM dm_meta.dm_loader_chunk") < 10000
    assert one(server, "SELECT chunk_bytes FROM dm_meta.dm_loader_load") == 4096
    assert table_hashes(server, ["s"]) == reference


def test_a_file_that_was_changed_in_place_is_refused(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 1000, WITHOUT_KEY))
    config = load_config(folder, pool_size=1)
    prepare(config, target)
    import_until_broken(config, target, chunks=3)
    before = table_hashes(server, ["s"])
    data = (folder / "s.t.sql").read_bytes()
    (folder / "s.t.sql").write_bytes(data[:500] + data[600:] + b"-" * 99 + b"\n")  # the size, and so the fingerprint

    with pytest.raises((CheckpointError, DumpFormatError)) as caught:
        loader.run_import(run_of(config, target))

    assert caught.value.file == "s.t.sql"
    assert table_hashes(server, ["s"]) == before
