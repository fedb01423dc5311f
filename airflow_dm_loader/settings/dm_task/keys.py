"""All keys of DM's task file, and what becomes of each.

As of tiflow in 2026: ``dm/config/task.go`` and what it takes in (routes, filters, block-allow-list, target-database).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto

from airflow_dm_loader.settings.table import SETTINGS, DmKey


class Kind(StrEnum):
    """The types that DM declares."""

    TEXT = auto()
    TEXTS = auto()
    INT = auto()
    BOOL = auto()
    BYTES = auto()  # a list of numbers, or a text; of which it only matters whether it is empty
    VARIABLES = auto()  # name -> text or integer
    BLOCK = auto()  # one mapping of ``keys``
    BLOCKS = auto()  # a list of them
    NAMED = auto()  # name -> a mapping of ``keys``


class Unit(StrEnum):
    """Whose key it is."""

    LOAD = "load"
    DUMP = "dump"
    SYNC = "sync"
    CHECK = "check"
    VALIDATOR = "validator"
    NOBODY = "nobody"  # deprecated: DM reads it and does nothing


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Args:
        unit: whose it is; a load uses only its own.
        setting: the field of LoadConfig (or of TargetConfig, under ``target-database``) that it becomes.
        note: what a reader should know: where it differs from DM.
        keys: of the mapping that it holds.
    """

    kind: Kind
    unit: Unit = Unit.LOAD
    setting: str = ""
    note: str = ""
    keys: Mapping[str, Key] = field(default_factory=dict)


def _text(setting: str = "", note: str = "", unit: Unit = Unit.LOAD) -> Key:
    return Key(Kind.TEXT, unit, setting, note)


def _of(unit: Unit, note: str = "", **kinds: str) -> dict[str, Key]:
    """Keys of another unit, by kind: ``_of(Unit.SYNC, int="batch queue-size")``."""
    return {name: Key(Kind(kind), unit, note=note) for kind, names in kinds.items() for name in names.split()}


def _as_written(block: str) -> dict[str, Key]:
    """Keys of a block whose values become settings as they are written; "": of the whole task."""
    plain = [(row.name, row.dm) for row in SETTINGS.values() if isinstance(row.dm, DmKey)]
    return {
        key.path.removeprefix(block): Key(Kind(key.kind), setting=name, note=key.note)
        for name, key in plain
        if key.path.startswith(block) and "." not in key.path.removeprefix(block)
    }


def _extractor(regexp: str) -> Key:
    return Key(Kind.BLOCK, setting="routes", keys={regexp: _text("routes"), "target-column": _text("routes")})


_TABLE = {"db-name": _text("block_allow_list"), "tbl-name": _text("block_allow_list")}

BLOCK_ALLOW_LIST = {
    "do-dbs": Key(Kind.TEXTS, setting="block_allow_list"),
    "do-tables": Key(Kind.BLOCKS, setting="block_allow_list", keys=_TABLE),
    "ignore-dbs": Key(Kind.TEXTS, setting="block_allow_list"),
    "ignore-tables": Key(Kind.BLOCKS, setting="block_allow_list", keys=_TABLE),
}

ROUTE = {
    "schema-pattern": _text("routes"),
    "table-pattern": _text("routes"),
    "target-schema": _text("routes"),
    "target-table": _text("routes"),
    "extract-table": _extractor("table-regexp"),
    "extract-schema": _extractor("schema-regexp"),
    "extract-source": _extractor("source-regexp"),
}

FILTER = _of(Unit.SYNC, text="schema-pattern table-pattern action", texts="events sql-pattern")

EXPRESSION_FILTER = _of(
    Unit.SYNC,
    text="schema table insert-value-expr update-old-value-expr update-new-value-expr delete-value-expr",
)

COLUMN_MAPPING = _of(
    Unit.NOBODY,
    text="schema-pattern table-pattern source-column target-column expression create-table-query",
    texts="arguments",
)

MYDUMPER = _of(
    Unit.DUMP,
    text="mydumper-path chunk-filesize where extra-args",
    int="threads statement-size rows",
    bool="skip-tz-utc",
)

LOADER = {
    **_as_written("loaders.*."),
    "dir": _text(
        "dump_uri",
        "As DM makes it: `.` and the task's name are added to a folder, `/task.source` to an S3 prefix; nothing in "
        "task-modes `load` and `load&sync`. Credentials in it are refused: they belong into the dump's connection.",
    ),
    "import-mode": _text("import_mode", "`sql` and `loader` mean logical."),
    "on-duplicate-logical": _text("on_duplicate_logical", "Here also `manual`."),
    "on-duplicate": _text("on_duplicate_logical", "Deprecated in DM, whose newer versions read it and do nothing."),
    "disk-quota-physical": _text("disk_quota_physical", "Units are powers of 1024, as in DM; 0: none."),
}

SYNCER = {
    **_of(
        Unit.SYNC,
        text="safe-mode-duration",
        int="worker-count batch queue-size checkpoint-flush-interval",
        bool="compact multiple-rows enable-gtid safe-mode",
    ),
    **_of(Unit.NOBODY, text="meta-file", int="max-retry", bool="auto-fix-gtid disable-detect enable-ansi-quotes"),
}

VALIDATOR = _of(
    Unit.VALIDATOR,
    text="mode validate-interval check-interval row-error-delay meta-flush-interval max-pending-row-size",
    int="worker-count batch-query-size max-pending-row-count",
)

