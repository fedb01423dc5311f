"""The trigger form of a DAG that loads one dump: a Param for every setting of ``LoadConfig``."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from airflow_dm_loader.settings.fields import field_of, plain_default, schemas
from airflow_dm_loader.settings.meant import meant
from airflow_dm_loader.settings.table import SETTINGS, Section

# What a setting's schema and a JSON form call the same thing.
_KEPT = ("minLength", "maxLength", "minimum", "maximum", "type", "enum", "title", "description")
_CONNECTIONS = frozenset({"target_conn_id", "dump_conn_id", "etcd_conn_id", "compare_with_conn_id"})


def load_params(**defaults: Any) -> dict[str, Param]:
    """Params named as the settings of a load, with their defaults or these, and those of a DAG alone."""
    known = {*SETTINGS, *_CONNECTIONS, "dm_task_file"}
    unknown = [f"{name}{meant(name, known)}" for name in sorted(set(defaults) - known)]
    if unknown:
        raise ValueError(f"not settings of a load: {', '.join(unknown)}")
    fields = schemas()
    params = {}
    for section in Section:
        for name in (row.name for row in SETTINGS.values() if row.section is section):
            params[name] = _param(name, fields[name], section, defaults)
        if section is Section.WHAT:
            params["target_conn_id"] = _target_param(defaults.get("target_conn_id", "dm_target"))
            params["dump_conn_id"] = _dump_param(defaults.get("dump_conn_id"))
            params["dm_task_file"] = _task_file_param(defaults.get("dm_task_file"))
        elif section is Section.CHECKS:
            params["compare_with_conn_id"] = _source_param(defaults.get("compare_with_conn_id"))
        elif section is Section.SOURCES:
            params["etcd_conn_id"] = _etcd_param(defaults.get("etcd_conn_id"))
    return params


def _param(name: str, field: dict[str, Any], section: Section, defaults: dict[str, Any]) -> Param:
    kept = {key: field[key] for key in _KEPT if key in field}
    description = kept.pop("description", None)
    if kept["type"] == "array":
        items = field.get("items", {})
        kept["items"] = {"type": "object" if "$ref" in items else items.get("type", "string")}
    if name in defaults:
        kept["default"] = defaults[name]
    elif not field_of(name).is_required():
        kept["default"] = plain_default(name)
    else:  # a DM task file may say it; a load without it is refused by name
        kept["default"], kept["type"] = None, ["null", kept["type"]]
    if section:
        kept["section"] = section.value
    return Param(description=description, **kept)


def _target_param(default: str) -> Param:
    return Param(
        default,
        type="string",
        minLength=1,
        title="Target connection",
        description="The Airflow connection, of type mysql, of the server to load into.",
    )


def _dump_param(default: str | None) -> Param:
    return Param(
        default,
        type=["null", "string"],
        title="Dump connection",
        description="The Airflow connection, of type aws, google_cloud_platform or wasb, of the storage that holds the "
        "dump. None: a local dump, or credentials from the worker's environment.",
    )


def _source_param(default: str | None) -> Param:
    return Param(
        default,
        type=["null", "string"],
        section=Section.CHECKS.value,
        title="Compare with the source",
        description="The Airflow connection, of type mysql, of the server that the dump was made of, if it still holds "
        "the same rows: the checksum step compares all values with its tables. None: it is not asked.",
    )


def _task_file_param(default: str | None) -> Param:
    return Param(
        default,
        type=["null", "string"],
        title="DM task file",
        description="Path of a DM task.yaml in the DAGs folder (or in one of [dm_loader] task_file_folders of "
        "airflow.cfg), readable on every worker. What it says is used for every setting of this "
        "form that has its default; task name and dump may stay empty. None: the form alone.",
    )


def _etcd_param(default: str | None) -> Param:
    return Param(
        default,
        type=["null", "string"],
        section=Section.SOURCES.value,
        title="etcd connection",
        description="The Airflow connection of the etcd that holds the barrier, where that is etcd.",
    )
