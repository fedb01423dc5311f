"""The peers: each loads a dump into the fresh, empty server of a job, in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.address import Address, defaults_file
from benchmarks.measure import LoadFailedError, Measurement, run_measured
from benchmarks.programs import Program
from benchmarks.source import MAIN_TABLES, PIECES, Dump
from dev.private_mariadb import PrivateMariaDB

# The peers don't compare what they loaded, nor analyze it; for the same work, neither do we.
WITHOUT_CHECKS = {"checksum": "off", "analyze": "off"}
_KILL_AT = 0.9
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Job:
    """One load: what, where to, and a scratch folder for it."""

    dump: Dump
    server: PrivateMariaDB
    folder: Path

    def measured(self, command: list[str], **kwargs: Any) -> Measurement:
        return run_measured(command, server_pid=self.server.pid, log=self.folder / "log", **kwargs)


Peer = Callable[[Job], Measurement]


def ours(**settings: Any) -> Peer:
    """``load_dump`` with its defaults but for these."""
    return partial(_ours, settings)


def ours_resumed(**settings: Any) -> Peer:
    """The second call after one that was killed when 90 % of the dump's bytes were committed."""
    return partial(_ours_resumed, settings)


def myloader(threads: int, *, binlog: bool = False) -> Peer:
    """Debian's myloader; by its default its sessions don't write the binlog."""
    return partial(_myloader, threads, binlog)


def myloader_1(threads: int) -> Peer:
    """myloader 1.x, which builds indexes after the rows; see :class:`~benchmarks.programs.Program`."""
    return partial(_myloader_1, threads)


def mariadb_client(parallel: int) -> Peer:
    """The ``mariadb`` client, one process a file."""
    return partial(_mariadb_client, parallel)


def limit(job: Job) -> Measurement:
    """The server's own LOAD DATA INFILE, see :func:`benchmarks.child.limit`."""
    connection = Address.of(job.server).connect_arguments()
    largest_first = sorted(MAIN_TABLES, key=lambda table: -sum(map(_file_bytes, job.dump.pieces[table.name])))
    tables = {
        table.name: {"files": list(map(str, job.dump.pieces[table.name])), "alter": table.add_secondary()}
        for table in largest_first
    }
    return _child(
        job,
        "limit",
        connect=connection,
        schema=job.dump.schema,
        create_database=f"CREATE DATABASE `{job.dump.schema}` CHARACTER SET utf8mb4",
        create=[table.create(secondary=False) for table in MAIN_TABLES],
        tables=tables,
        parallel=PIECES,
    )


def _ours(settings: dict[str, Any], job: Job) -> Measurement:
    return _child(job, "ours", **_load(settings, job))


def _load(settings: dict[str, Any], job: Job) -> dict[str, Any]:
    return {
        "config": {"task_name": "bench", "dump_uri": str(job.dump.folder), **settings},
        "target": Address.of(job.server).connect_arguments(),
    }


def _ours_resumed(settings: dict[str, Any], job: Job) -> Measurement:
    data_bytes = sum(_file_bytes(file) for file in job.dump.folder.glob("*.sql") if "-schema" not in file.name)
    # Chunks of 1 %: with the default size, four of them in flight at 90 % of a small dump are all that is left.
    settings = {**settings, "chunk_bytes": max(data_bytes // 100, 1 << 16)}
    loaded = 0.0

    def kill_late(process: subprocess.Popen[bytes]) -> None:
        nonlocal loaded
        while loaded < _KILL_AT:
            if process.poll() is not None:
                raise LoadFailedError("the load ended before it could be killed at 90 %: take a larger dump")
            time.sleep(_POLL_S)
            loaded = _committed_bytes(job.server) / data_bytes
        process.kill()

    _child(job, "ours", while_running=kill_late, **_load(settings, job))
    _wait_until_alone(job.server)
    loaded = _committed_bytes(job.server) / data_bytes
    second = _child(job, "ours", **_load(settings, job))
    return replace(second, details={**second.details, "loaded_before": round(loaded, 3)})


def _committed_bytes(server: PrivateMariaDB) -> int:
    import pymysql

    with closing(server.connect()) as connection, connection.cursor() as cursor:
        try:
            cursor.execute("SELECT SUM(file_bytes) FROM dm_meta.dm_loader_chunk")
        except pymysql.ProgrammingError:  # not made yet
            return 0
        [(committed,)] = cursor.fetchall()
        return int(committed or 0)


def _wait_until_alone(server: PrivateMariaDB) -> None:
    """Until the server has seen that the killed load's sessions are gone, and has ended what they did."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        while cursor.execute("SELECT 1 FROM information_schema.processlist WHERE user = %s", (server.user,)):
            time.sleep(_POLL_S)


def _myloader(threads: int, binlog: bool, job: Job) -> Measurement:
    return job.measured(
        [
            _program("myloader"),
            f"--defaults-file={defaults_file(job.folder / 'client.cnf', Address.of(job.server))}",
            f"--directory={job.dump.folder}",
            f"--threads={threads}",
            *(["--enable-binlog"] if binlog else []),
        ]
    )


def _myloader_1(threads: int, job: Job) -> Measurement:
    options = defaults_file(job.folder / "client.cnf", Address.of(job.server))
    program = Program.MYLOADER_1.sure()
    return job.measured(
        [program, f"--defaults-file={options}", f"--directory={job.dump.folder}", f"--threads={threads}"]
    )


def _mariadb_client(parallel: int, job: Job) -> Measurement:
    return _child(
        job,
        "client",
        mariadb=_program("mariadb"),
        defaults_file=str(defaults_file(job.folder / "client.cnf", Address.of(job.server))),
        folder=str(job.dump.folder),
        schema=job.dump.schema,
        parallel=parallel,
    )


def _child(
    job: Job, which: str, *, while_running: Callable[[subprocess.Popen[bytes]], None] | None = None, **fields: Any
) -> Measurement:
    """Run a function of :mod:`benchmarks.child`, and add what it says about itself."""
    result = job.folder / "result.json"
    job_file = job.folder / "job.json"
    job_file.touch(mode=0o600)  # the password is inside
    job_file.write_text(json.dumps({"result": str(result), **fields}))
    command = [sys.executable, "-m", "benchmarks.child", which, str(job_file)]
    measurement = job.measured(command, while_running=while_running)
    return replace(measurement, details=json.loads(result.read_text())) if result.exists() else measurement


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed")
    return found


def _file_bytes(file: Path) -> int:
    return file.stat().st_size
