"""Writes dumps in dumpling's layout, for tests: dumpling itself is not at hand.

Names, indexes, headers and statements follow dumpling's own writer (dumpling/export in pingcap/tidb).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from backports import zstd

Value = None | int | float | Decimal | str | bytes
Row = Sequence[Value]

DATA_HEAD = "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n"
SCHEMA_HEAD = "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40101 SET NAMES binary*/;\n"
GTID_LINES = (
    "5b5a8e4e-9b43-11ea-900d-0242ac170002:1-10",
    "5b642cb6-9b43-11ea-8914-0242ac170003:1-7",
    "97b5142f-e19c-11e8-808c-0242ac110005:1-13",
)


@dataclass(frozen=True)
class Table:
    """A table with its rows; an empty one gets no data file, as with dumpling."""

    schema: str
    name: str
    create: str  # CREATE TABLE without the semicolon
    rows: Sequence[Row] = ()
    columns: tuple[str, ...] = ()  # named in INSERT, as dumpling does for tables with generated columns


@dataclass(frozen=True)
class View:
    """A view; dumpling writes a placeholder table for it too."""

    schema: str
    name: str
    create: str
    columns: tuple[str, ...]


def write_dump(
    folder: Path,
    tables: Sequence[Table],
    views: Sequence[View] = (),
    *,
    rows_per_chunk: int | None = None,  # --rows: splits into chunks
    rows_per_file: int | None = None,  # stands for --filesize: splits a chunk into files
    rows_per_statement: int = 1000,
    compression: str = "",  # "gzip", "zstd"
    gtid_lines: Sequence[str] = GTID_LINES,
    finished: bool = True,
) -> Path:
    """Lay out a dump in ``folder``, which is made; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    for schema in sorted({table.schema for table in tables} | {view.schema for view in views}):
        create = f"CREATE DATABASE {quote(schema)} /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n"
        _write(folder / f"{escape(schema)}-schema-create.sql", SCHEMA_HEAD + create, compression)
    for table in tables:
        stem = f"{escape(table.schema)}.{escape(table.name)}"
        _write(folder / f"{stem}-schema.sql", f"{SCHEMA_HEAD}{table.create};\n", compression)
        for index, rows in _indexed(table.rows, rows_per_chunk, rows_per_file):
            content = DATA_HEAD + "".join(_statements(table, rows, rows_per_statement))
            _write(folder / f"{stem}.{index}.sql", content, compression)
    for view in views:
        stem = f"{escape(view.schema)}.{escape(view.name)}"
        columns = ",\n".join(f"{quote(column)} int" for column in view.columns)
        placeholder = f"CREATE TABLE {quote(view.name)}(\n{columns}\n)ENGINE=MyISAM;\n"
        _write(folder / f"{stem}-schema.sql", SCHEMA_HEAD + placeholder, compression)
        drop = f"DROP TABLE IF EXISTS {quote(view.name)};\nDROP VIEW IF EXISTS {quote(view.name)};\n"
        _write(folder / f"{stem}-schema-view.sql", f"{SCHEMA_HEAD}{drop}{view.create};\n", compression)
    (folder / "metadata").write_text(metadata_text(gtid_lines=gtid_lines, finished=finished))
    return folder


def metadata_text(*, gtid_lines: Sequence[str] = GTID_LINES, finished: bool = True) -> str:
    """dumpling's ``metadata`` as it is with ``--pos-after-connect``, which DM sets."""
    gtid = ",\n".join(gtid_lines)
    return (
        "Started dump at: 2026-11-23 18:14:49\n"
        f"SHOW MASTER STATUS:\n\tLog: mysql-bin.000003\n\tPos: 1274\n\tGTID:{gtid}\n\n"
        f"SHOW MASTER STATUS: /* AFTER CONNECTION POOL ESTABLISHED */\n\tLog: mysql-bin.000003\n\tPos: 1280\n"
        f"\tGTID:{gtid}\n\n"
    ) + ("Finished dump at: 2026-11-23 18:14:52\n" if finished else "")


def escape(name: str) -> str:
    """A name as dumpling puts it into a file name."""
    pattern = r'[\x00-\x1f%"*./:<>?\\|]|-(?i:schema)'
    return re.sub(pattern, lambda match: f"%{ord(match[0][0]):02X}{match[0][1:]}", name)


def quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def literal(value: Value) -> str:
    """A value as dumpling writes it, with its backslash escapes on (the default)."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, str):
        escapes = {"\0": "\\0", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", "'": "\\'", '"': '\\"', "\\": "\\\\"}
        return "'" + "".join(escapes.get(char, char) for char in value) + "'"
    return str(value)


def _statements(table: Table, rows: Sequence[Row], rows_per_statement: int) -> Iterator[str]:
    columns = f" ({','.join(quote(column) for column in table.columns)})" if table.columns else ""
    for part in _cut(rows, rows_per_statement):
        values = ",\n".join(f"({','.join(literal(value) for value in row)})" for row in part)
        yield f"INSERT INTO {quote(table.name)}{columns} VALUES\n{values};\n"


def _indexed(
    rows: Sequence[Row], rows_per_chunk: int | None, rows_per_file: int | None
) -> Iterator[tuple[str, Sequence[Row]]]:
    """(index, rows): %09d of the chunk or file, %09d%04d of both where both split."""
    for chunk, chunk_rows in enumerate(_cut(rows, rows_per_chunk)):
        for file, file_rows in enumerate(_cut(chunk_rows, rows_per_file)):
            both = rows_per_chunk is not None and rows_per_file is not None
            yield f"{chunk:09d}{file:04d}" if both else f"{chunk + file:09d}", file_rows


def _cut(rows: Sequence[Row], size: int | None) -> Iterator[Sequence[Row]]:
    size = size or max(len(rows), 1)
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _write(path: Path, content: str, compression: str) -> None:
    match compression:
        case "gzip":
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(content.encode(), mtime=0))
        case "zstd":
            path.with_name(path.name + ".zst").write_bytes(zstd.compress(content.encode()))
        case _:
            path.write_bytes(content.encode())
