"""The hooks that turn Airflow connections into a target, an etcd and a dump."""

import airflow_dm_loader.airflow_floor  # noqa: F401
