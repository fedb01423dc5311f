"""Loads dumpling and mydumper dumps into TiDB, MySQL and MariaDB, exactly once; in Airflow or without.

    from airflow_dm_loader import LoadConfig, TargetConfig, load_dump

    report = load_dump(
        LoadConfig(task_name="shop", dump_uri="/dumps/shop"),
        TargetConfig(host="127.0.0.1", user="loader", password="..."),
    )

Names are looked up when they are first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_dm_loader.config import LoadConfig as LoadConfig
    from airflow_dm_loader.config import TargetConfig as TargetConfig
    from airflow_dm_loader.coordination.etcd.settings import EtcdConfig as EtcdConfig
    from airflow_dm_loader.dump.access import AzureAccess as AzureAccess
    from airflow_dm_loader.dump.access import GcsAccess as GcsAccess
    from airflow_dm_loader.dump.access import S3Access as S3Access
    from airflow_dm_loader.loader import load_dump as load_dump
    from airflow_dm_loader.loader import load_status as load_status
    from airflow_dm_loader.loader import plan_dump as plan_dump
    from airflow_dm_loader.loader import restore_previous as restore_previous
    from airflow_dm_loader.report import DumpPlan as DumpPlan
    from airflow_dm_loader.report import LoadReport as LoadReport
    from airflow_dm_loader.report import LoadStatus as LoadStatus
    from airflow_dm_loader.settings.dm_task import read_dm_task as read_dm_task
    from airflow_dm_loader.task_group import DumpLoadTaskGroup as DumpLoadTaskGroup

__version__ = "0.1.0"

_HOME = {
    "LoadConfig": "airflow_dm_loader.config",
    "TargetConfig": "airflow_dm_loader.config",
    "AzureAccess": "airflow_dm_loader.dump.access",
    "GcsAccess": "airflow_dm_loader.dump.access",
    "S3Access": "airflow_dm_loader.dump.access",
    "EtcdConfig": "airflow_dm_loader.coordination.etcd.settings",
    "read_dm_task": "airflow_dm_loader.settings.dm_task",
    "load_dump": "airflow_dm_loader.loader",
    "load_status": "airflow_dm_loader.loader",
    "plan_dump": "airflow_dm_loader.loader",
    "restore_previous": "airflow_dm_loader.loader",
    "DumpPlan": "airflow_dm_loader.report",
    "LoadReport": "airflow_dm_loader.report",
    "LoadStatus": "airflow_dm_loader.report",
    "DumpLoadTaskGroup": "airflow_dm_loader.task_group",
}

__all__ = sorted(_HOME)  # noqa: PLE0605  # a list of names, made from the table above


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
