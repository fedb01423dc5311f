"""What the user says of the server to load into: :class:`TargetConfig`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr

from airflow_dm_loader.settings.dm_task import read_dm_task
from airflow_dm_loader.settings.strict import Strict


class TargetConfig(Strict):
    """The server to load into, and how to reach it.

    ``ssl`` takes the keys that PyMySQL's and MySqlHook's users know: ``ca``, ``cert``, ``key``, ``capath``,
    ``cipher``, ``verify_mode``, ``check_hostname``. With ``ca``, the server's certificate and its host name
    are verified, always.
    """

    host: str = Field("localhost", description="Host name or address.")
    port: int = Field(3306, ge=1, le=65535)
    user: str = ""
    password: SecretStr = SecretStr("")
    unix_socket: str | None = Field(None, description="Path of the server's socket; then host and port are not used.")
    ssl: dict[str, Any] | None = Field(None, description="TLS settings; none: an unencrypted connection.")
    connect_timeout_s: int = Field(10, ge=1, le=3600)

    @classmethod
    def from_dm_task(cls, task: str | Path, **changes: Any) -> Self:
        """The ``target-database`` of a DM task file.

        Args:
            task: the file's path, or its text, which has more than one line.
            changes: fields that come before the file's; with ``password`` the file's is not looked at.

        Raises:
            ConfigError: also where the password is one that ``dmctl encrypt`` made (20010).
        """
        found = read_dm_task(task)
        return cls(**{**found.target(with_password="password" not in changes), **changes})

    @property
    def address(self) -> str:
        """Where the server is, for people; never with a password."""
        return self.unix_socket or f"{self.host}:{self.port}"
