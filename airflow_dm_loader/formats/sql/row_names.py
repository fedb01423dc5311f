"""Which columns a statement's rows are of."""

from __future__ import annotations

from airflow_dm_loader.dump.statements import Rows, column_names
from airflow_dm_loader.dump.value_marks import Places
from airflow_dm_loader.formats.base import TableColumns


def row_names(table: TableColumns, rows: Rows, text: bytes | memoryview) -> tuple[str, ...]:
    """The columns of a statement's rows, in order.

    mariadb-dump writes values of generated columns, too, and names no columns: the first row tells by how many it has.

    Args:
        text: of the statement.
    """
    if rows.columns is not None:
        return column_names(rows.columns)
    if table.with_generated:
        first = next(Places(len(table.with_generated), ()).values(memoryview(text)[rows.values_at :]), None)
        if first is not None and first[0] == 0:
            return table.with_generated
    return table.row_columns
