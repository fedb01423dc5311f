"""Writes docs/settings.md from the table of settings and their fields: ``python -m dev.settings_docs``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from airflow_dm_loader.settings.choices import ImportMode
from airflow_dm_loader.settings.fields import field_of, group_model, schemas
from airflow_dm_loader.settings.table import EVERY, GROUPS, SETTINGS, Setting

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

_HEAD = """# Settings

The settings of a load: of `LoadConfig`, of the params of `dm_load`, of a task group's `config`. Each is in a group and
may be said with it or without: `LoadConfig(pool_size=8)` is `LoadConfig(work={"pool_size": 8})`; code reads
`config.work.pool_size`. A setting that the chosen engine does not look at is refused, unless it has its default; from
a DM task file, which may hold settings of every engine, it is left out with a note. Made from the code by
`python -m dev.settings_docs`.
"""

_COLUMNS = """
| setting | values | default | engines | DM's key | meaning |
|---|---|---|---|---|---|
"""


def settings_page() -> str:
    """The page as it should be."""
    described = schemas()
    parts = [_HEAD]
    for group in GROUPS:
        rows = [_row(row, described[row.name]) for row in SETTINGS.values() if row.group == group]
        parts += [f"\n## {group}\n\n{group_model(group).__doc__}\n", _COLUMNS, "\n".join(rows), "\n"]
    return "".join(parts)


def _row(row: Setting, described: dict[str, Any]) -> str:
    field = field_of(row.name)
    default = "required" if field.is_required() else f"`{_plain(field.get_default(call_default_factory=True))}`"
    text = (field.description or "").replace("|", "\\|")
    engines = "all" if row.engines == EVERY else ", ".join(mode.value for mode in ImportMode if mode in row.engines)
    cells = (f"`{row.name}`", _values(described), default, engines, f"`{row.dm_path}`" if row.dm_path else "-", text)
    return f"| {' | '.join(cells)} |"


def _values(described: dict[str, Any]) -> str:
    if "enum" in described:
        return ", ".join(f"`{value}`" for value in described["enum"])
    if isinstance(described["type"], list):
        return " or ".join(described["type"])
    bounds = [str(described[key]) for key in ("minimum", "maximum") if key in described]
    return " ".join([described["type"], *(["from " + " to ".join(bounds)] if bounds else [])])


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_defaults=True)
    return list(value) if isinstance(value, tuple) else value


if __name__ == "__main__":
    PAGE.write_text(settings_page())