_INLINE = "A certificate in the file itself is refused: name a file that holds it. Empty, as DM exports it: none."
SECURITY = {
    "ssl-ca": _text("ssl.ca"),
    "ssl-cert": _text("ssl.cert"),
    "ssl-key": _text("ssl.key"),
    "cert-allowed-cn": Key(
        Kind.TEXTS, Unit.NOBODY, note="Not looked at: with a CA, the certificate must be for the host's own name."
    ),
    **{
        f"ssl-{what}-{form}": Key(Kind.BYTES, setting="refused", note=_INLINE)
        for form in ("bytes", "base64")
        for what in ("ca", "cert", "key")
    },
}

TARGET = {
    "host": _text("host"),
    "port": Key(Kind.INT, setting="port"),
    "user": _text("user"),
    "password": _text("password", "As plain text only: what `dmctl encrypt` made is refused by name."),
    "session": Key(
        Kind.VARIABLES,
        setting="session",
        note="A setting of the load. `sql_mode` and `time_zone` in it become those settings. Variables that the loader "
        "sets itself are left out with a note; those of TiDB are set on TiDB alone.",
    ),
    "security": Key(Kind.BLOCK, setting="ssl", keys=SECURITY),
    "max-allowed-packet": Key(Kind.INT, Unit.NOBODY, note="The server's own is used, as in DM."),
}

INSTANCE = {
    "source-id": _text("source_id", "Those of all instances become `sources`."),
    "meta": Key(
        Kind.BLOCK,
        Unit.SYNC,
        keys=_of(
            Unit.SYNC,
            "The position comes from the dump, as in DM.",
            text="binlog-name binlog-gtid",
            int="binlog-pos",
        ),
    ),
    "route-rules": Key(Kind.TEXTS, setting="routes"),
    "block-allow-list": _text("block_allow_list"),
    "black-white-list": _text("block_allow_list", "The older name of block-allow-list."),
    "loader-config-name": _text(note="Which of `loaders`."),
    "loader": Key(Kind.BLOCK, keys=LOADER, note="In place of loader-config-name."),
    "loader-thread": Key(Kind.INT, setting="pool_size", note="Over the loader's pool-size."),
    "filter-rules": Key(Kind.TEXTS, Unit.SYNC),
    "expression-filters": Key(Kind.TEXTS, Unit.SYNC),
    "column-mapping-rules": Key(Kind.TEXTS, Unit.NOBODY, note="Refused where it says something, as in DM (20064)."),
    "mydumper-config-name": _text(unit=Unit.DUMP),
    "mydumper": Key(Kind.BLOCK, Unit.DUMP, keys=MYDUMPER),
    "mydumper-thread": Key(Kind.INT, Unit.DUMP),
    "syncer-config-name": _text(unit=Unit.SYNC),
    "syncer": Key(Kind.BLOCK, Unit.SYNC, keys=SYNCER),
    "syncer-thread": Key(Kind.INT, Unit.SYNC),
    "validator-config-name": _text(unit=Unit.VALIDATOR),
}

TASK = {
    **_as_written(""),
    "task-mode": _text(
        "mode",
        "`full`, `all`; `load&sync`, which is `all`, and `load`, which is `full`, for a dump that somebody else made. "
        "`incremental` and `dump` have no load: refused.",
    ),
    "timezone": _text("time_zone", "Over the session's time_zone, as in DM."),
    "is-sharding": Key(Kind.BOOL, note="The older form of shard-mode."),
    "shard-mode": _text(note="Refused with import-mode `import-into`, as in DM (20068); else it is the sync unit's."),
    "target-database": Key(
        Kind.BLOCK, setting="TargetConfig", keys=TARGET, note="In a DAG, the connection target_conn_id is used instead."
    ),
    "mysql-instances": Key(Kind.BLOCKS, keys=INSTANCE),
    "routes": Key(Kind.NAMED, setting="routes", keys=ROUTE),
    "block-allow-list": Key(Kind.NAMED, setting="block_allow_list", keys=BLOCK_ALLOW_LIST),
    "black-white-list": Key(
        Kind.NAMED, setting="block_allow_list", keys=BLOCK_ALLOW_LIST, note="The older name of block-allow-list."
    ),
    "loaders": Key(Kind.NAMED, keys=LOADER),
    "mydumpers": Key(Kind.NAMED, Unit.DUMP, keys=MYDUMPER),
    "syncers": Key(Kind.NAMED, Unit.SYNC, keys=SYNCER),
    "validators": Key(Kind.NAMED, Unit.VALIDATOR, keys=VALIDATOR),
    "filters": Key(Kind.NAMED, Unit.SYNC, keys=FILTER),
    "expression-filter": Key(Kind.NAMED, Unit.SYNC, keys=EXPRESSION_FILTER),
    "column-mappings": Key(
        Kind.NAMED, Unit.NOBODY, keys=COLUMN_MAPPING, note="Refused where it says something, as in DM (20064)."
    ),
    "ignore-checking-items": Key(Kind.TEXTS, Unit.CHECK, note="What a load checks before it starts can't be left out."),
    "collation_compatible": _text(unit=Unit.SYNC),
    "mariadb2tidb": Key(
        Kind.BLOCK,
        Unit.DUMP,
        note="Schema files are taken as they are; collation_map and convert_engines change them.",
        keys=_of(Unit.DUMP, text="mode", texts="enabled-rules disabled-rules", bool="strict-mode"),
    ),
    **_of(Unit.SYNC, texts="shadow-table-rules trash-table-rules", bool="strict-optimistic-shard-mode online-ddl"),
    "online-ddl-scheme": _text(unit=Unit.SYNC),
    "experimental": Key(Kind.BLOCK, Unit.SYNC, keys=_of(Unit.SYNC, bool="async-checkpoint-flush")),
    **_of(
        Unit.NOBODY,
        bool="enable-heartbeat ansi-quotes",
        int="heartbeat-update-interval heartbeat-report-interval",
    ),
}
