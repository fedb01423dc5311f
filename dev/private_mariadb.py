"""This machine's MariaDB as a server of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dev.private_server import PrivateServer
from dev.server_kinds import MARIADB

if TYPE_CHECKING:
    from collections.abc import Mapping


class PrivateMariaDB(PrivateServer):
    """See :class:`PrivateServer`."""

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        super().__init__(MARIADB, options)
