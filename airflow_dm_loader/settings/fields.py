"""The fields of all groups, by the names of their settings: for forms and pages."""

from __future__ import annotations

from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from airflow_dm_loader.settings.groups.base import Group
from airflow_dm_loader.settings.load import LoadConfig
from airflow_dm_loader.settings.table import GROUPS, SETTINGS


def group_model(group: str) -> type[Group]:
    """The model of a group."""
    model = LoadConfig.model_fields[group].annotation
    assert isinstance(model, type)
    assert issubclass(model, Group)
    return model


def field_of(name: str) -> FieldInfo:
    """The field of a setting: its type, default, title and description."""
    return group_model(SETTINGS[name].group).model_fields[name]


def plain_default(name: str) -> Any:
    """A setting's default as a form and JSON show it; None where it has none."""
    field = field_of(name)
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else value


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON schema of each setting, in the table's order, without references and unions, which forms can't show."""
    found: dict[str, dict[str, Any]] = {}
    for group in GROUPS:
        schema = group_model(group).model_json_schema()
        found |= {name: _flat(field, schema.get("$defs", {})) for name, field in schema["properties"].items()}
    return {name: found[name] for name in SETTINGS}


def _flat(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    field = dict(field)
    if "$ref" in field:
        field = {**definitions[field.pop("$ref").rsplit("/", 1)[1]], **field}
    if "anyOf" in field:
        field["type"] = [choice["type"] for choice in field.pop("anyOf")]
    return field
