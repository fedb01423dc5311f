"""What who still has Airflow 2 is told, by a real one: ``python -m dev.airflow_2``; a part of ``make matrix``.

pip refuses such an environment. Where somebody installs the package all the same, each of its parts is refused by a
sentence that says so, also as the error of a DAG; and Airflow itself goes on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from dev.environments import ROOT, make_environment
from dev.pythons import find_python

VERSION, UNTIL, PYTHON = "2.11.0", "2025-06-20", "3.11"  # the last minor version, with what was there then
SENTENCE = "ImportError: airflow-dm-loader needs Apache Airflow 3.1 or later; Airflow 2 has no airflow.sdk"
_DAG = """
from airflow import DAG
from airflow_dm_loader.task_group import DumpLoadTaskGroup

with DAG("loads"):
    DumpLoadTaskGroup("shop", config={"task_name": "shop", "dump_uri": "/dump"})
"""
_PARTS = (
    "operators.load_dump",
    "operators.importing",
    "task_group",
    "decorators.load_dump",
    "sensors.dump",
    "triggers.dump",
    "hooks.target",
    "hooks.etcd",
    "hooks.dump",
    "ui.plugin",
)


def refuse(folder: Path) -> None:
    """Make the environment there, and see. AssertionError where it is otherwise; NotMadeError: it can't be made."""
    requirements = ("--exclude-newer", UNTIL, f"apache-airflow=={VERSION}")
    python = make_environment(folder, find_python(PYTHON), requirements, against_its_word=True)
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "COLUMNS": "300",  # of the tables that it prints
        }
        for part in _PARTS:
            said = _said(environment, python, "-c", f"import airflow_dm_loader.{part}")
            assert said.rstrip().endswith(SENTENCE), f"{part}: {said}"
        dags = Path(home) / "dags"
        dags.mkdir()
        (dags / "loads.py").write_text(_DAG)
        _said(environment, python, "-m", "airflow", "db", "migrate")
        errors = _said(environment, python, "-m", "airflow", "dags", "list-import-errors")
        assert SENTENCE in errors, errors
        providers = _said(environment, python, "-m", "airflow", "providers", "list")
        assert "airflow-dm-loader" in providers, providers


def _said(environment: dict[str, str], *command: str | Path) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def main() -> None:
    folder = ROOT / ".bootstrap" / "matrix" / VERSION
    try:
        refuse(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"Airflow {VERSION} is refused by a sentence.")


if __name__ == "__main__":
    main()
