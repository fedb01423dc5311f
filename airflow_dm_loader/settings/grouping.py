"""Names without a group <-> groups: both are taken where settings are said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_dm_loader.settings.groups.base import Group
from airflow_dm_loader.settings.table import GROUPS, SETTINGS


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their names alone; what is in no group, or not in the one that it is said in, stays as it is.

    Raises:
        ValueError: a setting is said twice.
    """
    named: dict[str, Any] = {}
    for name, value in values.items():
        if name not in GROUPS or not isinstance(value, Mapping | Group):
            _put(named, name, value)
            continue
        rest = {}
        for key, said in value.items() if isinstance(value, Mapping) else value:
            if key in SETTINGS and SETTINGS[key].group == name:
                _put(named, key, said)
            else:
                rest[key] = said
        if rest:
            _put(named, name, rest)
    return named


def grouped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by group; a name that nobody knows stays as it is. Raises ValueError, see :func:`flat`."""
    named = flat(values)
    groups: dict[str, Any] = {
        group: dict(rest) if isinstance(rest := named.pop(group, {}), Mapping) else rest for group in GROUPS
    }
    for name in [name for name in named if name in SETTINGS]:
        group = groups[SETTINGS[name].group]
        if isinstance(group, dict):
            group[name] = named.pop(name)
    return {**groups, **named}


def _put(named: dict[str, Any], name: str, value: Any) -> None:
    if name in named:
        raise ValueError(f"{name}: it is said twice, with its group and without")
    named[name] = value
