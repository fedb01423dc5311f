"""Decorators of the TaskFlow API: ``@task.load_dump``."""

import airflow_dm_loader.airflow_floor  # noqa: F401
