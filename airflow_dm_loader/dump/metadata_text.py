"""The text form of ``metadata``: dumpling, and mydumper 0.10 and before.

::

    Started dump at: 2026-11-23 17:29:14
    SHOW MASTER STATUS:
    <TAB>Log: vm-bin.000001
    <TAB>Pos: 606443
    <TAB>GTID:5b5a8e4e-9b43-11ea-900d-0242ac170002:1-10,
    5b642cb6-9b43-11ea-8914-0242ac170003:1-7

    Finished dump at: 2026-11-23 17:29:14

A second block ``SHOW MASTER STATUS: /* AFTER CONNECTION POOL ESTABLISHED */`` may follow. The *first* is
the position of this load: dumpling takes it before it opens its snapshots. It takes the second one after
they are open, only to tell DM's replication where it can leave its safe mode; a replication that started
there would miss what was written between the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from airflow_dm_loader.dump.metadata_types import DumpMetadata, Line

_TIMES = re.compile(r"(Started|Finished) dump at:(.*)")
_BLOCK = re.compile(r"SHOW (MASTER STATUS|BINARY LOG STATUS|SLAVE STATUS|REPLICA STATUS):\s*(.*)")
_SOURCE_BLOCKS = ("MASTER STATUS", "BINARY LOG STATUS")
_AFTER_CONNECTIONS = "/* AFTER CONNECTION POOL ESTABLISHED */"
_FIELD = re.compile(r"\s+(Connection name|Host|Log|Pos|GTID):(.*)")
_NOTHING = "(null)"  # what C prints where the server gave none
_GTID_LINE = re.compile(r"[0-9A-Za-z_:,\- ]+")


@dataclass
class _Block:
    head: Line
    is_position: bool  # the block that tells where the dump was taken
    fields: dict[str, tuple[Line, str]] = field(default_factory=dict)


class TextForm:
    """Parses one file; not to be used twice."""

    def __init__(self) -> None:
        self._started_at = ""
        self._finished_at: str | None = None
        self._blocks: list[_Block] = []
        self._warnings: list[str] = []

    def parse(self, lines: list[Line]) -> DumpMetadata:
        """What the lines say."""
        rest = iter(lines)
        for line in rest:
            if not line.text.strip():
                continue
            if match := _TIMES.fullmatch(line.text):
                self._time(line, match[1], match[2].strip())
            elif match := _BLOCK.fullmatch(line.text):
                self._start_block(line, match[1], match[2].strip())
            elif (match := _FIELD.fullmatch(line.text)) and self._blocks:
                value = "" if match[2].strip() == _NOTHING else match[2].strip()
                while value.endswith(",") and match[1] == "GTID":
                    value += _next_gtid_line(line, next(rest, None))
                if self._blocks[-1].fields.setdefault(match[1], (line, value))[0] is not line:
                    raise line.error(f"gives {match[1]} a second time")
            else:
                self._warnings.append(line.unknown())
        name, pos, gtid = self._position()
        return DumpMetadata(
            tool="text",
            started_at=self._started_at,
            finished_at=self._finished_at,
            binlog_name=name,
            binlog_pos=pos,
            binlog_gtid=gtid,
            warnings=tuple(self._warnings),
        )

    def _time(self, line: Line, which: str, value: str) -> None:
        if which == "Started":
            self._started_at = line.time_of(value)
        else:
            self._finished_at = line.time_of(value)

    def _start_block(self, line: Line, status: str, remark: str) -> None:
        is_source = status in _SOURCE_BLOCKS
        is_position = is_source and not remark and not any(block.is_position for block in self._blocks)
        if not is_position and is_source and remark != _AFTER_CONNECTIONS:
            self._warnings.append(line.unknown())
        self._blocks.append(_Block(line, is_position))

    def _position(self) -> tuple[str, int | None, str]:
        block = next((block for block in self._blocks if block.is_position), None)
        if block is None:
            return "", None, ""
        _, name = block.fields.get("Log", (block.head, ""))
        pos_line, pos = block.fields.get("Pos", (block.head, ""))
        _, gtid = block.fields.get("GTID", (block.head, ""))
        if not name and not pos and not gtid:
            raise block.head.error("starts a block without a position")
        if not name:
            raise block.head.error("starts a block that names no binlog file")
        return name, pos_line.number_of(pos, "the binlog position"), gtid


def _next_gtid_line(first: Line, line: Line | None) -> str:
    if line is None or not _GTID_LINE.fullmatch(line.text.strip()) or line.text.startswith("SHOW "):
        raise first.error("starts a GTID set whose last line is missing")
    return line.text.strip()
