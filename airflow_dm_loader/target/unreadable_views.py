"""Views that were created, and that the server lets nobody read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedView
from airflow_dm_loader.report import Finding
from airflow_dm_loader.target.connection import Database

_NO_SUCH_DEFINER = 1449
_MAY_NOT_READ = 1356
_WHY = {
    _NO_SUCH_DEFINER: "its DEFINER does not exist in the target: create that account, or the view with another DEFINER",
    _MAY_NOT_READ: "its DEFINER does not exist in the target or may not read what the view reads, or a column of that "
    "is missing: give that account the privilege, or create the view with another DEFINER",
}


def unreadable_views(db: Database, views: Iterable[PlannedView]) -> Iterator[Finding]:
    """Servers take a view of an account that does not exist, and refuse to read from it.

    Each is prepared only: even with LIMIT 0, servers run a view's query where it is a constant, such as SLEEP.
    """
    for view in views:
        try:
            db.execute("PREPARE dm_view FROM %s", (f"SELECT 1 FROM {TableName(view.schema, view.view).quoted}",))
        except LoaderError as error:
            if error.errno in _WHY:
                yield Finding(
                    kind="unreadable_view",
                    table=f"{view.schema}.{view.view}",
                    text=f"the view can't be read ({error.errno}): {_WHY[error.errno]}",
                )
        finally:
            db.rollback()
