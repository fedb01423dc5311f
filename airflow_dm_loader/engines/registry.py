"""The engine of each import mode."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from airflow_dm_loader.config import ImportMode, LoadConfig

if TYPE_CHECKING:
    from airflow_dm_loader.engines.base import Engine

# Each module has its engine as ENGINE, and is imported where it is used.
_MODULES = {
    ImportMode.LOGICAL: "airflow_dm_loader.engines.logical.engine",
    ImportMode.PHYSICAL: "airflow_dm_loader.engines.physical.engine",
    ImportMode.IMPORT_INTO: "airflow_dm_loader.engines.import_into.engine",
}


def engine_of(config: LoadConfig) -> Engine:
    """The engine that ``import_mode`` names."""
    return cast("Engine", import_module(_MODULES[config.what.import_mode]).ENGINE)
