"""Importing the package costs next to nothing: what is heavy or optional is imported where it is used.

Measured by which modules are there afterwards, not by time, in a fresh interpreter.
"""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import airflow_dm_loader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Importer = Callable[[list[str]], dict[str, str]]

AIRFLOW_LAYER = {
    "airflow_floor", "decorators", "hooks", "metrics", "operators", "sensors", "triggers", "task_group", "ui",
}  # fmt: skip
PURE = {"config", "location", "errors", "report", "dump", "plan", "get_provider_info"}
OPTIONAL = {"MySQLdb", "mysql", "pyarrow", "boto3", "botocore", "gcsfs", "google", "s3fs", "smart_open", "etcd3gw"}

SCRIPT = """
import importlib, json, sys
first_seen, known = {}, set(sys.modules)
for module in sys.argv[2:]:
    importlib.import_module(module)
    for name in set(sys.modules) - known:
        first_seen.setdefault(name.split('.')[0], module)
    known.update(sys.modules)
with open(sys.argv[1], 'w') as answer:
    json.dump(first_seen, answer)
"""


def modules_in(parts: set[str]) -> list[str]:
    found = pkgutil.walk_packages(airflow_dm_loader.__path__, "airflow_dm_loader.")
    return sorted(module.name for module in found if module.name.split(".")[1] in parts)


def all_parts() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(airflow_dm_loader.__path__)}


@pytest.fixture
def imported_by(tmp_path: Path) -> Importer:
    """Imports the modules one after another; top-level module -> the one of them that first brought it in."""

    def run(modules: list[str]) -> dict[str, str]:
        assert modules
        answer = tmp_path / "answer.json"
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(answer), *modules], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, str] = json.loads(answer.read_text())
        assert "airflow_dm_loader" in found
        return found

    return run


def only(names: set[str], first_seen: dict[str, str]) -> dict[str, str]:
    return {name: module for name, module in first_seen.items() if name in names}


def test_the_package_itself_imports_nothing_heavy(imported_by: Importer) -> None:
    found = imported_by(["airflow_dm_loader"])
    assert only(OPTIONAL | {"airflow", "pydantic", "pymysql", "tenacity"}, found) == {}


def test_settings_dump_and_plan_need_neither_airflow_nor_a_driver(imported_by: Importer) -> None:
    found = imported_by(modules_in(PURE))
    assert "pydantic" in found
    assert only(OPTIONAL | {"airflow", "pymysql"}, found) == {}


def test_the_core_needs_neither_airflow_nor_an_optional_library(imported_by: Importer) -> None:
    found = imported_by(modules_in(all_parts() - AIRFLOW_LAYER))
    assert only(OPTIONAL | {"airflow", "requests", "yaml"}, found) == {}


@pytest.mark.airflow
def test_the_airflow_layer_adds_only_itself_to_airflow(imported_by: Importer) -> None:
    airflow = [
        "airflow.sdk.bases.operator",
        "airflow.triggers.base",
        "airflow.plugins_manager",
        "airflow.providers.mysql.hooks.mysql",
    ]
    ours = [name for name in modules_in(AIRFLOW_LAYER) if name != "airflow_dm_loader.ui.app"]  # of the server alone
    found = imported_by(airflow + ours)
    assert only(OPTIONAL, found) == {}
    added = {name for name, module in found.items() if module in ours} - sys.stdlib_module_names
    assert added <= {"airflow_dm_loader", "asgiref"}  # asgiref: every trigger of Airflow's own imports it


@pytest.mark.parametrize(
    "module",
    [
        "operators.load_dump",
        "task_group",
        "sensors.barrier",
        "decorators.load_dump",
        "hooks.target",
        "hooks.etcd",
        "triggers.dump",
    ],
)
def test_an_airflow_that_is_too_old_is_refused_by_a_sentence(module: str, tmp_path: Path) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").write_text("__version__ = '2.11.0'\n")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import airflow_dm_loader.{module}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: airflow-dm-loader needs Apache Airflow 3.1 or later; Airflow 2 has no airflow.sdk"
    )
