"""What a load found that its report must tell by name, kept from the phase that found it until the report is made.

A phase that is repeated whole says anew what it finds (:func:`keep`). Work that happens once, such as a chunk, adds
what it finds in its own transaction (:func:`add`): an attempt that is undone takes its findings with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.report import Finding
from airflow_dm_loader.state.meta import Meta, check_version
from airflow_dm_loader.target.answers import as_number, as_text, as_truth, maybe

_log = visible_log(__name__)
_TEXT = "CONVERT(UNHEX(%s) USING utf8mb4)"  # a chunk's connection speaks its file's charset


def keep(meta: Meta, load_id: int, found_by: str, found: Iterable[Finding]) -> None:
    """Write down what a phase found, instead of what it found the last time; the caller commits.

    Args:
        found_by: the phase's name.
    """
    meta.db.execute(f"DELETE FROM {meta['finding']} WHERE load_id = %s AND found_by = %s", (load_id, found_by))
    add(meta, load_id, found_by, found)


def add(meta: Meta, load_id: int, found_by: str, found: Iterable[Finding]) -> None:
    """Write down what was found besides, in the transaction of the work that found it.

    Args:
        found_by: which work it was, for people; such as a file and an offset in it.
    """
    for one in found:
        _log.warning("%s", one)
        meta.db.execute(
            f"INSERT INTO {meta['finding']} (load_id, found_by, kind, about_table, detail, row_count, pauses, "
            f"created_at) VALUES (%s, {_TEXT}, {_TEXT}, {_TEXT}, {_TEXT}, %s, %s, UTC_TIMESTAMP(6))",
            (load_id, *map(_hex, (found_by, one.kind, one.table, one.text)), one.rows, one.pauses),
        )


def stored(meta: Meta, load_id: int) -> tuple[Finding, ...]:
    """All of them, in the order in which they were first found; what was found several times is one, with all rows."""
    found: dict[tuple[str, str, str], Finding] = {}
    for kind, table, text, rows, pauses, version in meta.db.query(
        f"SELECT kind, about_table, detail, row_count, pauses, row_version FROM {meta['finding']} "
        "WHERE load_id = %s ORDER BY finding_id",
        (load_id,),
        shape=(as_text, as_text, as_text, maybe(as_number), as_truth, as_number),
    ):
        check_version(version, f"a finding of load {load_id}")
        one = Finding(kind=kind, table=table, text=text, rows=rows, pauses=bool(pauses))
        before = found.get((kind, table, text))
        found[kind, table, text] = one if before is None else _together(before, one)
    return tuple(found.values())


def _together(one: Finding, other: Finding) -> Finding:
    rows = None if one.rows is None and other.rows is None else (one.rows or 0) + (other.rows or 0)
    return one.model_copy(update={"rows": rows, "pauses": one.pauses or other.pauses})


def _hex(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").hex()
