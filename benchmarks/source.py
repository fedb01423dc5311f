"""The source: a private MariaDB with generated rows, the dumps that mydumper makes of it, and ready TSV pieces.

The source is stopped before anything is timed; dumps stay in a temporary folder for the runs of one invocation.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from benchmarks.address import Address, defaults_file
from benchmarks.programs import Program
from benchmarks.tables import BIG, HUGE_ROWS, KEYLESS, NARROW, SMALL, SMALL_ROWS, WIDE, SourceTable
from dev.private_mariadb import PrivateMariaDB

MAIN_TABLES = (WIDE, NARROW, KEYLESS)
_SHARES = {WIDE.name: 0.60, NARROW.name: 0.25, KEYLESS.name: 0.15}  # of the dump's bytes
PIECES = 4  # TSV files a table: as many as the loader has connections

_MB = 1_000_000
_HUGE_ROWS = 4
_SMALL_DATABASE_TABLES = 5000

# Nothing of the source has to outlive a crash, so it need not wait for the disk.
_SOURCE_OPTIONS = {
    "debug-no-sync": "ON",
    "innodb-flush-method": "nosync",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "OFF",
    "innodb-buffer-pool-size": "1G",
    "innodb-log-file-size": "1G",  # a row may take a tenth of it
    "max-allowed-packet": "128M",
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the options say."""

    main_mb: int = 350
    big_mib: int = 1024
    huge_row_mb: int = 60
    small_tables: int = _SMALL_DATABASE_TABLES


