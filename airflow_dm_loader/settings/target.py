"""What the user says of the server to load into: :class:`TargetConfig`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, field_validator

from airflow_dm_loader.settings.strict import Strict


class TargetConfig(Strict):
    """The server to load into, and how to reach it.

    ``ssl`` takes the keys that PyMySQL's and MySqlHook's users know: ``ca``, ``cert``, ``key``, ``capath``,
    ``cipher``, ``verify_mode``, ``check_hostname``; and ``x509_strict``. With ``ca``, the server's certificate and its
    host name are verified, always. Unsaid, TLS is used where the server offers it, without asking who it is; ``off``
    is no TLS.
    """

    host: str = Field("localhost", description="Host name or address.")
    port: int = Field(3306, ge=1, le=65535)
    user: str = ""
    password: SecretStr = SecretStr("")
    unix_socket: str | None = Field(None, description="Path of the server's socket; then host and port are not used.")
    ssl: dict[str, Any] | Literal["off"] | None = Field(
        None, description="TLS settings; none: TLS where the server offers it, not verified; off: no TLS."
    )
    server_public_key_path: str | None = Field(
        None,
        min_length=1,
        description="File of the server's RSA key (PEM), for caching_sha2_password and sha256_password without TLS.",
    )
    connect_timeout_s: int = Field(
        10, ge=1, le=3600, description="For connecting and all that sets a session up, together."
    )
    silent_server_s: int = Field(
        600,
        ge=1,
        le=7 * 24 * 3600,
        description="How long the server may say nothing of a statement that no second session sees at work in it. One "
        "that is seen may take as long as it takes.",
    )
    max_answer_bytes: int = Field(
        512 << 20, ge=1 << 20, description="What one answer of the server may take of memory, about."
    )

    @field_validator("ssl", mode="before")
    @classmethod
    def _switch(cls, value: Any) -> Any:
        """``off`` in YAML is false; ``on`` is verified by the system's CAs."""
        if isinstance(value, str) and value.lower() in {"off", "false", "disabled"}:
            return "off"
        return {False: "off", True: {}}[value] if isinstance(value, bool) else value

    @classmethod
    def from_dm_task(cls, task: str | Path, **changes: Any) -> Self:
        """The ``target-database`` of a DM task file.

        Args:
            task: the file's path, or its text, which has more than one line.
            changes: fields that come before the file's; with ``password`` the file's is not looked at.

        Raises:
            ConfigError: also where the password is one that ``dmctl encrypt`` made (20010).
        """
        from airflow_dm_loader.settings.dm_task import read_dm_task

        found = read_dm_task(task)
        return cls(**{**found.target(with_password="password" not in changes), **changes})

    @property
    def address(self) -> str:
        """Where the server is, for people; never with a password."""
        return self.unix_socket or f"{self.host}:{self.port}"
