"""The trigger form of a DAG that loads one dump: a Param for every field of ``LoadConfig``."""

from __future__ import annotations

from enum import Enum
from typing import Any

from airflow.sdk import Param
from pydantic import BaseModel

from airflow_dm_loader.config import LoadConfig

# Params without a section are what the form opens with; the others are folded.
WHAT, HOW, CHECKS, SOURCES, STATE = "", "How", "Checks", "Several sources", "Session and state"
PHYSICAL = "Physical import"
IMPORT_INTO = "IMPORT INTO"

_SECTIONS = {
    WHAT: ("task_name", "dump_uri", "source_id", "mode", "dry_run"),
    HOW: (
        "import_mode",
        "on_duplicate_logical",
        "on_duplicate_physical",
        "on_conflict",
        "pool_size",
        "import_tasks",
        "load_data",
        "defer_indexes",
        "collation_map",
        "convert_engines",
        "routes",
        "block_allow_list",
        "case_sensitive",
        "csv",
        "dump_tool",
        "clean_dump_files",
        "remove_meta",
    ),
    PHYSICAL: (
        "lightning_path",
        "lightning_checkpoint",
        "pd_addr",
        "pd_security",
        "sorting_dir_physical",
        "disk_quota_physical",
        "range_concurrency",
        "compress_kv_pairs",
    ),
    IMPORT_INTO: (
        "import_into_threads",
        "import_into_max_write_speed",
        "import_into_disk_quota",
        "import_into_cloud_storage_uri",
    ),
    CHECKS: ("checksum", "analyze", "require_finished_dump", "hide_values"),
    SOURCES: ("sources", "barrier", "barrier_timeout_s"),
    STATE: ("chunk_bytes", "meta_schema", "sql_mode", "time_zone", "session"),
}

# What LoadConfig's schema and a JSON form call the same thing.
_KEPT = ("minLength", "maxLength", "minimum", "maximum", "type", "enum", "title", "description")
_CONNECTIONS = frozenset({"target_conn_id", "dump_conn_id", "etcd_conn_id", "compare_with_conn_id"})


def load_params(**defaults: Any) -> dict[str, Param]:
    """Params named as the fields of LoadConfig, with its defaults or these, and those of a DAG alone."""
    unknown = set(defaults) - set(LoadConfig.model_fields) - _CONNECTIONS - {"dm_task_file"}
    if unknown:
        raise ValueError(f"not settings of a load: {', '.join(sorted(unknown))}")
    schema = LoadConfig.model_json_schema()
    params = {}
    for section, names in _SECTIONS.items():
        for name in names:
            params[name] = _param(name, _flat(schema["properties"][name], schema["$defs"]), section, defaults)
        if section == WHAT:
            params["target_conn_id"] = _target_param(defaults.get("target_conn_id", "dm_target"))
            params["dump_conn_id"] = _dump_param(defaults.get("dump_conn_id"))
            params["dm_task_file"] = _task_file_param(defaults.get("dm_task_file"))
        elif section == CHECKS:
            params["compare_with_conn_id"] = _source_param(defaults.get("compare_with_conn_id"))
        elif section == SOURCES:
            params["etcd_conn_id"] = _etcd_param(defaults.get("etcd_conn_id"))
    return params


def _flat(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A field's schema without references and unions, which the form can't show."""
    field = dict(field)
    if "$ref" in field:
        field = {**definitions[field.pop("$ref").rsplit("/", 1)[1]], **field}
    if "anyOf" in field:
        field["type"] = [choice["type"] for choice in field.pop("anyOf")]
    return field


def _param(name: str, field: dict[str, Any], section: str, defaults: dict[str, Any]) -> Param:
    kept = {key: field[key] for key in _KEPT if key in field}
    description = kept.pop("description", None)
    if kept["type"] == "array":
        items = field.get("items", {})
        kept["items"] = {"type": "object" if "$ref" in items else items.get("type", "string")}
    if name in defaults:
        kept["default"] = defaults[name]
    elif not LoadConfig.model_fields[name].is_required():
        kept["default"] = plain_default(name)
    else:  # a DM task file may say it; a load without it is refused by name
        kept["default"], kept["type"] = None, ["null", kept["type"]]
    if section:
        kept["section"] = section
    return Param(description=description, **kept)


def plain_default(name: str) -> Any:
    """A setting's default as a form and JSON show it."""
    field = LoadConfig.model_fields[name]
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else value


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
        section=CHECKS,
        title="Compare with the source",
        description="The Airflow connection, of type mysql, of the server that the dump was made of, if it still holds "
        "the same rows: the checksum step compares all values with its tables. None: it is not asked.",
    )


def _task_file_param(default: str | None) -> Param:
    return Param(
        default,
        type=["null", "string"],
        title="DM task file",
        description="Path of a DM task.yaml, readable on every worker. What it says is used for every setting of this "
        "form that has its default; task name and dump may stay empty. None: the form alone.",
    )


def _etcd_param(default: str | None) -> Param:
    return Param(
        default,
        type=["null", "string"],
        section=SOURCES,
        title="etcd connection",
        description="The Airflow connection of the etcd that holds the barrier, where that is etcd.",
    )
