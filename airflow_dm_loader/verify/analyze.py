"""Fresh statistics for the optimizer, once the rows are in."""

from __future__ import annotations

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.identifiers import qualified


def analyze_table(db: Database, schema: str, table: str) -> str | None:
    """ANALYZE TABLE; what the server complains of, or None if it went well."""
    try:
        rows = db.query(f"ANALYZE TABLE {qualified(schema, table)}")
    except LoaderError as error:
        return str(error)
    problems = [str(row[3]) for row in rows if len(row) > 3 and str(row[2]).lower() == "error"]
    return "; ".join(problems) or None
