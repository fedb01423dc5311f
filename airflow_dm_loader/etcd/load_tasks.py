"""DM's load-task lock in etcd: which worker has a task's source, and so its dump.

It has no lease: whoever has the dump takes it over, and only who has not is refused (34017), as in DM.
"""

from __future__ import annotations

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.etcd.client import EtcdClient
from airflow_dm_loader.etcd.keys import LOAD_TASK, from_value, key_of, to_value


def put(client: EtcdClient, config: LoadConfig, worker: str) -> None:
    """DM's PutLoadTask: the last one to put it has it."""
    client.put({_key(config): to_value(worker)})


def get(client: EtcdClient, config: LoadConfig) -> str | None:
    """DM's GetLoadTask: the worker that has it; None: nobody."""
    value = client.get(_key(config))
    return from_value(_key(config), value) if value is not None else None


def delete(client: EtcdClient, config: LoadConfig) -> None:
    """DM's DelLoadTask, at the end of a load that nothing follows (mode full)."""
    client.delete(_key(config))


def _key(config: LoadConfig) -> str:
    return key_of(LOAD_TASK, config.what.task_name, config.what.source_id)
