"""Columns that a file names, held against those of its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_dm_loader.formats.base import TableColumns


def misfits(names: Sequence[str], table: TableColumns, who: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What is wrong with them, in words, and with which. Case does not count.

    Args:
        who: names them: "the first line".
    """
    found, known = [name.lower() for name in names], {name.lower() for name in table.types}
    kept = table.kept(names)
    filled = [each.column for each in table.extracted if each.column.lower() not in table.masked]
    for what, wrong in (
        ("names a column twice", [name for at, name in enumerate(names) if found[at] in found[:at]]),
        (
            "names columns that the table does not have, or computes itself",
            [name for at, name in enumerate(names) if at in kept and found[at] not in known],
        ),
        ("names columns that routes fill", [name for name in filled if name.lower() in found]),
        (
            "lacks columns of the table that have no default",
            [name for name in table.row_columns if name.lower() not in found and name in table.needed],
        ),
    ):
        if wrong:
            yield f"{who} {what}", tuple(wrong)
