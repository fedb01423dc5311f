"""What no dump tool carries, told by the CREATE statements alone: findings of a load before its first row. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from airflow_dm_loader.dump.create_table import CreateTable
from airflow_dm_loader.report import Finding, some_of

_SHOWN = 5


def tool_losses(tables: Iterable[tuple[str, CreateTable]], exact: Collection[str] = ()) -> Iterator[Finding]:
    """The findings about ``tables``, by name: ``shop.orders`` -> its CREATE as the source had it.

    Args:
        exact: the tables whose numbers are not written as text.
    """
    floats: list[str] = []
    for name, table in tables:
        if table.system_versioned:
            yield Finding(
                kind="row_history",
                table=name,
                text="the dump holds the present rows of this system-versioned table: its history starts anew",
            )
        if name not in exact:
            floats += [f"{name}.{column.name}" for column in table.columns if column.is_float and not column.generated]
    if floats:
        yield Finding(
            kind="float_digits",
            text="of FLOAT columns dump tools write six digits, of which the server makes a value that may not be the "
            f"source's: {some_of(floats, _SHOWN)}",
        )
