"""Writes docs/dm-settings.md from the keys of DM's task file: ``python -m dev.dm_settings_docs``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from airflow_dm_loader.settings.dm_task.keys import TASK, Key, Kind, Unit

PAGE = Path(__file__).parents[1] / "docs" / "dm-settings.md"

_HEAD = """# DM's task file

A `task.yaml` of DM is taken as it is:

```python
config = LoadConfig.from_dm_task("task.yaml", "mysql-replica-01")
target = TargetConfig.from_dm_task("task.yaml")
```

In a DAG, `dm_task_file` names it: in the form of `dm_load_task_file`, or in a task group's `config`, with `source_id`
where the file has several sources. There it is read from the DAGs folder, to which a relative path belongs, and from
the folders that `task_file_folders` in the section `dm_loader` of airflow.cfg adds, separated by commas; links are
followed first. Every worker must be able to read it. The target is always the Airflow connection.

What is said elsewhere comes before the file: the arguments of `from_dm_task`, the keys of a task group's `config`, and
in a form what differs from its default. What neither says has this package's default, not DM's.

A key that DM does not know is refused with its line, as in DM. The table has all that it knows, as of its sources in
2026. Keys of other units are read, and named in the log of `fetch_dump_metadata`; they change nothing here. Made from
the code by `python -m dev.dm_settings_docs`.

| DM's key | becomes | notes |
|---|---|---|
"""

_UNITS = {
    Unit.DUMP: "- (dump unit)",
    Unit.SYNC: "- (sync unit)",
    Unit.CHECK: "- (checks)",
    Unit.VALIDATOR: "- (validator)",
    Unit.NOBODY: "- (no effect)",
}
_LISTS = {Kind.NAMED: ".*", Kind.BLOCKS: "[]"}


def page() -> str:
    """The page as it should be."""
    rows = (f"| `{path}` | {_becomes(path, key)} | {key.note} |" for path, key in all_keys(TASK))
    return _HEAD + "\n".join(rows) + "\n"


def all_keys(keys: Mapping[str, Key], path: str = "") -> Iterator[tuple[str, Key]]:
    """Every key with its path; a block's own keys follow it. What stands twice is told once."""
    for name, key in keys.items():
        where = f"{path}{name}"
        yield where, key
        if key.keys and name not in ("black-white-list", "loader", "mydumper", "syncer"):
            yield from all_keys(key.keys, f"{where}{_LISTS.get(key.kind, '')}.")


def _becomes(path: str, key: Key) -> str:
    if key.unit is not Unit.LOAD:
        return _UNITS[key.unit]
    if key.setting == "refused":
        return "- (refused)"
    if not key.setting:
        return ""
    in_target = path.startswith("target-database.") and key.setting != "session"
    return f"`{'TargetConfig.' if in_target else ''}{key.setting}`"


if __name__ == "__main__":
    PAGE.write_text(page())
