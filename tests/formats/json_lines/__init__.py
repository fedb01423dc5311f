"""A format that only the tests have, a JSON object a line: all that it takes to add one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_dm_loader.dump.compression import DecodedFile, open_decoded
from airflow_dm_loader.dump.data_formats import DataFormat
from airflow_dm_loader.dump.read_ahead import ReadAhead
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.base import Chunk, Delivery, Payload, Reading, Sent
from airflow_dm_loader.formats.chunk_chain import ChunkChain
from airflow_dm_loader.formats.sending.into import extracted_values, into_clause, with_extracted
from airflow_dm_loader.formats.sending.made_rows import made_blocks
from airflow_dm_loader.formats.sending.two_ways import send_blocks
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.state.files import FileRow

JSON_LINES = DataFormat("JSON lines", "jsonl", reader=__name__)  # the row


@dataclass(frozen=True, slots=True)
class Line:
    """An object as it stands in the file, and the byte where it starts."""

    text: bytes
    offset: int


class JsonLines:
    """The format."""

    @contextmanager
    def open(self, planned: PlannedFile, row: FileRow, reading: Reading) -> Iterator[LineChunks]:
        with open_decoded(reading.storage, planned.source.name, planned.source.compression) as decoded:
            yield LineChunks(decoded, row, reading)


class LineChunks(ChunkChain):
    """A chunk ends with the first line at or after its size."""

    def __init__(self, decoded: DecodedFile, row: FileRow, reading: Reading) -> None:
        super().__init__(decoded, row, committed=reading.committed, chunk_bytes=reading.chunk_bytes)
        self._ahead = ReadAhead(decoded)
        self._max_row_bytes = reading.max_row_bytes

    def _read_head(self) -> None:
        """There is none."""

    def _jump(self, offset: int) -> None:
        self._ahead.jump(offset)

    def _cut(self, start: int) -> Chunk | None:
        lines: list[Line] = []
        end = start
        while end - start < self._chunk_bytes and (line := self._line()) is not None:
            lines.append(line)
            end = line.offset + len(line.text) + 1
        if not lines:
            return None
        return Chunk(
            self._file, start, end, {"names": "utf8mb4"}, self._stored_bytes(end - start), JsonRows(tuple(lines))
        )

    def _line(self) -> Line | None:
        ahead = self._ahead
        while (end := ahead.data.find(b"\n", ahead.at)) < 0:
            if ahead.rest_bytes > self._max_row_bytes or not ahead.read_more(1 << 16, b"\n"):
                if ahead.rest_bytes:
                    raise DumpFormatError("a line has no end", file=self._file.name, offset=ahead.base + ahead.at)
                return None
        offset = ahead.base + ahead.at
        return Line(ahead.take(ahead.at, end, end + 1), offset)


class JsonRows(Payload[tuple[Line, ...]]):
    """The payload."""

    def send(self, delivery: Delivery) -> Sent:
        table = delivery.table
        into = into_clause(delivery.file.schema, delivery.file.table, None, table.row_columns)
        rows = ((self._row(line, delivery), line.offset) for line in self.content)
        return send_blocks(delivery, made_blocks(delivery, with_extracted(into, table.extracted), rows))

    @staticmethod
    def _row(line: Line, delivery: Delivery) -> bytes:
        try:
            values = json.loads(line.text)
            fields = [_literal(values.pop(name)) for name in delivery.table.row_columns]
        except (ValueError, KeyError, AttributeError) as error:
            raise DumpFormatError(
                f"no row of the table: {error!r}", file=delivery.file.name, offset=line.offset
            ) from error
        if values:
            raise DumpFormatError(
                f"more than the table has: {sorted(values)}", file=delivery.file.name, offset=line.offset
            )
        extracted = extracted_values(delivery.table.extracted)
        return b"(" + b",".join(fields + ([extracted] if extracted else [])) + b")"


def _no_row(what: str, line: Line, delivery: Delivery) -> DumpFormatError:
    return DumpFormatError(what, file=delivery.file.name, offset=line.offset)


def _literal(value: object) -> bytes:
    return b"NULL" if value is None else b"_utf8mb4 X'" + str(value).encode().hex().encode() + b"'"


FORMAT = JsonLines()
