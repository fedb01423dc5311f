"""The Airflow connection whose password is the key of ``mask = sha2`` (``mask_conn_id``); its type does not matter."""

from __future__ import annotations

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.rules.mask_key import MaskKey


def mask_key(conn_id: str) -> MaskKey:
    """The key.

    Raises:
        ConfigError: there is no such connection, or its password is none that can't be guessed. It is never repeated.
    """
    from airflow.providers.common.compat.sdk import AirflowNotFoundException
    from airflow.sdk import BaseHook

    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise ConfigError(
            f"there is no Airflow connection {conn_id!r}",
            remedy=f"Add a connection with the id {conn_id}, whose password is the key of the masks.",
        ) from None
    return MaskKey.of(connection.password)
