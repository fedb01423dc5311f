"""One operator per phase of a load; :class:`~airflow_dm_loader.task_group.DumpLoadTaskGroup` wires them."""

import airflow_dm_loader.airflow_floor  # noqa: F401
