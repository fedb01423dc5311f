"""A whole chunk in one LOAD DATA LOCAL: the dump's own bytes, with only the heads of statements cut out.

LOCAL turns errors into warnings and drops rows, so the server's word counts only if it is exact: as many records as
the chunk has rows, nothing skipped, no warning. Anything else undoes the chunk, and it goes as statements, which
give the exact error or do what ``on_duplicate_logical`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from airflow_dm_loader.dump.heads import head_charset
from airflow_dm_loader.dump.layouts import Layout, RowLayout, pieces_without_binary_marks
from airflow_dm_loader.dump.statements import column_names
from airflow_dm_loader.engines.logical.chunk import Chunk
from airflow_dm_loader.engines.logical.row_block import extracted_assignments, split_into_clause, with_extracted
from airflow_dm_loader.engines.logical.warnings import changed_value
from airflow_dm_loader.errors import LoaderError, RowError
from airflow_dm_loader.plan.routes import Extracted
from airflow_dm_loader.state.chunks import ChunkCounts
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.identifiers import quote

SENT_AS = "load data"
_REFUSED = frozenset({1148, 3948, 4166})  # the server takes no LOAD DATA LOCAL, whatever its variable says

_VARIABLE = "@dm_loader_auto_increment"
_LINE_END = {Layout.COMMA_LAST: b"),\\n", Layout.COMMA_FIRST: b")\\n"}
_LAST_LINE_END = {Layout.COMMA_LAST: b",\n", Layout.COMMA_FIRST: b"\n"}


class NotAsLoadDataError(RowError):
    """The server would have changed or dropped something: the chunk must go as statements."""


def send_chunk(
    db: Database,
    chunk: Chunk,
    into: bytes,
    row_layout: RowLayout,
    *,
    replace: bool,
    max_packet_bytes: int | None = None,
    extracted: Sequence[Extracted] = (),
    auto_increment: str | None = None,
) -> ChunkCounts:
    """Send the chunk's rows inside the open transaction.

    Args:
        into: `` `schema`.`table` (columns) ``; without those that are extracted.
        extracted: what every row gets besides.
        auto_increment: the table's column of that kind; it matters where rows get something besides.
        max_packet_bytes: the server's max_allowed_packet, which bounds the packets of a stream too.
        replace: let rows replace those with the same key; else a duplicate undoes the chunk.

    Raises:
        NotAsLoadDataError: what the server took is not exactly what was sent; roll back.
    """
    if row_layout.quote == b'"' and "ANSI_QUOTES" in chunk.head.get("sql_mode", "").upper():
        raise NotAsLoadDataError("in this file's sql_mode, double quotes are for names")
    table, columns = split_into_clause(into)
    if extracted:
        columns = _with_assignments(columns, extracted, auto_increment)
    statement = _statement(table, columns, row_layout, head_charset(chunk.head), replace=replace)
    rows = 0

    def pieces() -> Iterator[bytes | memoryview]:
        nonlocal rows
        for statement in chunk.statements:
            text, values_at = statement.statement.text, statement.rows.values_at
            rows += text.count(b"\n", values_at) + 1
            if row_layout.binary_marks:
                yield from pieces_without_binary_marks(text, values_at)
            else:
                yield memoryview(text)[values_at:]
            yield _LAST_LINE_END[row_layout.layout]

    return load_exactly(
        db, statement, pieces(), lambda: rows, with_extracted(into, extracted), max_packet_bytes=max_packet_bytes
    )


def load_exactly(
    db: Database,
    statement: bytes,
    pieces: Iterable[bytes | memoryview],
    rows: Callable[[], int],
    into: bytes,
    *,
    max_packet_bytes: int | None,
) -> ChunkCounts:
    """Run a LOAD DATA LOCAL, and hold what the server says against what was sent.

    Args:
        rows: how many were sent, known once ``pieces`` is through.
        into: `` `schema`.`table` (columns) ``, with those that are extracted.

    Raises:
        NotAsLoadDataError: it is not exactly the same; roll back.
    """
    try:
        result = db.load_local(statement, pieces, max_packet_bytes)
    except LoaderError as error:
        if not isinstance(error, RowError) and error.errno not in _REFUSED:
            raise
        raise NotAsLoadDataError(error.message, errno=error.errno) from error
    if result.records != rows() or result.skipped:
        raise NotAsLoadDataError(f"of {rows()} rows the server counts {result.records}, and skipped {result.skipped}")
    if changed := changed_value(db, result, into):
        raise NotAsLoadDataError(f"the server would change a value: {changed[1]}", errno=changed[0])
    return ChunkCounts(rows=rows(), replaced=result.deleted)


def _with_assignments(columns: bytes, extracted: Sequence[Extracted], auto_increment: str | None) -> bytes:
    """The columns, and SET for what rows get besides.

    Under SET, MariaDB takes a 0 that it read into an AUTO_INCREMENT column for none, whatever ``sql_mode`` says, and
    makes up a number. Assigned in SET itself, it stays.
    """
    names = column_names(columns)
    assigned = [name for name in names if auto_increment is not None and name.lower() == auto_increment.lower()]
    listed = ",".join(_VARIABLE if name in assigned else quote(name) for name in names)
    kept = "".join(f"{quote(name)} = {_VARIABLE}, " for name in assigned)
    return f"({listed}) SET {kept}".encode("utf-8", "surrogateescape") + extracted_assignments(extracted)


def _statement(table: bytes, columns: bytes, row_layout: RowLayout, charset: str, *, replace: bool) -> bytes:
    return b"".join((
        b"LOAD DATA LOCAL INFILE '{stream}' ",
        b"REPLACE " if replace else b"",
        b"INTO TABLE " + table + b" CHARACTER SET " + charset.encode() + b" ",
        b"FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '" + row_layout.quote.replace(b"'", b"\\'"),
        b"' ESCAPED BY '\\\\' LINES STARTING BY '(' TERMINATED BY '" + _LINE_END[row_layout.layout] + b"' " + columns,
    ))  # fmt: skip
