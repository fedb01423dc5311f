"""Airflow under test lives in a folder of this run, never in the user's own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from dev.places import PLACE


@pytest.mark.usefixtures("airflow_db")
def test_airflow_has_a_home_and_a_database_of_this_run() -> None:
    from airflow.configuration import AIRFLOW_HOME
    from airflow.settings import engine
    from sqlalchemy import inspect

    assert Path(AIRFLOW_HOME).parent == Path(os.environ.get(PLACE, tempfile.gettempdir()))
    assert engine is not None
    assert engine.url.database == str(Path(AIRFLOW_HOME) / "airflow.db")
    assert inspect(engine).has_table("dag_run")
