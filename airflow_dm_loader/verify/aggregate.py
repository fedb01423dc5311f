"""A table in four numbers that don't depend on how a server stores it, nor on the order of its rows.

The first halves of each row's SHA-256, joined by XOR as TiDB's sync-diff-inspector joins its MD5s, which MySQL 9 has no
more; the count of the rows; and a sum,
since two equal rows cancel each other under XOR. Tables that were split can be compared with the whole: the numbers
of their parts add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.target.answers import as_number
from airflow_dm_loader.target.connection import Database

# What a row's text depends on; sql_mode: no padding of CHAR, no other meaning of quotes.
READING_SESSION: Mapping[str, str | int] = {"time_zone": "+00:00", "sql_mode": "", "net_write_timeout": 60}


class NotComparableError(Exception):
    """Why two tables can't be compared, in words."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The numbers of one table, or of several taken together with ``+``."""

    rows: int = 0
    left: int = 0
    right: int = 0
    total: int = 0

    def __add__(self, other: Aggregate) -> Aggregate:
        return Aggregate(
            self.rows + other.rows, self.left ^ other.left, self.right ^ other.right, self.total + other.total
        )

    def __str__(self) -> str:
        return f"{self.rows} rows, {self.left:016x}{self.right:016x}, sum {self.total}"


def ask_aggregate(db: Database, schema: str, table: str, columns: Sequence[tuple[str, str]]) -> Aggregate:
    """Compute the numbers in the server; it reads the whole table once.

    Args:
        db: a connection with :data:`READING_SESSION`.
        columns: name and expression of each, see :mod:`~airflow_dm_loader.verify.column_forms`.

    Raises:
        NotComparableError: rows whose text would be longer than the server's max_allowed_packet.
    """
    nulls = ",".join(f"ISNULL({quote(name)})" for name, _ in columns)
    values = ",".join(expression for _, expression in columns)
    text = f"CONCAT_WS(',',{values},CONCAT({nulls}))"
    row = db.sure(
        "SELECT COUNT(*), COUNT(m),"
        " COALESCE(BIT_XOR(CAST(CONV(SUBSTRING(m, 1, 16), 16, 10) AS UNSIGNED)), 0),"
        " COALESCE(BIT_XOR(CAST(CONV(SUBSTRING(m, 17, 16), 16, 10) AS UNSIGNED)), 0),"
        " COALESCE(SUM(CAST(CONV(SUBSTRING(m, 1, 8), 16, 10) AS UNSIGNED)), 0)"
        f" FROM (SELECT SHA2({text},256) AS m FROM {TableName(schema, table).quoted}) AS hashed",
        shape=(as_number,) * 5,
    )
    rows, hashed, left, right, total = (int(value) for value in row)
    if hashed != rows:
        raise NotComparableError(f"{rows - hashed} rows of {schema}.{table} are longer than max_allowed_packet as text")
    return Aggregate(rows, left, right, total)
