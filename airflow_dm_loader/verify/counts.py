"""How many rows the dump says that a table has, and whether its tool counted them.

mydumper until 0.14 writes 0 for all tables that it dumped with --load-data or --csv, and 0.10.6 in the files of their
own that hold the counts. More than 0 is always a count, and so is the 0 of an empty table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Self

from airflow_dm_loader.dump.metadata import TableMetadata
from airflow_dm_loader.dump.row_counts import read_row_count
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedTable
from airflow_dm_loader.run import Dump


@dataclass(frozen=True, slots=True)
class Counts:
    """What the metadata lacks of counts, and who wrote them.

    Attributes:
        in_files: a table of the dump -> its rows, as a file of its own says.
        uncounted: target tables whose rows the tool that wrote the metadata does not count.
    """

    in_files: Mapping[TableName, int]
    uncounted: Collection[TableName]

    @classmethod
    def of(cls, dump: Dump) -> Self:
        """Reads the files that hold a count, of the tables that are loaded."""
        tables = {source.key for table in dump.plan.tables for source in table.sources}
        files = {table: name for table, name in dump.inventory.row_counts.items() if table in tables}
        counts = {table: read_row_count(dump.storage, name) for table, name in files.items()}
        by_load_data = (
            {file.key for file in dump.plan.files if file.source.kind.sets_columns}
            if dump.inventory.metadata.counts_statements_only
            else set()
        )
        return cls({table: rows for table, rows in counts.items() if rows is not None}, by_load_data)

    def metadata(self, table: PlannedTable) -> TableMetadata | None:
        """What the dump says of the table; its rows are the sum of its sources'."""
        counts = self._counts(table)
        if not counts or (table.metadata is not None and table.metadata.rows is not None):
            return table.metadata
        return replace(table.metadata or TableMetadata(table.table), rows=sum(counts))

    def may_lack_rows(self, table: PlannedTable) -> bool:
        """Whether 0 rows may mean that nobody counted them."""
        return table.key in self.uncounted or self._counts(table) != ()

    def _counts(self, table: PlannedTable) -> tuple[int, ...]:
        """() where not each source of the table has one."""
        counts = [self.in_files.get(source.key) for source in table.sources]
        return tuple(count for count in counts if count is not None) if None not in counts else ()
