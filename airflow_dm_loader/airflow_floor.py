"""Imported first by each part of the Airflow layer: refuses an Airflow that is too old by a sentence."""

from importlib.util import find_spec

if find_spec("airflow.sdk") is None:
    raise ImportError("airflow-dm-loader needs Apache Airflow 3.1 or later; Airflow 2 has no airflow.sdk")
