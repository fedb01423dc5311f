"""What a piece of a script is, and how the pieces of one are stored with the load."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from airflow_dm_loader.errors import CheckpointError

Values = tuple[tuple[str, str], ...]  # variables of a session


class PieceKind(StrEnum):
    """What a piece makes."""

    DATABASE = "database"
    TABLE = "table"
    ROWS = "rows"
    VIEW = "view"
    SEQUENCE = "sequence"
    TRIGGER = "trigger"
    PROGRAM = "program"  # a routine or an event
    TABLESPACE = "tablespace"


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of the decoded script.

    Attributes:
        table: the object's name; of a trigger, its table's. "": of a database.
        session: the place of its session in :attr:`Split.sessions`.
        number: of a table's spans of rows, from 0 on; of triggers and programs, in the script.
        delimiter: what ends its statement.
    """

    kind: PieceKind
    schema: str
    table: str
    start: int
    end: int
    session: int
    number: int = 0
    delimiter: str = ";"

    @property
    def span_bytes(self) -> int:
        """How long it is."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Facts:
    """What a script says of itself. ``finished_at`` None: it has no last line; "": that says no time."""

    finished_at: str | None = None
    binlog_name: str = ""
    binlog_pos: int | None = None
    binlog_gtid: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """A script as its pieces, in its order."""

    pieces: tuple[Piece, ...]
    sessions: tuple[Values, ...]
    facts: Facts

    def to_bytes(self) -> bytes:
        """For :meth:`from_bytes`, in any later version."""
        facts = self.facts
        stored = {
            "pieces": [
                [p.kind.value, p.schema, p.table, p.start, p.end, p.session, p.number, p.delimiter] for p in self.pieces
            ],
            "sessions": self.sessions,
            "facts": [facts.finished_at, facts.binlog_name, facts.binlog_pos, facts.binlog_gtid, facts.warnings],
        }
        return zlib.compress(json.dumps(stored).encode())

    @classmethod
    def from_bytes(cls, stored: bytes) -> Split:
        """Raises CheckpointError: it is not what :meth:`to_bytes` gave."""
        try:
            found = json.loads(zlib.decompress(stored))
            sessions = tuple(tuple((str(name), str(value)) for name, value in values) for values in found["sessions"])
            pieces = tuple(_pieces(found["pieces"], len(sessions)))
            finished_at, name, pos, gtid, warnings = found["facts"]
            return cls(pieces, sessions, Facts(finished_at, str(name), pos, str(gtid), tuple(map(str, warnings))))
        except (ValueError, TypeError, KeyError, IndexError, zlib.error) as error:
            raise CheckpointError("what is stored of the pieces of a script can't be read") from error


def _pieces(stored: Sequence[Any], sessions: int) -> Iterator[Piece]:
    for kind, schema, table, start, end, session, number, delimiter in stored:
        if not (0 <= int(start) <= int(end) and 0 <= int(session) < sessions):
            raise ValueError("a span that is none")
        yield Piece(PieceKind(kind), str(schema), str(table), start, end, session, number, str(delimiter))
