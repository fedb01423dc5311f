"""Writes docs/settings.md from the fields of LoadConfig: ``python -m dev.settings_docs``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from airflow_dm_loader.config import LoadConfig

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

_HEAD = """# Settings

The fields of `LoadConfig`, the params of `dm_load`, the keys of a task group's `config`. Made from the code by
`python -m dev.settings_docs`.

| setting | values | default | meaning |
|---|---|---|---|
"""


def settings_page() -> str:
    """The page as it should be."""
    schema = LoadConfig.model_json_schema()
    rows = []
    for name, field in LoadConfig.model_fields.items():
        described = schema["properties"][name]
        reference = described.get("$ref", "").rsplit("/", 1)[-1]
        values = _values(schema["$defs"][reference] if reference else described)
        default = "required" if field.is_required() else f"`{_plain(field.get_default(call_default_factory=True))}`"
        text = (field.description or "").replace("|", "\\|")
        rows.append(f"| `{name}` | {values} | {default} | {text} |")
    return _HEAD + "\n".join(rows) + "\n"


def _values(described: dict[str, Any]) -> str:
    if "enum" in described:
        return ", ".join(f"`{value}`" for value in described["enum"])
    if "anyOf" in described:
        return " or ".join(choice["type"] for choice in described["anyOf"])
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
