"""A chunk of a file of records in one LOAD DATA LOCAL: the file's own bytes, by its own clauses.

Records were told apart before, more strictly than the server does it, so both see the same ones; the rest is as with
rows of SQL, see :mod:`~airflow_dm_loader.engines.logical.load_data`.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_dm_loader.dump.records.layout import RecordLayout
from airflow_dm_loader.engines.logical.chunk import Records
from airflow_dm_loader.engines.logical.load_data import load_exactly
from airflow_dm_loader.engines.logical.row_block import extracted_assignments, with_extracted
from airflow_dm_loader.plan.routes import Extracted
from airflow_dm_loader.state.chunks import ChunkCounts
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.identifiers import quote


def send_records(
    db: Database,
    records: Records,
    into: bytes,
    *,
    table: bytes,
    replace: bool,
    max_packet_bytes: int | None = None,
    extracted: Sequence[Extracted] = (),
    auto_increment: str | None = None,
) -> ChunkCounts:
    """Send the chunk's records inside the open transaction.

    Args:
        into: `` `schema`.`table` (columns) ``; without those that are extracted.
        table: `` `schema`.`table` ``.
        max_packet_bytes: the server's max_allowed_packet, which bounds the packets of a stream too.
        replace: let rows replace those with the same key; else a duplicate undoes the chunk.
        extracted: what every row gets besides.
        auto_increment: the table's column of that kind; it matters where SET is used.

    Raises:
        NotAsLoadDataError: what the server took is not exactly what was sent; roll back.
    """
    form = records.layout.format
    (terminator,) = form.terminators
    statement = b"".join((
        b"LOAD DATA LOCAL INFILE '{stream}' ",
        b"REPLACE " if replace else b"",
        b"INTO TABLE " + table + b" CHARACTER SET " + form.charset.encode(),
        b" FIELDS TERMINATED BY " + _literal(form.separator),
        b" ENCLOSED BY " + _literal(form.quote) + b" ESCAPED BY " + _literal(form.escape),
        b" LINES TERMINATED BY " + _literal(terminator) + b" ",
        _columns(records.layout, extracted, auto_increment),
    ))  # fmt: skip
    span = records.span
    return load_exactly(
        db,
        statement,
        span.pieces,
        lambda: span.rows,
        with_extracted(into, extracted),
        max_packet_bytes=max_packet_bytes,
    )


def _columns(layout: RecordLayout, extracted: Sequence[Extracted], auto_increment: str | None) -> bytes:
    """The columns, and SET for those that are made of a field, and for what rows get besides.

    Under SET, MariaDB makes up a number for a 0 that it read into an AUTO_INCREMENT column, so that goes over SET too.
    """
    columns = layout.columns or ()
    uses_set = bool(layout.functions or extracted)
    listed: list[str] = []
    assigned: list[str] = []
    for at, name in enumerate(columns):
        function = layout.functions.get(name)
        if function is None and not (
            uses_set and auto_increment is not None and name.lower() == auto_increment.lower()
        ):
            listed.append(quote(name))
            continue
        variable = f"@dm_loader_{at}"
        listed.append(variable)
        assigned.append(f"{quote(name)} = {variable if function is None else function.value % variable}")
    text = f"({','.join(listed)})".encode("utf-8", "surrogateescape")
    if uses_set:
        made = [", ".join(assigned).encode("utf-8", "surrogateescape")] if assigned else []
        made += [extracted_assignments(extracted)] if extracted else []
        text += b" SET " + b", ".join(made)
    return text


def _literal(text: bytes) -> bytes:
    """The bytes, whatever ``sql_mode`` says of backslashes."""
    return b"X'" + text.hex().encode() + b"'" if text else b"''"
