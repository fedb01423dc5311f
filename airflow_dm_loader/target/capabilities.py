"""What a server can do, and what a load must mind there: the only place that tells servers apart by their names.

Whoever needs something of a server asks for that. What differs is listed by server and version once, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from airflow_dm_loader.target import tidb

_SINGLE_PRIMARY = "group_replication_single_primary_mode"
# The variables that say what the server is, and what a load may do there; each flavour has some of them.
ASKED_VARIABLES = tidb.VARIABLES | {
    "local_infile", "wsrep_on", "wsrep_load_data_splitting", "aurora_version", _SINGLE_PRIMARY,
    # of servers that demand a primary key
    "sql_require_primary_key", "sql_generate_invisible_primary_key", "innodb_force_primary_key",
    "group_replication_group_name",
}  # fmt: skip


class Flavour(StrEnum):
    """The servers that differ in what a load may do."""

    MARIADB = "MariaDB"
    MYSQL = "MySQL"
    TIDB = "TiDB"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Of one server.

    Attributes:
        engines: tables have engines, some without transactions; indexes may be built after the rows.
        optimistic: a chunk's transaction takes no locks, and learns at its COMMIT what came between.
        local_locks: a shared lock does not keep everybody else from the row: see ``state/senders.py``.
        savepoints: they exist.
        undoes_statements: an error within a transaction of several files undoes what is known to be undone.
        load_data_replaces: LOAD DATA ... REPLACE keeps tables and their indexes in agreement.
        load_data_is_faster: than statements of several rows.
        load_data_obstacle: why rows can't go by LOAD DATA LOCAL, in words; None: they can.
        liked_statement_bytes: the size of statement that it takes best; None: the larger the better.
        most_chunk_bytes: what one transaction may hold of a dump's bytes; None: there is no such bound.
        max_error_count: it keeps as many warnings as this variable says, if the account may set it.
        idle_write_timeout: it has a variable that ends a transaction whose writer is idle.
        loading_session: variables of a session that loads, besides.
        splits_transactions: its settings may split a transaction, which has to be looked at.
        checksum_table: it has CHECKSUM TABLE; ``checksum_varies_with_...``: what makes it another number at each call.
        import_into: it has IMPORT INTO; ``import_into_is_ready``: for everyday use.
        lightning: tidb-lightning imports into it.
        shows_own_roles: SHOW GRANTS shows what active roles may by itself.
        has_roles: an account may have them.
        set_definer: the privilege to create a view in somebody else's name.
        utf8_alone: it takes the bytes of text for UTF-8, whatever charset the session or the column has.
        programs: it has triggers, stored routines and events.
        own_tables: it has TiDB's kinds of table: global temporary ones, and those that delete old rows by TTL.
        swap_obstacle: why tables can't be swapped in by one statement, crash or not, in words; None: they can.
        swaps_across_schemas: foreign keys follow their tables from one schema into another.
        creates_at_once: so many CREATE TABLEs at the same time cost it less than one after the other.
        sequences: it has them; ``setval_says_next``: SETVAL can be told that the value is the next one.
        keeps_statistics: what information_schema says of a table may be of a while ago, unless a session asks anew.
        writes_like: servers of which this is equal write floats and JSON as the same text.
    """

    engines: bool
    optimistic: bool
    local_locks: bool
    savepoints: bool
    undoes_statements: bool
    load_data_replaces: bool
    load_data_is_faster: bool
    load_data_obstacle: str | None
    liked_statement_bytes: int | None
    most_chunk_bytes: int | None
    max_error_count: bool
    idle_write_timeout: bool
    loading_session: Mapping[str, str | int]
    splits_transactions: bool
    checksum_table: bool
    checksum_varies_with_multi_valued_indexes: bool
    checksum_varies_with_stored_columns: bool
    import_into: bool
    import_into_is_ready: bool
    lightning: bool
    shows_own_roles: bool
    has_roles: bool
    set_definer: str
    utf8_alone: bool
    programs: bool
    own_tables: bool
    swap_obstacle: str | None
    swaps_across_schemas: bool
    creates_at_once: int
    sequences: bool
    setval_says_next: bool
    keeps_statistics: bool
    writes_like: Flavour

    @classmethod
    def of(cls, flavour: Flavour, version: tuple[int, ...], settings: Mapping[str, str]) -> Capabilities:
        """What a server of this flavour and version can do, with these variables."""
        is_tidb = flavour is Flavour.TIDB
        galera = settings.get("wsrep_on", "").upper() == "ON"
        several_primaries = settings.get(_SINGLE_PRIMARY, "ON").upper() == "OFF"
        return cls(
            engines=not is_tidb,
            optimistic=is_tidb,
            local_locks=is_tidb or galera or several_primaries,
            savepoints=not is_tidb or tidb.has_savepoints(version),
            undoes_statements=not is_tidb,
            load_data_replaces=not is_tidb,
            load_data_is_faster=not is_tidb,
            load_data_obstacle=_load_data_obstacle(flavour, version, settings),
            liked_statement_bytes=tidb.STATEMENT_BYTES if is_tidb else None,
            most_chunk_bytes=tidb.CHUNK_BYTES if is_tidb else None,
            max_error_count=not is_tidb,
            idle_write_timeout=flavour is Flavour.MARIADB,
            loading_session=tidb.loading_session(settings) if is_tidb else {},
            splits_transactions=is_tidb,
            checksum_table=not is_tidb,
            checksum_varies_with_multi_valued_indexes=flavour is Flavour.MYSQL,
            checksum_varies_with_stored_columns=flavour is Flavour.MARIADB,
            import_into=is_tidb and version >= (7, 2),
            import_into_is_ready=is_tidb and version >= (7, 5),
            lightning=is_tidb and version >= (6, 1),  # from here on GET_LOCK holds in the whole cluster
            shows_own_roles=flavour is Flavour.MARIADB,
            has_roles=flavour is not Flavour.MYSQL or version >= (8,),
            set_definer=_set_definer(flavour, version),
            utf8_alone=is_tidb,
            programs=not is_tidb,
            own_tables=is_tidb,
            swap_obstacle=_swap_obstacle(flavour, version),
            swaps_across_schemas=not is_tidb,
            creates_at_once=tidb.CREATES_AT_ONCE if is_tidb else 1,
            sequences=is_tidb or (flavour is Flavour.MARIADB and version >= (10, 3)),
            setval_says_next=flavour is Flavour.MARIADB,
            keeps_statistics=flavour is Flavour.MYSQL and version >= (8,),
            writes_like=flavour,
        )


