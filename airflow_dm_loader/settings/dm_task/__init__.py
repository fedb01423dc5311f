"""A TiDB Data Migration task file (``task.yaml``), read as DM reads it.

Every key that DM knows is known here: it becomes a setting, or it is named as another unit's. A key that DM does not
know is refused with its line, as DM refuses it.

nodes.py     YAML with line numbers; a key that stands twice is refused
keys.py      all keys of DM's task file, and what becomes of each
decode.py    nodes -> values of the types that DM declares
checks.py    what DM checks across keys: names that lead nowhere, names that nobody uses
settings.py  values -> fields of LoadConfig
task.py      read_dm_task: the whole; target-database -> fields of TargetConfig
"""

from __future__ import annotations

from airflow_dm_loader.settings.dm_task.task import DmTask, read_dm_task

__all__ = ["DmTask", "read_dm_task"]
