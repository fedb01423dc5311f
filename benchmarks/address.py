"""How the tools reach a private server: all of them over TCP on the loopback interface, as the same account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.private_mariadb import PrivateMariaDB


@dataclass(frozen=True, slots=True)
class Address:
    """An account of a server."""

    host: str
    port: int
    user: str
    password: str

    @classmethod
    def of(cls, server: PrivateMariaDB) -> Address:
        return cls(server.host, server.port, server.user, server.password)

    def connect_arguments(self) -> dict[str, Any]:
        """PyMySQL's."""
        return {"host": self.host, "port": self.port, "user": self.user, "password": self.password}


def defaults_file(path: Path, address: Address) -> Path:
    """An option file for client programs: a password on a command line is there for all to read."""
    path.touch(mode=0o600)
    path.write_text(
        f"[client]\nhost={address.host}\nport={address.port}\nuser={address.user}\n"
        f'password="{address.password}"\nprotocol=tcp\n'
    )
    return path
