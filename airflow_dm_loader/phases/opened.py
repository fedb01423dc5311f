"""What every phase opens: the dump, the state tables, the barrier."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from airflow_dm_loader.barrier import Barrier
from airflow_dm_loader.barrier.in_etcd import EtcdBarrier
from airflow_dm_loader.barrier.in_target import TargetBarrier
from airflow_dm_loader.config import BarrierKind, LoadConfig, TargetConfig
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.dump.ddl_changes import map_collations
from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory
from airflow_dm_loader.dump.schema_files import SchemaFile, load_schema_file
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.etcd.client import EtcdClient
from airflow_dm_loader.etcd.settings import EtcdConfig
from airflow_dm_loader.state import loads
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database


@contextmanager
def open_meta(config: LoadConfig, target: TargetConfig) -> Iterator[Meta]:
    with Database.open(target) as db:
        yield Meta(db, config.meta_schema)


@contextmanager
def open_stored(config: LoadConfig, target: TargetConfig) -> Iterator[tuple[Meta, Load]]:
    with open_meta(config, target) as meta:
        yield meta, loads.get(meta, config)


@contextmanager
def open_etcd(config: LoadConfig, etcd: EtcdConfig | None) -> Iterator[EtcdClient | None]:
    """The etcd that holds the load task's barrier and lock; None where the target does."""
    if config.barrier is not BarrierKind.ETCD:
        yield None
        return
    if etcd is None:
        raise ConfigError(
            "barrier=etcd needs to know where etcd is",
            remedy="Name an Airflow connection in etcd_conn_id, or give load_dump an EtcdConfig as etcd=...",
        )
    with EtcdClient.open(etcd) as client:
        yield client


def barrier_of(config: LoadConfig, place: Meta | EtcdClient) -> Barrier:
    if isinstance(place, EtcdClient):
        return EtcdBarrier(place, config.task_name, config.all_sources)
    return TargetBarrier(place, config.task_name, config.all_sources)


def storage_of(config: LoadConfig, access: DumpAccess | None, *, stop: threading.Event | None = None) -> DumpStorage:
    return DumpStorage.open_uri(config.dump_uri, access, stop=stop)


def inventory_of(config: LoadConfig, access: DumpAccess | None, storage: DumpStorage | None = None) -> DumpInventory:
    """The dump's inventory; ``storage`` where it is read on from there, so that it is the files that were listed."""
    return read_inventory(storage or storage_of(config, access), require_finished=config.require_finished_dump)


def schema_reader(
    config: LoadConfig, access: DumpAccess | None, storage: DumpStorage | None = None
) -> Callable[[str], SchemaFile]:
    """Reads schema files by name, with ``collation_map`` applied to what they create.

    ``storage`` where the phase has listed it already: those files are read, and not listed again.
    """
    storage = storage or storage_of(config, access)

    def read(name: str) -> SchemaFile:
        file = load_schema_file(storage, name)
        create = map_collations(file.create.decode("utf-8", "surrogateescape"), config.collation_map)
        return replace(file, create=create.encode("utf-8", "surrogateescape"))

    return read
