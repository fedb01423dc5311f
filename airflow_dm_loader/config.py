"""The public door to the settings, which are in :mod:`airflow_dm_loader.settings`."""

from __future__ import annotations

from airflow_dm_loader.settings.choices import (
    BarrierKind,
    DumpTool,
    ImportMode,
    Level,
    LightningCheckpoint,
    Mode,
    OnConflict,
    OnDuplicate,
    OnDuplicatePhysical,
    OnExistingRows,
    OnSchemaChange,
)
from airflow_dm_loader.settings.groups.what import DEFAULT_SOURCE_ID
from airflow_dm_loader.settings.load import LoadConfig
from airflow_dm_loader.settings.target import TargetConfig
from airflow_dm_loader.settings.values import IMPORT_INTO_READS

__all__ = [
    "DEFAULT_SOURCE_ID",
    "IMPORT_INTO_READS",
    "BarrierKind",
    "DumpTool",
    "ImportMode",
    "Level",
    "LightningCheckpoint",
    "LoadConfig",
    "Mode",
    "OnConflict",
    "OnDuplicate",
    "OnDuplicatePhysical",
    "OnExistingRows",
    "OnSchemaChange",
    "TargetConfig",
]
