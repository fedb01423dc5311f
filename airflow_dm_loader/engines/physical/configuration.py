"""Lightning's configuration, key by key as DM sets it (``MakeGlobalConfig`` and ``GetLightningConfig``).

What differs from DM, and why:

- the user's session variables stay; DM copies them and then replaces the map;
- ``keep-after-success`` is ``origin``: see :mod:`~airflow_dm_loader.engines.physical.checkpoint`;
- ``post-restore.analyze`` is off: the load has a phase of its own for it, in every import mode;
- ``mydumper.filter`` names the tables that ``block_allow_list`` leaves; DM loads them all;
- TLS of the database and of the cluster are apart.

A key that Lightning does not know is fatal there, so none is written that the version at hand may lack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from airflow_dm_loader.config import LoadConfig, OnDuplicatePhysical, TargetConfig
from airflow_dm_loader.engines.physical.checkpoint import Checkpoint, Driver
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.location import DumpLocation
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.rules.csv_format import CsvFormat
from airflow_dm_loader.settings.lightning_keys import LEAVE_ROWS_OUT, too_new

_SCHEMA_CHARACTERS = 64
_CONFLICT_SINCE = (8, 0)  # from here on [conflict] decides; before, duplicate-resolution


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the configuration needs beyond what the user says."""

    version: tuple[int, ...]  # Lightning's
    source_dir: SecretStr  # the dump as Lightning reads it; may hold keys
    session: Mapping[str, str]  # time_zone, and what the user sets besides
    sql_mode: str
    checkpoint: Checkpoint
    status_port: int
    filter: tuple[str, ...] = ()  # tables to load, as Lightning writes them; empty: all
    csv: CsvFormat | None = None  # how the dump's CSV files read; None: it has none


def lightning_settings(config: LoadConfig, target: TargetConfig, around: Surroundings) -> dict[str, Any]:
    """The whole configuration, with its secrets: for a file that nobody else may read.

    Raises:
        ConfigError: Lightning can't do what a setting says.
    """
    conflict = _conflict(config, around.version)
    settings: dict[str, Any] = {
        "lightning": {
            "level": "info",
            "file": "-",  # to stdout, and so into the task's log
            "status-addr": f"127.0.0.1:{around.status_port}",
            **_threads(config),
            **({"task-info-schema-name": task_info_schema(config)} if _records(config) else {}),
        },
        "checkpoint": _checkpoint(around.checkpoint),
        "tikv-importer": {
            "backend": "local",
            "sorted-kv-dir": sorting_dir(config),
            "incremental-import": True,
            **_said({
                "disk-quota": config.physical.disk_quota_physical,
                "range-concurrency": config.physical.range_concurrency,
                "compress-kv-pairs": config.physical.compress_kv_pairs,
            }),
            **conflict.get("tikv-importer", {}),
        },
        **({"conflict": conflict["conflict"]} if "conflict" in conflict else {}),
        "post-restore": {"checksum": config.verify.checksum.value, "analyze": "off", "post-process-at-last": True},
        "mydumper": {
            "data-source-dir": around.source_dir.get_secret_value(),
            "source-id": config.what.source_id,
            "case-sensitive": config.where.case_sensitive,
            **({"filter": list(around.filter)} if around.filter else {}),
            **({"csv": lightning_csv(around.csv)} if around.csv is not None else {}),
        },
        "tidb": _tidb(config, target, around),
        **({"security": _paths(config.physical.pd_security)} if config.physical.pd_security else {}),
        **({"routes": [route.to_dm() for route in config.where.routes]} if config.where.routes else {}),
    }  # fmt: skip
    return _with_users_own(settings, config, around.version)


def lightning_csv(csv: CsvFormat) -> dict[str, Any]:
    """``[mydumper.csv]``, whose defaults are not ours; keys that older versions lack are there where they are said."""
    newer: dict[str, Any] = {}
    if csv.escaped_by is not None:
        newer["escaped-by"] = csv.escaped_by
    if not csv.header_schema_match:
        newer["header-schema-match"] = False
    return {
        "separator": csv.separator,
        "delimiter": csv.delimiter,
        "terminator": csv.terminator,
        "header": csv.header,
        "not-null": csv.not_null,
        "null": csv.null if isinstance(csv.null, str) else list(csv.null),
        "backslash-escape": csv.backslash_escape,
        "trim-last-separator": csv.trim_last_separator,
        **newer,
    }


def _threads(config: LoadConfig) -> dict[str, int]:
    """The default of pool_size is for connections; Lightning's own is all of the worker's CPUs."""
    default = type(config.work).model_fields["pool_size"].default
    return {} if config.work.pool_size == default else {"region-concurrency": config.work.pool_size}


def _with_users_own(settings: dict[str, Any], config: LoadConfig, version: tuple[int, ...]) -> dict[str, Any]:
    """The keys of the setting ``lightning`` among the loader's, none of which they can be. Raises ConfigError."""
    asked = config.physical.lightning
    if newer := too_new(asked, version):
        shown = ".".join(map(str, version))
        raise ConfigError(f"lightning: tidb-lightning {shown} does not have {', '.join(newer)}", remedy="Leave it out.")
    if not _records(config) and (leaving := [key for section, key in LEAVE_ROWS_OUT if key in asked.get(section, ())]):
        raise ConfigError(
            f"lightning: with {leaving[0]}, rows are left out, and nothing would tell which",
            remedy="Set on_duplicate_physical=manual: rows are then kept, and told.",
        )
    return settings | {section: {**settings.get(section, {}), **keys} for section, keys in asked.items()}


