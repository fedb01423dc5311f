"""SQL views for people who have neither Airflow nor this package: what loads do now, and what they brought.

They stand in the meta schema beside the tables, and see what their reader may see (SQL SECURITY INVOKER). They are no
part of the state: where the account may not create views, they are left out with a note.
"""

from __future__ import annotations

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.state.migrations.migration import meta_table
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database

_log = visible_log(__name__)
_NOT_ALLOWED = frozenset({1044, 1142, 1143, 1227, 1235, 1370})  # by privileges, or by a server that has no views
_EXISTS = 1050

_STARTED = (
    "(SELECT e.{column} FROM {event} e WHERE e.event_id = "
    "(SELECT MAX(s.event_id) FROM {event} s WHERE s.load_id = l.load_id AND s.kind = 'started'))"
)
_TOTAL = "(SELECT COALESCE(SUM(f.file_bytes), 0) FROM {file} f WHERE f.load_id = l.load_id)"
_STATUS = f"""\
SELECT l.load_id, l.task_name, l.source_id, l.status, l.created_at AS begun_at,
  GREATEST(l.updated_at, COALESCE((SELECT MAX(e.created_at) FROM {{event}} e WHERE e.load_id = l.load_id),
    l.updated_at)) AS changed_at,
  {_STARTED.replace("{column}", "host")} AS host,
  {_STARTED.replace("{column}", "dag_id")} AS dag_id,
  {_STARTED.replace("{column}", "run_id")} AS run_id,
  CASE WHEN l.status = 'finished' THEN {_TOTAL} ELSE LEAST({_TOTAL}, GREATEST(
    (SELECT COALESCE(SUM(f.file_bytes), 0) FROM {{file}} f WHERE f.load_id = l.load_id AND f.done = 1),
    (SELECT COALESCE(SUM(c.file_bytes), 0) FROM {{chunk}} c WHERE c.load_id = l.load_id AND c.end_offset IS NOT NULL),
    COALESCE((SELECT t.finished_bytes FROM {{lightning}} t WHERE t.load_id = l.load_id), 0))) END AS finished_bytes,
  {_TOTAL} AS total_bytes,
  (SELECT SUM(c.row_count) FROM {{chunk}} c WHERE c.load_id = l.load_id AND c.end_offset IS NOT NULL) AS row_count,
  IF(l.status = 'paused', 'somebody who accepts what was found', '') AS waits_for
FROM {{load}} l"""
_HISTORY = """\
SELECT of_load AS load_id, task_name, source_id, table_schema, table_name, row_count, data_bytes, file_bytes, seconds,
  verdict, accepted, undone, begun_at, finished_at
FROM {brought}"""
VIEWS = {"status": _STATUS, "history": _HISTORY}  # name without dm_loader_ -> its SELECT
_TABLES = ("load", "event", "file", "chunk", "lightning", "brought")


def make_views(db: Database, schema: str, *, anew: bool) -> None:
    """Create the views where they are missing; ``anew``: also where they are there, as of an older version."""
    there = {
        str(name)
        for (name,) in db.query(
            "SELECT table_name FROM information_schema.views WHERE table_schema = %s", (schema,), shape=(as_text,)
        )
    }
    names = {name: meta_table(schema, name) for name in _TABLES}
    for name, select in VIEWS.items():
        exists = f"dm_loader_{name}" in there
        if exists and not anew:
            continue
        replace = "OR REPLACE " if exists else ""  # which needs DROP too
        try:
            db.execute(
                f"CREATE {replace}SQL SECURITY INVOKER VIEW {meta_table(schema, name)} AS {select.format(**names)}"
            )
        except LoaderError as error:
            if error.errno == _EXISTS:  # another load was faster
                continue
            if error.errno not in _NOT_ALLOWED:
                raise
            _log.info(
                "The view dm_loader_%s is left out: %s. Who wants it grants CREATE VIEW on %s",
                name,
                error.message,
                schema,
            )
