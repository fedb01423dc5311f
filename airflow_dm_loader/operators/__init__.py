"""One operator per phase of a load; :class:`~airflow_dm_loader.task_group.DumpLoadTaskGroup` wires them."""

from importlib.util import find_spec

if find_spec("airflow.sdk") is None:
    raise ImportError("airflow-dm-loader needs Apache Airflow 3.1 or later; Airflow 2 has no airflow.sdk")
