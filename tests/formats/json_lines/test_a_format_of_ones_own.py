"""A format that this package does not have loads through the whole of it, by its folder and its row alone."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.dump.data_formats import SQL, DataFormat, data_formats, register
from airflow_dm_loader.dump.filenames import parse
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITH_KEY, WITHOUT_KEY, Table, write_dump
from tests.tables import chunks, query

ROWS = 1500


def write_lines(folder: Path) -> Path:
    """A table without a key in a plain file, and one with a key in a compressed one."""
    write_dump(folder, Table("plain", WITHOUT_KEY), Table("zipped", WITH_KEY))
    for name in ("plain", "zipped"):
        lines = "".join(json.dumps(row(at), ensure_ascii=False) + "\n" for at in range(ROWS)).encode()
        ending = "jsonl.gz" if name == "zipped" else "jsonl"
        (folder / f"s.{name}.00001.{ending}").write_bytes(gzip.compress(lines) if name == "zipped" else lines)
    return folder


def row(at: int) -> dict[str, object]:
    return {"v": None if at % 10 == 0 else f"it's \\ number\n{at} ü", "id": at}


def run(folder: Path, target: TargetConfig, *, dies_at: int = 0, **changes: Any) -> subprocess.CompletedProcess[str]:
    job = {
        "config": {"task_name": "t", "dump_uri": str(folder), "chunk_bytes": 4096, "pool_size": 2, **changes},
        "target": {
            "host": target.host,
            "port": target.port,
            "user": target.user,
            "password": target.password.get_secret_value() if target.password else None,
        },
        "dies_at": dies_at,
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.formats.json_lines.load", json.dumps(job)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_row_is_loaded_once_though_the_loader_is_killed_again_and_again(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_lines(tmp_path / "dump")
    committed = 0
    for dies_at in (1, 4, 7):
        killed = run(folder, target, dies_at=dies_at)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert chunks(server) >= committed
        committed = chunks(server)
    assert committed > 0

    done = run(folder, target)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"outcome": "clean", "rows": 2 * ROWS}
    wanted = [(each["id"], each["v"]) for each in map(row, range(ROWS))]
    for table in ("plain", "zipped"):
        assert query(server, f"SELECT id, v FROM s.{table} ORDER BY id") == wanted
    assert {sent_as for (sent_as,) in query(server, "SELECT DISTINCT sent_as FROM dm_meta.dm_loader_chunk")} == {
        "statements"
    }


def test_a_line_that_is_no_row_is_named_by_its_byte(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_lines(tmp_path / "dump")
    good = json.dumps(row(1)) + "\n"
    (folder / "s.plain.00001.jsonl").write_text(good + '{"id": 2}\n')

    failed = run(folder, target)

    assert failed.returncode == 1
    assert f"byte {len(good)}" in failed.stderr


def test_without_its_row_the_files_are_none_of_a_dump() -> None:
    assert parse("s.plain.00001.jsonl") is None


def test_a_format_needs_an_ending_of_its_own() -> None:
    before = data_formats()
    for ending in (SQL.ending, None):
        with pytest.raises(ValueError, match="ending"):
            register(DataFormat("mine", ending))
    assert data_formats() == before
