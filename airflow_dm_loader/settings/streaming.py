"""With which settings a dump can't be loaded while it is still being made."""

from __future__ import annotations

from airflow_dm_loader.location import DumpLocation, StorageKind
from airflow_dm_loader.settings.choices import OnExistingRows, WaitForDump
from airflow_dm_loader.settings.groups.how import Tables
from airflow_dm_loader.settings.groups.what import Reading, What, Where

STREAM_ALONE = (
    "stream is for a source that waits for no others, since it fills tables before they are there; set "
    "wait_for_sources to false, or wait for finished dumps"
)


def why_not_streamed(reading: Reading, what: What, where: Where, tables: Tables) -> str | None:
    """The first setting that is in the way, in words; None: there is none.

    What needs the whole dump before the first row, to refuse it or to prepare for it, can't be kept with a part of it.
    """
    if reading.wait_for_dump is not WaitForDump.STREAM:
        said = [name for name in ("finished_files", "dump_timeout_s") if name in reading.model_fields_set]
        unlike = [name for name in said if getattr(reading, name) != Reading.model_fields[name].default]
        return f"{unlike[0]}: it is for wait_for_dump stream" if unlike else None
    if DumpLocation.parse(what.dump_uri).kind is StorageKind.LOCAL and reading.finished_files is None:
        return (
            "wait_for_dump: nothing tells which files of a folder are whole while the dump is being made; name the "
            "list of them as finished_files, or dump into a bucket, where objects appear whole"
        )
    obstacles = {
        "require_finished_dump: without the finish line of metadata a dump that is being made has no end": (
            not reading.require_finished_dump
        ),
        "files: with rules of its own, only the whole folder tells what a file is": bool(where.files),
        "ignore_columns: each rule must fit a table, and not all tables are known yet": bool(where.ignore_columns),
        "mask: each rule must fit a table, and not all tables are known yet": bool(where.mask),
        "on_existing_rows: swap fills all tables of a dump and compares them, before any takes its place": (
            tables.on_existing_rows is OnExistingRows.SWAP
        ),
        "guard: the whole dump must be known before rows are deleted for it": bool(tables.guard),
        "only: the schema is not known before the rows, nor all rows before the indexes": what.only is not None,
        "set_gtid_purged: whether the target can take the GTID set must be known before the first row": (
            what.set_gtid_purged
        ),
    }
    return next((f"{why} (wait_for_dump is stream)" for why, is_so in obstacles.items() if is_so), None)
