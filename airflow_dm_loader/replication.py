"""What starts replication where the dump ends: SQL for a MySQL or MariaDB target, a task of DM for TiDB.

With ``mode=all`` the report carries it, since a load is the first half of a migration: the second begins at the dump's
position, in words of the server that it begins at. Passwords are left for the reader to fill in: the report is stored,
logged and shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.gtid_sets import is_of_mariadb
from airflow_dm_loader.target.server import Server

_SAYS_SOURCE = (8, 0, 23)  # CHANGE REPLICATION SOURCE TO; before it CHANGE MASTER TO


@dataclass(frozen=True, slots=True)
class Position:
    """Where the dump ends in the source's binary log, as its metadata says; "" and None where it says nothing."""

    name: str
    pos: int | None
    gtid: str

    def __bool__(self) -> bool:
        return bool(self.gtid or (self.name and self.pos is not None))

    @property
    def is_of_mariadb(self) -> bool:
        """Whether the GTID set is of MariaDB's form, ``0-7-28``."""
        return is_of_mariadb(self.gtid)


def replication_start(
    config: LoadConfig, target: TargetConfig, server: Server, position: Position, *, gtids_taken: bool = False
) -> str:
    """A text that is ready to run but for the password, with comments for what it can't know.

    Args:
        gtids_taken: the load made the dump's GTID set the server's own, so that nobody has to.

    Returns:
        "" where the dump gives no position; statements of the server, or DM's ``task.yaml`` for TiDB.
    """
    if not position:
        return ""
    if server.flavour is Flavour.TIDB:
        return _dm_task(config, target, position)
    return "\n".join((*_comments(config, server, position), *_statements(config, server, position, gtids_taken), ""))


def keep_start(text: str, path: Path) -> None:
    """Write what starts replication to a file of the worker, whole or not at all.

    Raises:
        ConfigError: it can't be written there; the load itself is finished.
    """
    try:
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            written = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                written.replace(path)
            except BaseException:
                written.unlink()
                raise
    except OSError as error:
        raise ConfigError(
            f"replication_file: {path} can't be written: {error.strerror}",
            remedy="The load is finished. Name a file that this worker can write, then clear finish: it writes it.",
        ) from error


def _comments(config: LoadConfig, server: Server, position: Position) -> Iterator[str]:
    if server.flavour is Flavour.MYSQL and position.is_of_mariadb:
        yield "-- The dump is of a MariaDB, whose GTIDs MySQL does not know and whose events it need not understand."
    if config.where.routes or config.where.block_allow_list:
        yield "-- The load had routes or filters: give the replica the same by its replication filters first."


def _statements(config: LoadConfig, server: Server, position: Position, gtids_taken: bool) -> Iterator[str]:
    if server.flavour is Flavour.MARIADB:
        return _of_mariadb(config, position, gtids_taken)
    return _of_mysql(config, server, position, gtids_taken)


def _of_mariadb(config: LoadConfig, position: Position, gtids_taken: bool) -> Iterator[str]:
    connection = f" {_text(config.what.source_id)}" if len(config.what.all_sources) > 1 else ""
    where = _address("MASTER", config)
    if position.is_of_mariadb:
        if not gtids_taken:
            yield f"SET GLOBAL gtid_slave_pos = {_text(position.gtid)};"
        start = ["MASTER_USE_GTID = slave_pos"]
    else:
        start = [
            f"MASTER_LOG_FILE = {_text(position.name)}",
            f"MASTER_LOG_POS = {position.pos}",
            "MASTER_USE_GTID = no",
        ]
    yield f"CHANGE MASTER{connection} TO\n  " + ",\n  ".join([*where, *start]) + ";"
    yield f"START SLAVE{connection};"


def _of_mysql(config: LoadConfig, server: Server, position: Position, gtids_taken: bool) -> Iterator[str]:
    word, replica, change = (
        ("SOURCE", "REPLICA", "REPLICATION SOURCE") if server.version >= _SAYS_SOURCE else ("MASTER", "SLAVE", "MASTER")
    )
    channel = f" FOR CHANNEL {_text(config.what.source_id)}" if len(config.what.all_sources) > 1 else ""
    where = _address(word, config)
    if position.name and position.pos is not None and not gtids_taken:
        start = [f"{word}_LOG_FILE = {_text(position.name)}", f"{word}_LOG_POS = {position.pos}"]
    else:
        if not gtids_taken:
            yield "-- The set is added to what this server has executed; it needs gtid_mode=ON."
            yield f"SET GLOBAL gtid_purged = {_text('+' + position.gtid)};"
        start = [f"{word}_AUTO_POSITION = 1"]
    yield f"CHANGE {change} TO\n  " + ",\n  ".join([*where, *start]) + f"{channel};"
    yield f"START {replica}{channel};"


def _address(word: str, config: LoadConfig) -> list[str]:
    user, host, port = _source(config)
    return [
        f"{word}_HOST = {_text(host)}",
        f"{word}_PORT = {port}",
        f"{word}_USER = {_text(user)}",
        f"{word}_PASSWORD = '<password>'",
    ]


def _source(config: LoadConfig) -> tuple[str, str, int]:
    """``repl@db1:3307`` -> user, host, port."""
    user, _, address = config.reporting.replication_source.rpartition("@")
    host, _, port = address.rpartition(":") if not address.endswith("]") else (address, "", "")
    if not host:
        host, port = address, ""
    return user or "<user>", host.strip("[]") or "<host of the source>", int(port or 3306)


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _dm_task(config: LoadConfig, target: TargetConfig, position: Position) -> str:
    import yaml

    meta: dict[str, object] = {"binlog-name": position.name, "binlog-pos": position.pos, "binlog-gtid": position.gtid}
    instance: dict[str, object] = {
        "source-id": config.what.source_id,
        "meta": {key: value for key, value in meta.items() if value not in {None, ""}},
    }
    task: dict[str, object] = {
        "name": config.what.task_name,
        "task-mode": "incremental",
        "case-sensitive": config.where.case_sensitive,
        "target-database": {"host": target.host, "port": target.port, "user": target.user, "password": ""},
        "mysql-instances": [instance],
    }
    if config.where.routes:
        rules = {f"route-{at}": route.to_dm() for at, route in enumerate(config.where.routes, 1)}
        task["routes"], instance["route-rules"] = rules, list(rules)
    if config.where.block_allow_list:
        task["block-allow-list"] = {"loaded": config.where.block_allow_list.to_dm()}
        instance["block-allow-list"] = "loaded"
    return str(yaml.safe_dump(task, sort_keys=False, allow_unicode=True))
