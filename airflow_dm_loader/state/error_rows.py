"""How many rows of a load are set aside, by the kind of their error, so that all of its tasks together keep a budget.

The number commits with the rows that it counts: a chunk that is undone takes its part with it, and none counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_dm_loader.state.batches import insert_ignore
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_text


def begin(meta: Meta, load_id: int, kinds: Iterable[str]) -> None:
    """Make the rows that :func:`add` counts in, where they are missing; the caller commits."""
    insert_ignore(
        meta.db, f"{meta['error_rows']} (load_id, error_kind, used)", [(load_id, kind, 0) for kind in sorted(kinds)]
    )


def used(meta: Meta, load_id: int) -> dict[str, int]:
    """Kind -> rows that committed chunks have set aside."""
    rows = meta.db.query(
        f"SELECT error_kind, used FROM {meta['error_rows']} WHERE load_id = %s", (load_id,), shape=(as_text, as_number)
    )
    return {str(kind): int(number) for kind, number in rows}


def add(meta: Meta, load_id: int, taken: Mapping[str, int], most: Mapping[str, int]) -> str | None:
    """Count rows, last in the transaction that sets them aside.

    What is locked here stays so until the COMMIT, so it is taken in one order, whoever takes it.

    Returns:
        The kind of which there would be too many: the transaction must be undone. None: there is none.
    """
    for kind, number in sorted(taken.items()):
        result = meta.db.execute(
            f"UPDATE {meta['error_rows']} SET used = used + %s WHERE load_id = %s AND error_kind = %s "
            "AND used + %s <= %s",
            (number, load_id, kind, number, most[kind]),
        )
        if result.affected != 1:
            return kind
    return None


def give_back(meta: Meta, load_id: int, kind: str) -> None:
    """One row less is set aside; in the transaction that loads it."""
    meta.db.execute(
        f"UPDATE {meta['error_rows']} SET used = used - 1 WHERE load_id = %s AND error_kind = %s AND used > 0",
        (load_id, kind),
    )
