"""The trigger form of a DAG that loads one dump: a Param for every setting of ``LoadConfig``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from airflow.sdk import Param

from airflow_dm_loader.operators.task_file import DM_TASK_FILE, REQUIRED
from airflow_dm_loader.settings.choices import Choice
from airflow_dm_loader.settings.explained import DELETES, explained
from airflow_dm_loader.settings.fields import field_of, plain_default, schemas
from airflow_dm_loader.settings.meant import meant
from airflow_dm_loader.settings.table import EVERY, SETTINGS, Section, engines_that_read

# What a setting's schema and a JSON form call the same thing.
_KEPT = ("minLength", "maxLength", "minimum", "maximum", "type", "enum", "title", "description")

# Params that are no settings: title, section and description; they come last in their section, but for the target.
_TARGET = "target_conn_id"
_OTHERS: dict[str, tuple[str, Section, str]] = {
    _TARGET: (
        "Target connection",
        Section.WHAT,
        "The Airflow connection, of type dm_target or mysql, of the server to load into.",
    ),
    "dump_conn_id": (
        "Dump connection",
        Section.WHAT,
        "The Airflow connection, of type aws, google_cloud_platform or wasb, of the storage that holds the dump. "
        "Empty: a local dump, or credentials from the worker's environment.",
    ),
    "compare_with_conn_id": (
        "Compare with the source",
        Section.CHECKS,
        "The Airflow connection, of type mysql, of the server that the dump was made of, if it still holds the same "
        "rows: the checksum step compares all values with its tables. Empty: it is not asked.",
    ),
    "mask_conn_id": (
        "Key of the masks",
        Section.LOGICAL,
        "The Airflow connection whose password is the key with which mask hashes values (sha2): 16 random bytes or "
        "more. Equal values get equal hashes as long as the key is the same.",
    ),
    "etcd_conn_id": (
        "etcd connection",
        Section.ADVANCED,
        "The Airflow connection of the etcd that holds the barrier, where that is etcd.",
    ),
    "replica_conn_ids": (
        "Replicas",
        Section.ADVANCED,
        "The Airflow connections, of type mysql, of replicas of the target, with commas between them: the load sends "
        "less while one of them is further behind than max_replica_lag_s. Empty: none is asked.",
    ),
}
_TASK_FILE = (
    "Path of a DM task.yaml in the DAGs folder (or in one of [dm_loader] task_file_folders of airflow.cfg), readable "
    "on every worker. What it says is used for every setting that the form leaves empty or at its default."
)


def load_params(**defaults: Any) -> dict[str, Param]:
    """Params named as the settings of a load, with their defaults or these, and those of a DAG alone.

    What has no default must be filled in: Airflow then makes no run of an empty form. Where a connection's default is
    a list of ids, the form offers those, the first of them to begin with.
    """
    return _params(REQUIRED, defaults)


def task_file_params(**defaults: Any) -> dict[str, Param]:
    """The same with the path of a DM task file first, which alone must be filled in."""
    _refuse_unknown({*SETTINGS, *_OTHERS, DM_TASK_FILE}, defaults)
    path = {"default": defaults.pop(DM_TASK_FILE)} if DM_TASK_FILE in defaults else {}
    file = Param(**path, type="string", minLength=1, title="DM task file", description=f"{DM_TASK_FILE}: {_TASK_FILE}")
    return {DM_TASK_FILE: file, **_params((), defaults)}


def _params(required: Sequence[str], defaults: dict[str, Any]) -> dict[str, Param]:
    _refuse_unknown({*SETTINGS, *_OTHERS}, defaults)
    fields = schemas()
    params = {name: _setting(name, fields[name], required, defaults) for name in REQUIRED}
    params[_TARGET] = _other(_TARGET, {_TARGET: "dm_target", **defaults})
    for section in Section:
        names = [row.name for row in SETTINGS.values() if row.section is section and row.name not in params]
        params |= {name: _setting(name, fields[name], required, defaults) for name in names}
        params |= {name: _other(name, defaults) for name in _OTHERS if name != _TARGET and _OTHERS[name][1] is section}
    return params


def _setting(name: str, field: dict[str, Any], required: Sequence[str], defaults: dict[str, Any]) -> Param:
    row = SETTINGS[name]
    kept = {key: field[key] for key in _KEPT if key in field}
    if kept["type"] == "array":
        items = field.get("items", {})
        kept["items"] = {"type": "object" if "$ref" in items else items.get("type", "string")}
    if name not in required:  # a star would say that it must be filled in
        kept["type"] = _or_null(kept["type"])
        kept["default"] = plain_default(name)
    if name in defaults:
        kept["default"] = defaults[name]
    choice = field_of(name).annotation
    if isinstance(choice, type) and issubclass(choice, Choice):
        kept["values_display"] = explained(choice)
    if row.deletes:
        kept["title"] += f" ({DELETES} {row.deletes})"
    kept["description"] = _help(name, kept.get("description", ""))
    return Param(**kept, **_in(row.section))


def _help(name: str, text: str) -> str:
    only = "" if SETTINGS[name].engines == EVERY else f" Only for import_mode {engines_that_read(name)}."
    return f"{name}: {text}{only}"


def _other(name: str, defaults: dict[str, Any]) -> Param:
    title, section, text = _OTHERS[name]
    default = defaults.get(name)
    offered: dict[str, Any] = {"enum": default} if isinstance(default, list) else {}
    how: dict[str, Any] = {"type": "string", "minLength": 1} if name == _TARGET else {"type": ["null", "string"]}
    first = default[0] if isinstance(default, list) else default
    return Param(first, title=title, description=f"{name}: {text}", **how, **offered, **_in(section))


def _in(section: Section) -> dict[str, Any]:
    return {"section": section.value} if section else {}


def _or_null(kind: str | list[str]) -> list[str]:
    kinds = [kind] if isinstance(kind, str) else kind
    return kinds if "null" in kinds else [*kinds, "null"]


def _refuse_unknown(known: Collection[str], defaults: dict[str, Any]) -> None:
    unknown = [f"{name}{meant(name, known)}" for name in sorted(set(defaults) - set(known))]
    if unknown:
        raise ValueError(f"not settings of a load: {', '.join(unknown)}")
