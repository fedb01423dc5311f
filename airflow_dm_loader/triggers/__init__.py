"""The triggers: they wait without holding a worker slot."""

import airflow_dm_loader.airflow_floor  # noqa: F401
