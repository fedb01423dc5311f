"""The sensor at which the sources of a load task wait for each other."""

import airflow_dm_loader.airflow_floor  # noqa: F401
