"""Asset events: what other DAGs start on once a load has finished, a table each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from airflow.sdk import AssetAlias, Context

    from airflow_dm_loader.config import TargetConfig
    from airflow_dm_loader.report import LoadReport, TableReport


def alias_outlets(asset_alias: str | None, kwargs: dict[str, Any]) -> list[Any]:
    """A task's outlets, with the alias under which its tables' assets go, where it has one."""
    from airflow.sdk import AssetAlias

    own = list(kwargs.pop("outlets", None) or [])
    return [*own, AssetAlias(asset_alias)] if asset_alias else own


def server_uri(target: TargetConfig) -> str:
    """``mysql://host:port``, by which other tools know the server."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"mysql://{host}:{target.port}"


def table_uri(target: TargetConfig, table: str) -> str:
    """``mysql://host:port/schema/table``, the name of a table's asset; ``table`` is ``schema.table``."""
    schema, _, name = table.partition(".")
    return f"{server_uri(target)}/{quote(schema, safe='')}/{quote(name, safe='')}"


def emit_tables(context: Context, asset_alias: str | None, target: TargetConfig, report: LoadReport) -> int:
    """An event for each table that this run loaded; how many. None where the load had been finished before."""
    from airflow.sdk import Asset, AssetAlias

    if not asset_alias or report.skipped:
        return 0
    alias: AssetAlias = AssetAlias(asset_alias)
    for table in report.tables:
        uri = table_uri(target, table.table)
        context["outlet_events"][alias].add(Asset(name=uri, uri=uri), extra=_extra(report, table))
    return len(report.tables)


def _extra(report: LoadReport, table: TableReport) -> dict[str, Any]:
    return {
        "rows": table.rows,
        "row_count": table.row_count,
        "checksum": table.checksum,
        "outcome": report.outcome,
        "accepted": report.accepted,
        "binlog_name": report.binlog_name,
        "binlog_pos": report.binlog_pos,
        "gtid": report.binlog_gtid,
        "task_name": report.task_name,
        "source_id": report.source_id,
        "load_id": report.load_id,
    }