def task_info_schema(config: LoadConfig) -> str:
    """DM's ``GetTaskInfoSchemaName``: where Lightning writes the rows in conflict. Raises ConfigError."""
    name = f"{config.state.meta_schema}_{config.what.task_name}"
    if len(name) > _SCHEMA_CHARACTERS:
        raise ConfigError(
            f"task_name: Lightning writes rows in conflict into the schema {name!r}, whose name has {len(name)} "
            f"characters, and servers take {_SCHEMA_CHARACTERS}",
            remedy="Choose a shorter task_name or meta_schema, or on_duplicate_physical=none.",
        )
    return name


def sorting_dir(config: LoadConfig) -> str:
    """Where Lightning sorts: ``sorting_dir_physical``, else DM's ``<dir>.sorting``. Raises ConfigError."""
    if config.physical.sorting_dir_physical is not None:
        return str(Path(config.physical.sorting_dir_physical).absolute())
    folder = DumpLocation.parse(config.what.dump_uri).folder
    if folder is None:
        raise ConfigError(
            "sorting_dir_physical: is needed where the dump is in a bucket",
            remedy="Name a folder on this worker's disk with room for the dump's tables and indexes.",
        )
    return f"{folder}.sorting"


def table_filter(plan: LoadPlan) -> tuple[str, ...]:
    """The tables and views of the plan, by the source's names, where it leaves any of the dump out."""
    if not plan.left_out.counts():
        return ()
    tables = [source.key for table in plan.tables for source in table.sources]
    views = [(view.schema, view.view) for view in plan.views]
    return tuple(f"{_exact(schema)}.{_exact(table)}" for schema, table in (*tables, *views))


def secrets_of(target: TargetConfig, values: Iterable[str] = ()) -> tuple[str, ...]:
    """What no line of Lightning's may show."""
    return tuple(value for value in (target.password.get_secret_value(), *values) if value)


def check_target(target: TargetConfig) -> None:
    """Refuse a way to the database that Lightning has no setting for.

    Raises:
        ConfigError: a socket, or TLS that it can't do.
    """
    if target.unix_socket is not None:
        raise ConfigError(
            "import_mode: tidb-lightning reaches the target over TCP alone, and the connection names a socket",
            remedy="Give the connection a host and a port.",
        )
    _tls(target)


def _records(config: LoadConfig) -> bool:
    return config.physical.on_duplicate_physical is OnDuplicatePhysical.MANUAL


def _conflict(config: LoadConfig, version: tuple[int, ...]) -> dict[str, dict[str, str]]:
    if version >= _CONFLICT_SINCE:
        return {"conflict": {"strategy": "replace" if _records(config) else ""}}
    return {"tikv-importer": {"duplicate-resolution": "remove" if _records(config) else "none"}}


def _checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    # Without a dsn Lightning keeps a mysql checkpoint in the server of [tidb], with that password.
    place = {"dsn": checkpoint.place} if checkpoint.driver is Driver.FILE else {"schema": checkpoint.place}
    return {"enable": True, "driver": checkpoint.driver.value, **place, "keep-after-success": "origin"}


def _tidb(config: LoadConfig, target: TargetConfig, around: Surroundings) -> dict[str, Any]:
    tls, security = _tls(target)
    return {
        "host": target.host,
        "port": target.port,
        "user": target.user,
        "password": target.password.get_secret_value(),
        **_said({"pd-addr": config.physical.pd_addr, "status-port": config.physical.status_port}),
        "sql-mode": around.sql_mode,
        "tls": tls,
        "session-vars": {**around.session, "tidb_txn_mode": "optimistic", "foreign_key_checks": "0"},
        **({"security": security} if security else {}),
    }


def _tls(target: TargetConfig) -> tuple[str, dict[str, str]]:
    """``tidb.tls`` and ``[tidb.security]``. Empty, and paths: encrypted, certificate and host name verified."""
    if target.ssl == "off":
        return "false", {}
    if target.ssl is None:
        return "preferred", {}  # as the loader's own sessions: where the server offers it, not verified
    given = {name: value for name, value in target.ssl.items() if value is not None and name != "x509_strict"}
    if unsaid := sorted(set(given) - {"ca", "cert", "key", "verify_mode", "check_hostname"}):
        raise _no_tls(f"no setting for {', '.join(unsaid)}")
    verify = str(given.get("verify_mode", "required")).lower()
    paths = {name: str(given[name]) for name in ("ca", "cert", "key") if given.get(name)}
    if "ca" not in paths and "cert" in paths:
        raise _no_tls("no client certificate without ca")
    if verify == "none":
        return "skip-verify", _paths(paths)
    if verify != "required" or not given.get("check_hostname", True):
        raise _no_tls("no way to verify the certificate but not the host name")
    if "ca" not in paths:
        raise _no_tls("no use of the system's CAs")
    return "", _paths(paths)


def _no_tls(what: str) -> ConfigError:
    return ConfigError(
        f"ssl: tidb-lightning has {what}",
        remedy="Give the connection ca (with cert and key if need be), or verify_mode none, or no TLS.",
    )


def _paths(files: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}-path": str(Path(path).absolute()) for name, path in files.items()}


def _said(values: Mapping[str, str | int | None]) -> dict[str, str | int]:
    return {name: value for name, value in values.items() if value is not None}


def _exact(name: str) -> str:
    """A name as a pattern of Lightning's table filter that matches it alone."""
    return '"' + name.replace('"', '""') + '"'
