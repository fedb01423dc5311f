"""LOAD DATA LOCAL, whose word is held against what was sent.

LOCAL turns errors into warnings and drops rows, so the server's word counts only if it is exact: as many records as
the chunk has rows, nothing skipped, no warning. Anything else undoes the chunk, and it goes as statements, which
give the exact error or do what ``on_duplicate_logical`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from airflow_dm_loader.dump.statements import column_names
from airflow_dm_loader.errors import LoaderError, RowError
from airflow_dm_loader.formats.base import Delivery, SendAgainError
from airflow_dm_loader.formats.sending.into import split_into_clause
from airflow_dm_loader.formats.sending.warnings import changed_value
from airflow_dm_loader.state.chunks import ChunkCounts

_NO_DEFAULT = 1364
_REFUSED = frozenset({1148, 3948, 4166})  # the server takes no LOAD DATA LOCAL, whatever its variable says


class NotAsLoadDataError(SendAgainError):
    """The server would have changed or dropped something: the chunk must go as statements."""


def load_exactly(
    delivery: Delivery, statement: bytes, pieces: Iterable[bytes | memoryview], rows: Callable[[], int], into: bytes
) -> ChunkCounts:
    """Run a LOAD DATA LOCAL inside the open transaction, and hold what the server says against what was sent.

    Args:
        rows: how many were sent, known once ``pieces`` is through.
        into: `` `schema`.`table` (columns) ``, with those that are extracted.

    Raises:
        NotAsLoadDataError: it is not exactly the same; roll back.
    """
    if left := _needed_and_not_sent(delivery, into):  # MySQL makes values up for these, and warns of nothing
        raise NotAsLoadDataError(f"Field '{left}' doesn't have a default value", errno=_NO_DEFAULT)
    try:
        result = delivery.db.load_local(statement, pieces, delivery.server.max_allowed_packet)
    except LoaderError as error:
        if not isinstance(error, RowError) and error.errno not in _REFUSED:
            raise
        raise NotAsLoadDataError(error.message, errno=error.errno) from error
    if result.records != rows() or result.skipped:
        raise NotAsLoadDataError(f"of {rows()} rows the server counts {result.records}, and skipped {result.skipped}")
    if changed := changed_value(delivery.db, result, into):
        raise NotAsLoadDataError(f"the server would change a value: {changed[1]}", errno=changed[0])
    return ChunkCounts(rows=rows(), replaced=result.deleted)


def _needed_and_not_sent(delivery: Delivery, into: bytes) -> str | None:
    """A column without a default that the rows have no value for."""
    needed = delivery.table.needed
    if not needed:
        return None
    sent = {name.lower() for name in column_names(split_into_clause(into)[1])}
    return min((name for name in needed if name.lower() not in sent), default=None)
