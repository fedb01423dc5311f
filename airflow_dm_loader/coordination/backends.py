"""Which backends there are: one row each, by the name that the setting ``barrier`` has for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from airflow_dm_loader.coordination.base import Backend
from airflow_dm_loader.coordination.etcd.settings import EtcdConfig
from airflow_dm_loader.coordination.in_etcd import InEtcd
from airflow_dm_loader.coordination.in_target import InTarget
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.choices import BarrierKind
from airflow_dm_loader.settings.strict import Strict


@dataclass(frozen=True, slots=True)
class _Row:
    """A backend as those know it who let a user choose one.

    Args:
        make: the backend, from its settings, where it has any.
        settings: what the user says of how it is reached, beside the load's own settings.
        argument: what ``load_dump`` takes them as.
        connection: what operators take the id of an Airflow connection as that says them.
    """

    make: Callable[..., Backend]
    settings: type[Strict] | None = None
    argument: str = ""
    connection: str = ""


BACKENDS: Mapping[BarrierKind, _Row] = {
    BarrierKind.TARGET: _Row(InTarget),
    BarrierKind.ETCD: _Row(InEtcd, EtcdConfig, argument="etcd", connection="etcd_conn_id"),
}


def backend_of(kind: BarrierKind, settings: Strict | None = None) -> Backend:
    """The backend that a load has chosen.

    Args:
        settings: how it is reached, where that takes more than the target.

    Raises:
        ConfigError: it takes settings, and there are none; or they are of another backend.
    """
    row = BACKENDS[kind]
    if settings is not None and type(settings) is not row.settings:
        given = next(of.argument for of in BACKENDS.values() if of.settings is type(settings))
        raise ConfigError(
            f"{given} is given, but barrier is not {given}", remedy=f'Set barrier="{given}", or leave {given} out.'
        )
    if settings is None and row.settings is not None:
        raise ConfigError(
            f"barrier={kind} needs to know where {kind} is",
            remedy=f"Name an Airflow connection in {row.connection}, or give load_dump an {row.settings.__name__} as "
            f"{row.argument}=...",
        )
    return row.make() if settings is None else row.make(settings)
