"""What the user says of an etcd cluster."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from airflow_dm_loader.settings.strict import Strict


class EtcdConfig(Strict):
    """An etcd cluster of version 3.4 or later, through its JSON gateway, which every member serves.

    With ``ca`` or without, the server's certificate and its host name are verified, always.
    """

    endpoints: tuple[str, ...] = Field(
        min_length=1, description="URLs of its members: http://host:2379 or https://host:2379."
    )
    user: str = ""
    password: SecretStr = SecretStr("")
    ca: str | None = Field(None, description="File with the CA's certificate; none: the public CAs.")
    cert: str | None = Field(None, description="File with our certificate, where etcd asks for one.")
    key: str | None = Field(None, description="File with its key.")
    timeout_s: float = Field(5.0, gt=0, le=60, description="Of one call to one member.")

    @field_validator("endpoints")
    @classmethod
    def _urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number, url in enumerate(value, 1):  # a wrong one is not repeated: it may hold a password
            parts = urlsplit(url)
            try:
                known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 2379) > 0
            except ValueError:
                known = False
            if not known or parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
                raise ValueError(f"number {number} must be http://host:port or https://host:port, and no more")
        if len({urlsplit(url).scheme for url in value}) > 1:
            raise ValueError("must be all http or all https")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.ca or self.cert or self.key) and self.endpoints[0].startswith("http:"):
            raise ValueError("ca, cert and key need https endpoints")
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together")
        if bool(self.user) != bool(self.password.get_secret_value()):
            raise ValueError("user and password belong together")
        return self

    @property
    def address(self) -> str:
        """Where it is, for people."""
        return ", ".join(self.endpoints)
