"""Servers with a binary log and GTIDs of their own, and the metadata of a dump that says a position in one."""

from __future__ import annotations

from dev.private_server import PrivateServer
from dev.server_kinds import ServerKind

_OF_MYSQL = {"gtid-mode": "ON", "enforce-gtid-consistency": "ON"}
_OF_MARIADB = {"binlog-format": "ROW"}  # the only one there is on MySQL


def logging_server(kind: ServerKind, server_id: int) -> PrivateServer:
    """Not started yet."""
    options = {"log-bin": "b", "server-id": str(server_id), "innodb-buffer-pool-size": "32M"}
    return PrivateServer(kind, options | (_OF_MYSQL if kind.flavour == "mysql" else _OF_MARIADB))


def metadata_at(name: str, pos: int, gtid: str) -> str:
    """The metadata file as mydumper 0.10 writes it."""
    return (
        "Started dump at: 2026-11-30 03:00:00\nSHOW MASTER STATUS:\n"
        f"\tLog: {name}\n\tPos: {pos}\n\tGTID:{gtid}\n\nFinished dump at: 2026-11-30 03:00:01\n"
    )
