"""Airflow under test lives in a folder of this run, never in the user's own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest


@pytest.mark.usefixtures("airflow_db")
def test_airflow_has_a_home_and_a_database_of_this_run() -> None:
    from airflow.configuration import AIRFLOW_HOME
    from airflow.settings import engine
    from sqlalchemy import inspect

    assert Path(AIRFLOW_HOME).is_relative_to(tempfile.gettempdir())
    assert engine is not None
    assert engine.url.database == str(Path(AIRFLOW_HOME) / "airflow.db")
    assert inspect(engine).has_table("dag_run")