def _load_data_obstacle(flavour: Flavour, version: tuple[int, ...], settings: Mapping[str, str]) -> str | None:
    if flavour is Flavour.TIDB and (obstacle := tidb.load_data_obstacle(version)):
        return obstacle
    default = "ON" if flavour is Flavour.TIDB else "OFF"  # not every version of TiDB has the variable
    if settings.get("local_infile", default).upper() not in {"ON", "1"}:
        return "local_infile is off at the server"
    galera = settings.get("wsrep_on", "").upper() == "ON"
    if galera and settings.get("wsrep_load_data_splitting", "").upper() == "ON":
        return "wsrep_load_data_splitting is on: it would cut a chunk's transaction into pieces"
    return None


def _swap_obstacle(flavour: Flavour, version: tuple[int, ...]) -> str | None:
    """A RENAME of several tables that a crash could leave half done is none that readers can rely on."""
    needed = {Flavour.MARIADB: (10, 6, 1), Flavour.MYSQL: (8,), Flavour.TIDB: (6, 1)}[flavour]
    if version >= needed:
        return None
    return f"a crash within RENAME TABLE may leave some tables renamed, up to {flavour} {'.'.join(map(str, needed))}"


def _set_definer(flavour: Flavour, version: tuple[int, ...]) -> str:
    match flavour:
        case Flavour.MARIADB if version >= (10, 5):
            return "SET USER"
        case Flavour.MYSQL if version >= (8, 2):
            return "SET_ANY_DEFINER"
        case Flavour.MYSQL if version >= (8,):
            return "SET_USER_ID"
    return "SUPER"
