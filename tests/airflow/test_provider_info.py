from __future__ import annotations

import importlib
import json
import pkgutil
from importlib.metadata import entry_points
from pathlib import Path

import airflow
import jsonschema
import pytest
from airflow.sdk import BaseHook, BaseOperator
from airflow.triggers.base import BaseTrigger

import airflow_dm_loader
from airflow_dm_loader.get_provider_info import get_provider_info


def test_airflow_s_own_schema_takes_it() -> None:
    schema = json.loads((Path(airflow.__path__[0]) / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_airflow_finds_it_by_its_entry_point() -> None:
    found = [
        point.load()
        for point in entry_points(group="apache_airflow_provider")
        if point.value.startswith("airflow_dm_loader.")
    ]
    assert found == [get_provider_info]


@pytest.mark.parametrize(
    ("kind", "base"),
    [("hooks", BaseHook), ("operators", BaseOperator), ("sensors", BaseOperator), ("triggers", BaseTrigger)],
)
def test_it_names_every_module_that_holds_one_and_no_other(kind: str, base: type) -> None:
    package = importlib.import_module(f"{airflow_dm_loader.__name__}.{kind}")
    holding = set()
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        own = [thing for thing in vars(module).values() if getattr(thing, "__module__", None) == info.name]
        if any(isinstance(thing, type) and issubclass(thing, base) for thing in own):
            holding.add(info.name)
    assert holding == {name for entry in get_provider_info()[kind] for name in entry["python-modules"]}
