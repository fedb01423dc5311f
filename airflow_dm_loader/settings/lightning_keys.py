"""Settings of tidb-lightning and IMPORT INTO beyond DM's: which of them a user may say, and from which version on.

What is not listed is the loader's own, or has a setting of its own, or would change values without a word. Sources:
Lightning's ``config.go`` and TiDB's ``importer/import.go`` of 8.5, and their documentation for the versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Version = tuple[int, ...]
_ALWAYS: Version = ()

# section -> key -> the first version that has it
LIGHTNING_KEYS: Mapping[str, Mapping[str, Version]] = {
    "lightning": {
        "region-concurrency": _ALWAYS,
        "table-concurrency": _ALWAYS,
        "index-concurrency": _ALWAYS,
        "io-concurrency": _ALWAYS,
        "check-requirements": _ALWAYS,
        "max-error": (5, 4),
        "max-error-records": (7, 3),
    },
    "tikv-importer": {
        "store-write-bwlimit": _ALWAYS,
        "engine-mem-cache-size": _ALWAYS,
        "local-writer-mem-cache-size": _ALWAYS,
        "send-kv-pairs": _ALWAYS,
        "send-kv-size": (7, 2),
        "region-split-size": _ALWAYS,
        "region-split-keys": _ALWAYS,
        "region-split-batch-size": (7, 1),
        "region-split-concurrency": (7, 1),
        "region-check-backoff-limit": (7, 1),
        "keyspace-name": (6, 6),
        "add-index-by-sql": (7, 1),
        "pause-pd-scheduler-scope": (7, 1),
        "block-size": (7, 6),
    },
    "conflict": {
        "threshold": (8, 0),
        "max-record-rows": (8, 0),
        "precheck-conflict-before-import": (8, 0),
    },
    "mydumper": {
        "read-block-size": _ALWAYS,
        "batch-size": _ALWAYS,
        "batch-import-ratio": _ALWAYS,
        "max-region-size": _ALWAYS,
        "strict-format": _ALWAYS,
    },
    "tidb": {
        "max-allowed-packet": _ALWAYS,
        "distsql-scan-concurrency": _ALWAYS,
        "build-stats-concurrency": _ALWAYS,
        "index-serial-scan-concurrency": _ALWAYS,
        "checksum-table-concurrency": _ALWAYS,
    },
    "post-restore": {"level-1-compact": _ALWAYS, "compact": _ALWAYS, "checksum-via-sql": (7, 6)},
    "cron": {"switch-mode": _ALWAYS, "log-progress": _ALWAYS, "check-disk-quota": _ALWAYS},
}
# Of these Lightning leaves rows out; they are kept, and told, where it sets rows aside in a schema of the load's.
LEAVE_ROWS_OUT = frozenset({("lightning", "max-error"), ("lightning", "max-error-records")})
_INSTEAD = {
    "backend": "import_mode",
    "sorted-kv-dir": "sorting_dir_physical",
    "disk-quota": "disk_quota_physical",
    "range-concurrency": "range_concurrency",
    "compress-kv-pairs": "compress_kv_pairs",
    "pd-addr": "pd_addr",
    "status-port": "status_port",
    "checksum": "checksum",
    "analyze": "analyze",
    "strategy": "on_duplicate_physical",
    "duplicate-resolution": "on_duplicate_physical",
    "on-duplicate": "on_duplicate_physical",
    "session-vars": "session",
    "sql-mode": "sql_mode",
    "data-source-dir": "dump_uri",
    "source-id": "source_id",
    "case-sensitive": "case_sensitive",
    "filter": "block_allow_list",
    "ca-path": "pd_security",
    "cert-path": "pd_security",
    "key-path": "pd_security",
}

# option -> the first TiDB that has it, and whether it takes a value
IMPORT_INTO_OPTIONS: Mapping[str, tuple[Version, bool]] = {
    "RECORD_ERRORS": ((7, 2), True),
    "DISABLE_TIKV_IMPORT_MODE": ((7, 2), False),
    "__MAX_ENGINE_SIZE": ((7, 5), True),
    "DISABLE_PRECHECK": ((8, 4), False),
}
_OWN_OPTIONS = {
    "THREAD": "import_into_threads",
    "MAX_WRITE_SPEED": "import_into_max_write_speed",
    "DISK_QUOTA": "import_into_disk_quota",
    "CLOUD_STORAGE_URI": "import_into_cloud_storage_uri",
    "CHECKSUM_TABLE": "checksum",
}


def checked_lightning(value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Raises ValueError for a key that is not the user's to say, by its name."""
    for section, keys in value.items():
        if section not in LIGHTNING_KEYS and section in {"checkpoint", "security", "routes"}:
            raise ValueError(f"[{section}] is the loader's own")
        if section not in LIGHTNING_KEYS:
            raise ValueError(f"{section!r} is no section: {', '.join(LIGHTNING_KEYS)}")
        for key in keys:
            if key not in LIGHTNING_KEYS[section]:
                raise ValueError(_refused(f"{section}.{key}", _INSTEAD.get(key), LIGHTNING_KEYS[section]))
    return value


def checked_options(value: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
    """The same by upper-case names. Raises ValueError for an option that is not the user's to say, by its name."""
    found: dict[str, str | int | bool] = {}
    for name, said in value.items():
        option = name.upper()
        if option not in IMPORT_INTO_OPTIONS:
            raise ValueError(_refused(name, _OWN_OPTIONS.get(option), IMPORT_INTO_OPTIONS))
        if isinstance(said, bool) is IMPORT_INTO_OPTIONS[option][1]:
            raise ValueError(f"{name} takes {'a value' if IMPORT_INTO_OPTIONS[option][1] else 'true or false'}")
        found[option] = said
    return found


def too_new(asked: Mapping[str, Mapping[str, Any]], version: Version) -> list[str]:
    """The keys that this version of Lightning does not have yet, in words."""
    return [
        f"{section}.{key} (from {_shown(since)} on)"
        for section, keys in asked.items()
        for key in keys
        if version < (since := LIGHTNING_KEYS[section][key])
    ]


def options_too_new(asked: Mapping[str, object], version: Version) -> list[str]:
    """The options that this version of TiDB does not have yet, in words."""
    return [f"{name} (from {_shown(since)} on)" for name in asked if version < (since := IMPORT_INTO_OPTIONS[name][0])]


def _refused(name: str, instead: str | None, known: Mapping[str, object]) -> str:
    if instead is not None:
        return f"{name} is said by the setting {instead}"
    return f"{name} is the loader's own, or unknown; what can be said here: {', '.join(known)}"


def _shown(version: Version) -> str:
    return ".".join(map(str, version))
