"""What tables are like before Lightning creates those that are missing."""

from __future__ import annotations

from airflow_dm_loader.engines.physical.requirements import check_load, check_server
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import files
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.target.preflight import check_names
from airflow_dm_loader.target.schema import existing_tables, is_empty
from airflow_dm_loader.target.server import ask_server

_log = visible_log(__name__)


def note_tables(run: LoadRun) -> dict[str, object]:
    """What ``create_tables`` does here: note what each table is like before Lightning creates those that are missing.

    Returns:
        As :func:`~airflow_dm_loader.phases.tables.create_tables`; nothing is ``created`` yet.
    """
    dump = run.open_dump()
    plan = dump.plan
    with run.open_stored(dump) as (meta, load):
        server = ask_server(meta.db)
        check_server(server)
        check_load(run, dump)
        check_names(plan, server)
        _check_schema_files(dump)
        ours = {row.key for row in files.list_tables(meta, load.load_id)}
        there = {schema: existing_tables(meta.db, schema) for schema in {table.schema for table in plan.tables}}
        rows = []
        for table in plan.tables:
            exists = table.table in there[table.schema]
            empty = not exists or is_empty(meta.db, table.schema, table.table)
            rows.append(TableRow(table.schema, table.table, not exists, empty, ()))
        files.register_tables(meta, load.load_id, rows)
        meta.db.commit()
    for warning in plan.warnings:
        _log.warning("%s", warning)
    return {
        "created": [],
        "existing": [str(row.key) for row in rows if not row.created],
        "views": [],
        "not_empty": [str(row.key) for row in rows if not row.empty_before and row.key not in ours],
        "warnings": list(plan.warnings),
        "not_loaded": plan.not_loaded,
    }


def _check_schema_files(dump: Dump) -> None:
    """Lightning runs the schema files itself: each must be the CREATE of its object alone."""
    names = [database.schema_file for database in dump.plan.databases]
    names += [view.schema_file for view in dump.plan.views]
    names += [source.schema_file for table in dump.plan.tables for source in table.sources]
    for name in names:
        if name is not None:
            dump.read_schema(name)