@dataclass(frozen=True, slots=True)
class TableState:
    """What a right load must give: the server's checksum, and the table's indexes."""

    checksum: int
    indexes: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump on disk, and what a right load of it gives."""

    name: str
    schema: str
    folder: Path
    file_bytes: int
    tables: Mapping[str, TableState] = field(repr=False)
    pieces: Mapping[str, tuple[Path, ...]] = field(default_factory=dict, repr=False)  # table -> TSV files


def table_states(server: PrivateMariaDB, schema: str) -> dict[str, TableState]:
    """``CHECKSUM TABLE`` and the indexes of every table of ``schema``."""
    with closing(server.connect(database=schema)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, index_name, non_unique, seq_in_index, column_name FROM information_schema.statistics "
            "WHERE table_schema = %s ORDER BY table_name, index_name, seq_in_index",
            (schema,),
        )
        indexes: dict[str, list[tuple[Any, ...]]] = {}
        for table, *index in cursor.fetchall():
            indexes.setdefault(table, []).append(tuple(index))
        cursor.execute("SHOW TABLES")
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute("CHECKSUM TABLE " + ", ".join(f"`{name}`" for name in names))
        checksums = {name.split(".", 1)[1]: checksum for name, checksum in cursor.fetchall()}
    return {name: TableState(checksums[name], tuple(indexes.get(name, ()))) for name in names}


class Source:
    """Generates schemas when a dump of them is asked for; a context manager."""

    def __init__(self, folder: Path, sizes: Sizes, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._sizes = sizes
        self._say = say
        self._server = PrivateMariaDB(_SOURCE_OPTIONS)
        self._states: dict[str, dict[str, TableState]] = {}
        self._plain: dict[str, Path] = {}
        self._mydumper = shutil.which("mydumper") or ""

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.kill9()  # nothing of it is needed any more
        self._server.stop()

    def dump(self, name: str) -> Dump:
        """``plain`` (one file a table), ``split`` (``-F 64``), ``gzip``, ``zstd``, ``mydumper-1``, ``dumpling``,
        ``small``, ``small-1``, ``big`` or ``huge``.
        """
        schema = {"small": "small", "small-1": "small", "big": "big", "huge": "huge"}.get(name, "main")
        if schema not in self._states:
            self._say(f"generating the schema {schema}")
            getattr(self, f"_generate_{schema}")()
            self._states[schema] = table_states(self._server, schema)
        self._say(f"dumping {name}")
        if name in {"gzip", "zstd"}:
            folder = _compressed(self._plain_folder("plain", schema), self._folder / name, name)
        else:
            folder = self._plain_folder(name, schema)
        pieces = self._tsv_pieces() if name == "plain" else {}
        size = sum(file.stat().st_size for file in folder.iterdir())
        return Dump(name, schema, folder, size, self._states[schema], pieces)

    # -- rows

    def _generate_main(self) -> None:
        def fill(table: SourceTable) -> None:
            self._fill("main", table, int(self._sizes.main_mb * _MB * _SHARES[table.name] / table.row_bytes))

        self._create("main", *MAIN_TABLES)
        with ThreadPoolExecutor(len(MAIN_TABLES)) as pool:
            list(pool.map(fill, MAIN_TABLES))

    def _generate_big(self) -> None:
        self._create("big", BIG)
        self._fill("big", BIG, self._sizes.big_mib * (1 << 20) // BIG.row_bytes)

    def _generate_huge(self) -> None:
        self._create("huge", HUGE_ROWS)
        row = HUGE_ROWS.row.format(half_bytes=self._sizes.huge_row_mb * _MB // 2)
        self._run("huge", f"INSERT INTO `{HUGE_ROWS.name}` SELECT {row} FROM seq_1_to_{_HUGE_ROWS}")

    def _generate_small(self) -> None:
        self._create("small")
        self._run(
            "small",
            f"""
            BEGIN NOT ATOMIC FOR i IN 1..{self._sizes.small_tables} DO
                EXECUTE IMMEDIATE CONCAT('CREATE TABLE t', LPAD(i, 5, '0'), ' {SMALL}');
                EXECUTE IMMEDIATE CONCAT('INSERT INTO t', LPAD(i, 5, '0'),
                    ' SELECT seq, SHA1(', i, ' * 100 + seq) FROM seq_1_to_{SMALL_ROWS}');
            END FOR; END""",
        )

    def _create(self, schema: str, *tables: SourceTable) -> None:
        with closing(self._server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{schema}` CHARACTER SET utf8mb4")
        for table in tables:
            self._run(schema, table.create())

    def _fill(self, schema: str, table: SourceTable, rows: int) -> None:
        self._run(schema, f"INSERT INTO `{table.name}` SELECT {table.row} FROM seq_1_to_{max(rows, PIECES)}")

    def _run(self, schema: str, statement: str) -> None:
        with closing(self._server.connect(database=schema)) as connection, connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+00:00'")
            cursor.execute(statement)

    # -- files

    def _plain_folder(self, name: str, schema: str) -> Path:
        if name not in self._plain:
            if not self._mydumper:
                raise RuntimeError("mydumper is not installed")
            folder = self._folder / name
            options = defaults_file(self._folder / "source.cnf", Address.of(self._server))
            mydumper = Program.MYDUMPER_1.sure() if name in {"mydumper-1", "small-1"} else self._mydumper
            command = [mydumper, f"--defaults-file={options}", "--database", schema, "--outputdir", str(folder)]
            if name == "split":
                command += ["--chunk-filesize", "64"]
            if name == "dumpling":
                command = self._dumpling(schema, folder)
            done = subprocess.run(command, capture_output=True, check=False, text=True)
            if done.returncode or "CRITICAL" in done.stderr:
                raise RuntimeError(f"mydumper ended with {done.returncode}: {done.stderr.strip()}")
            self._plain[name] = folder
        return self._plain[name]

    def _dumpling(self, schema: str, folder: Path) -> list[str]:
        """Its password is that of a server which ends with the dump, so it may stand in the list of processes."""
        address = Address.of(self._server)
        return [
            Program.DUMPLING.sure(), "--host", address.host, "--port", str(address.port), "--user", address.user,
            "--password", address.password, "--database", schema, "--output", str(folder), "--consistency", "none",
        ]  # fmt: skip

    def _tsv_pieces(self) -> dict[str, tuple[Path, ...]]:
        """Each table in pieces of as many rows, written by the server itself."""
        folder = self._folder / "tsv"
        folder.mkdir()
        pieces = {}
        for table in MAIN_TABLES:
            with closing(self._server.connect(database="main")) as connection, connection.cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM `{table.name}`")
                [(rows,)] = cursor.fetchall()
            bounds = [rows * part // PIECES for part in range(PIECES + 1)]
            files = []
            for part, (after, last) in enumerate(pairwise(bounds)):
                file = folder / f"{table.name}.{part}.tsv"
                self._run(
                    "main",
                    f"SELECT * FROM `{table.name}` WHERE `{table.numbered_by}` > {after} "
                    f"AND `{table.numbered_by}` <= {last} INTO OUTFILE '{file}' CHARACTER SET binary",
                )
                files.append(file)
            pieces[table.name] = tuple(files)
        return pieces


def _compressed(plain: Path, folder: Path, how: str) -> Path:
    """The dump as ``mydumper --compress`` would have written it: every file but the metadata compressed."""
    folder.mkdir()

    def compress(file: Path) -> None:
        if file.name == "metadata":
            shutil.copy(file, folder / file.name)
            return
        with file.open("rb") as plain_bytes:
            if how == "gzip":
                with gzip.open(folder / f"{file.name}.gz", "wb", compresslevel=6) as stored:
                    shutil.copyfileobj(plain_bytes, stored, 1 << 20)
            else:
                from backports import zstd

                with zstd.open(folder / f"{file.name}.zst", "wb", level=3) as stored:
                    shutil.copyfileobj(plain_bytes, stored, 1 << 20)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compress, sorted(plain.iterdir())))
    return folder
