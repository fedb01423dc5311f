"""The key of ``mask = sha2``: a secret that is never shown, logged or stored; what is kept tells it from others."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Self

from airflow_dm_loader.errors import ConfigError

LEAST_BYTES = 16
_REMEDY = (
    f"Put {LEAST_BYTES} random bytes or more into the password of a connection, as `openssl rand -hex 32` makes them, "
    "and name it by mask_conn_id (in Python: mask_key)."
)


@dataclass(frozen=True, slots=True)
class MaskKey:
    """A key, whose repr does not show it."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: str | bytes | None) -> Self:
        """Raises ConfigError: there is none, or one that could be guessed."""
        found = secret.encode() if isinstance(secret, str) else secret or b""
        if len(found) < LEAST_BYTES:
            what = f"is shorter than {LEAST_BYTES} bytes" if found else "is missing"
            raise ConfigError(f"mask: values are to be hashed (sha2), and the key {what}", remedy=_REMEDY)
        return cls(found)

    @property
    def mark(self) -> str:
        """What tells it from other keys, and no more."""
        return hmac.digest(self.secret, b"airflow-dm-loader: which key", "sha256").hex()[:16]


NO_KEY = MaskKey(b"")  # where nothing is hashed
