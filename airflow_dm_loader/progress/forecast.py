"""How long the comparison after an import will take, said while rows still come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.progress.table_clock import Pace

# What a row and a table cost a server that reads them, in bytes of a data file. Measured at MariaDB 10.11 with COUNT(*)
# and CHECKSUM TABLE, rows of 35 to 390 bytes, in memory and not: counted so, tables are read at speeds that differ by
# less than two; by their bytes alone, by eight.
_ROW_BYTES = 200
_TABLE_BYTES = 500_000
# There, building an index took three to five times as long as reading the table that it is built from.
_READINGS_OF_AN_INDEX = 3


@dataclass(frozen=True, slots=True)
class TableReading:
    """A table that the comparison will look at."""

    file_bytes: int  # stored bytes of its data files
    rows: int | None  # None: the dump does not say
    readings: int  # how often it is read whole; 0: nothing of it can be compared

    def work(self, rows_per_byte: float = 0.0) -> float:
        """What the server has to do, in bytes; ``rows_per_byte`` where the dump does not say how many rows it has."""
        return self.readings * reading_work(
            self.file_bytes, self.file_bytes * rows_per_byte if self.rows is None else self.rows
        )


def reading_work(file_bytes: int, rows: float) -> float:
    """What one reading of a table costs a server, in bytes."""
    return _TABLE_BYTES + rows * _ROW_BYTES + file_bytes


def build_work(reading: float, indexes: int) -> float:
    """What it costs to build so many indexes of a table in one ALTER, given its :func:`reading_work`."""
    return reading * (1 + _READINGS_OF_AN_INDEX * indexes)


@dataclass(frozen=True, slots=True)
class RowPace:
    """How fast rows went the last time.

    Attributes:
        seconds_per_byte: of one connection, of the tables that a load is known of.
        connections: how many there are now.
    """

    seconds_per_byte: Mapping[TableName, float]
    connections: int

    def seconds(self, left: Mapping[TableName, int]) -> float | None:
        """What these bytes will take; tables without a past are taken for ones like the others. None: all are."""
        known = [rate for table in left if (rate := self.seconds_per_byte.get(table)) is not None]
        if not known:
            return None
        other = sum(known) / len(known)
        took = (some * self.seconds_per_byte.get(table, other) for table, some in left.items())
        return sum(took) / self.connections


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a comparison will take, in all and of each table; None: that is not known yet."""

    seconds: float | None = 0.0
    by_table: Mapping[TableName, float] = field(default_factory=dict)


NO_COMPARISON = Estimate()


@dataclass(frozen=True, slots=True)
class ComparisonForecast:
    """Foretells the comparison of a load's tables.

    Attributes:
        tables: all that will be looked at.
        connections: how many tables at a time.
        before: how fast the last comparison of this load was; None: there was none.
        like_builds: whether it does what the building of indexes can tell of: read the target's tables.
    """

    tables: Mapping[TableName, TableReading]
    connections: int
    before: Pace | None = None
    like_builds: bool = True

    def estimate(self, rows_per_byte: Mapping[TableName, float], builds: Pace | None) -> Estimate:
        """What it will take.

        Args:
            rows_per_byte: what this import has found of its tables; the others will be like them.
            builds: how fast the building of this load's indexes was.
        """
        other = sum(rows_per_byte.values()) / len(rows_per_byte) if rows_per_byte else 0.0
        work = {table: reading.work(rows_per_byte.get(table, other)) for table, reading in self.tables.items()}
        whole = sum(work.values())
        if not whole:
            return NO_COMPARISON
        for pace in (self.before, builds if self.like_builds else None):
            if pace is not None and pace.tells_of(whole):
                by_table = {table: some * pace.seconds / pace.work for table, some in work.items()}
                longest = max(by_table.values())
                return Estimate(max(sum(by_table.values()) / self.connections, longest), by_table)
        return Estimate(None)
