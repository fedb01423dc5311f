"""Schema files: a head, and the one CREATE statement that we run.

A schema file may also save and restore session variables, and view files drop what stands in their way. We run
neither: connections are ours, and nothing of the target's is ever dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression, parse
from airflow_dm_loader.dump.lexer import StatementReader
from airflow_dm_loader.dump.statements import byte_order_mark, head_settings
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import NotCreateStatementError

_MAX_BYTES = 16 << 20
_CREATE = re.compile(rb"CREATE\s", re.IGNORECASE)
_LEFT_OUT = re.compile(
    rb"(?:/\*!\d+\s*)?(?:SET\s+(?:@|[\w@.]+\s*=\s*@)|DROP\s+(?:TABLE|VIEW)\s+IF\s+EXISTS\s)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """``settings`` as in :class:`~airflow_dm_loader.dump.statements.HeadSettings`; ``create`` without its ``;``."""

    name: str
    settings: dict[str, str]
    create: bytes
    offset: int


def read_schema_file(raw: bytes, name: str) -> SchemaFile:
    """Parse a decoded schema file; anything but head settings and one CREATE is an error."""
    settings: dict[str, str] = {}
    create: tuple[bytes, int] | None = None
    for statement in StatementReader.of_bytes(raw, file=name):
        if _CREATE.match(statement.text):
            if create is not None:
                raise NotCreateStatementError(
                    "a second CREATE statement stands here", file=name, offset=statement.offset
                )
            create = statement.text, statement.offset
        elif found := head_settings(statement.text):
            if create is None:
                settings |= found.values
        elif not _LEFT_OUT.match(statement.text):
            raise byte_order_mark(statement, name) or NotCreateStatementError(
                "a schema file may hold settings and one CREATE statement, but not this",
                file=name,
                offset=statement.offset,
                statement=statement.text,
            )
    if create is None:
        raise NotCreateStatementError("no CREATE statement is in this schema file", file=name, offset=0)
    return SchemaFile(name, settings, *create)


def load_schema_file(storage: DumpStorage, name: str) -> SchemaFile:
    """Read, decode and parse a schema file of the dump."""
    parsed = parse(name)
    with open_decoded(storage, name, parsed.compression if parsed is not None else Compression.NONE) as decoded:
        raw = decoded.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise NotCreateStatementError(f"a schema file of more than {_MAX_BYTES} bytes", file=name)
    return read_schema_file(raw, name)
