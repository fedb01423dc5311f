"""The dump's GTID set as the target's own: what a replica of the source then asks for is only what came after it.

MySQL has it in ``gtid_purged``, MariaDB in ``gtid_slave_pos``. Taking a set a second time does nothing, so that a try
which was killed in between can be run again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.target.answers import as_text, as_truth, maybe
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.needed_privileges import Need
from airflow_dm_loader.target.server import Server

_MARIADB_SET = re.compile(r"[0-9]++-[0-9]++-[0-9]++(?:,[0-9]++-[0-9]++-[0-9]++)*+")
_PRIVILEGES = {Flavour.MYSQL: "SYSTEM_VARIABLES_ADMIN", Flavour.MARIADB: "REPLICATION SLAVE ADMIN"}
_UNSET = "Unset set_gtid_purged: the report's replication starts at the file and position of the binary log."


def is_of_mariadb(gtid: str) -> bool:
    """Whether a set is of MariaDB's form, ``0-7-28,1-7-3``."""
    return _MARIADB_SET.fullmatch(gtid) is not None


def needs(config: LoadConfig, server: Server) -> Iterator[Need]:
    """The privilege that setting it takes, where the load shall."""
    if config.what.set_gtid_purged and server.flavour in _PRIVILEGES:
        yield Need(_PRIVILEGES[server.flavour])


def check_takes(db: Database, server: Server, gtid: str) -> None:
    """Raise TargetError where the target can't take the dump's set, before a row is loaded."""
    if not gtid:
        raise TargetError("set_gtid_purged: the dump's metadata names no GTID set", remedy=_UNSET)
    if server.flavour is Flavour.TIDB:
        raise TargetError("set_gtid_purged: TiDB has no GTIDs of its own", remedy="Unset it: DM takes the position.")
    if is_of_mariadb(gtid) is not (server.flavour is Flavour.MARIADB):
        problem = f"set_gtid_purged: the dump's GTID set is of another kind than {server.flavour}'s: {gtid}"
        raise TargetError(problem, remedy=_UNSET)
    _left_to_take(db, server, gtid)


def take(db: Database, server: Server, gtid: str) -> None:
    """Make the set the target's own. ``db``: within no transaction.

    Raises:
        TargetError: the target has some of it by itself, or replicates; nothing is changed.
    """
    if (left := _left_to_take(db, server, gtid)) is None:
        return
    name, value = ("gtid_purged", f"+{left}") if server.flavour is Flavour.MYSQL else ("gtid_slave_pos", left)
    db.execute(f"SET GLOBAL {name} = %s", (value,))


def _left_to_take(db: Database, server: Server, gtid: str) -> str | None:
    """What the variable shall get; None: the target has the set already."""
    return _of_mysql(db, gtid) if server.flavour is Flavour.MYSQL else _of_mariadb(db, gtid)


def _of_mysql(db: Database, gtid: str) -> str | None:
    mode, has_all, rest, whole = db.sure(
        "SELECT @@GLOBAL.gtid_mode, GTID_SUBSET(%s, @@GLOBAL.gtid_executed), "
        "GTID_SUBTRACT(%s, @@GLOBAL.gtid_executed), GTID_SUBTRACT(%s, '')",
        (gtid, gtid, gtid),
        shape=(as_text, as_truth, as_text, as_text),
    )
    if str(mode).upper() == "OFF":
        raise TargetError(
            "set_gtid_purged: the target's gtid_mode is OFF",
            remedy=f"Turn it on, step by step, as the replica will need it. Or: {_UNSET}",
        )
    if has_all:
        return None
    if rest != whole:
        raise _has_some(gtid, "gtid_executed", f"all but {rest}")
    return gtid


def _of_mariadb(db: Database, gtid: str) -> str | None:
    (said,) = db.sure("SELECT @@GLOBAL.gtid_slave_pos", shape=(maybe(as_text),))
    there, ours = _by_domain(str(said or "")), _by_domain(gtid)
    if all(there.get(domain) == position for domain, position in ours.items()):
        return None
    if at := [position for domain, position in there.items() if domain in ours]:
        raise _has_some(gtid, "gtid_slave_pos", ",".join(at))
    return ",".join((there | ours).values())


def _by_domain(positions: str) -> dict[str, str]:
    return {position.partition("-")[0]: position for position in positions.split(",") if position}


def _has_some(gtid: str, variable: str, has: str) -> TargetError:
    return TargetError(
        f"set_gtid_purged: the target has a part of the dump's set already, or another of its domains "
        f"({variable}: {has}): {gtid}",
        remedy=f"Load into a server that never replicated from this source, or reset what it has; then clear. {_UNSET}",
    )
