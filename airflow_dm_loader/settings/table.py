"""One row a setting: its group, the engines that it is for, its section of the form, DM's key and DM's number.

The form, the reader of DM's task file and the generated pages read it; the field itself, with its type, default and
description, is in :mod:`airflow_dm_loader.settings.groups`. Rows stand in the order of the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from airflow_dm_loader.settings.choices import ImportMode


class Section(StrEnum):
    """Sections of the form, in its order. It opens with what has no title; the others are folded."""

    WHAT = ""
    EXISTING = "Existing rows"
    CHECKS = "Checks"
    ADVANCED = "Advanced"
    LOGICAL = "Engine: logical"
    PHYSICAL = "Engine: physical"
    IMPORT_INTO = "Engine: import-into"


EVERY = frozenset(ImportMode)
LOGICAL = frozenset({ImportMode.LOGICAL})
PHYSICAL = frozenset({ImportMode.PHYSICAL})
IMPORT_INTO = frozenset({ImportMode.IMPORT_INTO})
CREATING = LOGICAL | IMPORT_INTO  # where the loader creates the tables

_FAILS = {ImportMode.IMPORT_INTO: "under import-into a key that comes twice fails the table's job, whatever is set"}
_OWN_BUDGET = {
    ImportMode.PHYSICAL: "tidb-lightning has a budget of its own: lightning={'lightning': {'max-error': ...}}",
    ImportMode.IMPORT_INTO: "IMPORT INTO has RECORD_ERRORS of its own: import_into_options",
}
_REFUSES = {ImportMode.PHYSICAL: "tidb-lightning refuses tables that hold rows"}
_SENDS_ITSELF = {
    mode: f"under {mode} the dump's rows are sent as they are" for mode in (ImportMode.PHYSICAL, ImportMode.IMPORT_INTO)
}
_READS_WHOLE = {
    mode: f"{mode} takes a dump that has finished" for mode in (ImportMode.PHYSICAL, ImportMode.IMPORT_INTO)
}
_CREATES = {ImportMode.PHYSICAL: "tidb-lightning creates the tables itself, as the dump has them"}


@dataclass(frozen=True, slots=True)
class DmKey:
    """A key of DM's task file whose value becomes the setting as it is written; what is empty or 0 says nothing.

    Args:
        path: ``loaders.*.pool-size``, in a loader, or a key of the whole task.
        kind: DM's type of it: ``text``, ``int`` or ``bool``.
        note: what a reader should know: where it differs from DM.
    """

    path: str
    kind: str = "text"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Args:
        engines: those that look at it. With another one it is refused, unless it has its default.
        dm: the key of DM's task file that becomes it; a plain text where :mod:`dm_task` knows what becomes of it.
        dm_code: DM's number for a wrong value.
        elsewhere: what another engine does instead, where that says more than that it does not look.
        deletes: what it deletes when it is on, in words; "": nothing.
    """

    name: str
    group: str
    section: Section
    engines: frozenset[ImportMode] = EVERY
    dm: DmKey | str = ""
    dm_code: int | None = None
    elsewhere: Mapping[ImportMode, str] = field(default_factory=dict)
    deletes: str = ""

    @property
    def dm_path(self) -> str:
        """Where DM's task file says it: ``loaders.*.pool-size``; "" where it does not."""
        return self.dm.path if isinstance(self.dm, DmKey) else self.dm

    @property
    def dm_key(self) -> str:
        """DM's name of it: ``pool-size``."""
        return self.dm_path.rpartition(".")[2]


def _loader(name: str, kind: str = "text", note: str = "") -> DmKey:
    return DmKey(f"loaders.*.{name}", kind, note)


_WHAT, _EXISTING, _CHECKS, _ADVANCED = Section.WHAT, Section.EXISTING, Section.CHECKS, Section.ADVANCED
_LOGICAL, _PHYSICAL, _IMPORT_INTO = Section.LOGICAL, Section.PHYSICAL, Section.IMPORT_INTO

_ROWS = (
    Setting("task_name", "what", _WHAT, dm=DmKey("name")),
    Setting("dump_uri", "what", _WHAT, dm="loaders.*.dir", dm_code=20058),
    Setting("source_id", "what", _WHAT, dm="mysql-instances[].source-id"),
    Setting("mode", "what", _WHAT, dm="task-mode"),
    Setting("dry_run", "what", _WHAT),
    Setting("set_gtid_purged", "what", _ADVANCED),
    Setting("only", "what", _ADVANCED, LOGICAL),
    Setting("import_mode", "what", _WHAT, dm="loaders.*.import-mode", dm_code=20053),
    Setting(
        "on_duplicate_logical",
        "logical",
        _EXISTING,
        LOGICAL,
        dm="loaders.*.on-duplicate-logical",
        dm_code=20054,
        elsewhere=_FAILS,
    ),
    Setting("duplicates_within_dump", "logical", _EXISTING, LOGICAL),
    Setting("keep_duplicate_rows", "logical", _EXISTING, LOGICAL),
    Setting("replay_conflicts", "logical", _EXISTING, LOGICAL),
    Setting("max_error_rows", "logical", _CHECKS, LOGICAL, elsewhere=_OWN_BUDGET),
    Setting("on_missing_columns", "logical", _CHECKS, LOGICAL),
    Setting(
        "on_duplicate_physical",
        "physical",
        _PHYSICAL,
        PHYSICAL,
        dm=_loader("on-duplicate-physical"),
        dm_code=20062,
        elsewhere=_FAILS,
    ),
    Setting("on_existing_rows", "tables", _EXISTING, CREATING, elsewhere=_REFUSES),
    Setting("on_schema_change", "tables", _EXISTING, LOGICAL),
    Setting("keep_previous", "tables", _EXISTING, LOGICAL),
    Setting("swap_rebuild", "tables", _EXISTING, LOGICAL),
    Setting("guard", "tables", _EXISTING, CREATING),
    Setting("on_conflict", "verify", _CHECKS),
    Setting("pool_size", "work", _ADVANCED, dm=_loader("pool-size", "int", "Not said: 4 (DM: 16).")),
    Setting("import_tasks", "work", _ADVANCED, CREATING),
    Setting("max_threads_running", "work", _ADVANCED, LOGICAL),
    Setting("max_replica_lag_s", "work", _ADVANCED, LOGICAL),
    Setting("max_flow_control", "work", _ADVANCED, LOGICAL),
    Setting("load_data", "logical", _LOGICAL, LOGICAL),
    Setting("defer_indexes", "logical", _LOGICAL, LOGICAL),
    Setting("skip_indexes", "logical", _LOGICAL, LOGICAL),
    Setting("skip_foreign_keys", "logical", _LOGICAL, LOGICAL),
    Setting("collation_map", "tables", _ADVANCED, CREATING, elsewhere=_CREATES),
    Setting("convert_engines", "tables", _ADVANCED, CREATING, elsewhere=_CREATES),
    Setting("objects", "tables", _ADVANCED, LOGICAL),
    Setting("definer", "tables", _ADVANCED, LOGICAL),
    Setting("routes", "where", _WHAT, dm="routes", dm_code=20045),
    Setting("block_allow_list", "where", _WHAT, dm="block-allow-list", dm_code=20044),
    Setting("ignore_columns", "where", _LOGICAL, LOGICAL, elsewhere=_SENDS_ITSELF),
    Setting("mask", "where", _LOGICAL, LOGICAL, elsewhere=_SENDS_ITSELF),
    Setting("files", "where", _ADVANCED, LOGICAL),
    Setting("case_sensitive", "where", _ADVANCED, dm=DmKey("case-sensitive", "bool")),
    Setting("csv", "reading", _ADVANCED),
    Setting("data_character_set", "reading", _LOGICAL, LOGICAL),
    Setting("data_invalid_char_replace", "reading", _LOGICAL, LOGICAL),
    Setting("dump_tool", "reading", _ADVANCED, CREATING),
    Setting("follow_links", "reading", _ADVANCED),
    Setting("wait_for_dump", "reading", _ADVANCED, LOGICAL, elsewhere=_READS_WHOLE),
    Setting("finished_files", "reading", _ADVANCED, LOGICAL, elsewhere=_READS_WHOLE),
    Setting("dump_timeout_s", "reading", _ADVANCED, LOGICAL, elsewhere=_READS_WHOLE),
    Setting(
        "clean_dump_files",
        "reading",
        _ADVANCED,
        dm=DmKey("clean-dump-file", "bool", "Not said: off (DM: on). DM's dump is its own; here it is yours."),
        deletes="files of the dump",
    ),
    Setting(
        "remove_meta",
        "state",
        _EXISTING,
        dm=DmKey("remove-meta", "bool", "Deprecated in DM for `start-task --remove-meta`."),
        deletes="the load's record",
    ),
    # Only one engine's
    Setting("lightning_path", "physical", _PHYSICAL, PHYSICAL),
    Setting("lightning_checkpoint", "physical", _PHYSICAL, PHYSICAL),
    Setting("pd_addr", "physical", _PHYSICAL, PHYSICAL, dm=_loader("pd-addr")),
    Setting("pd_security", "physical", _PHYSICAL, PHYSICAL),
    Setting("sorting_dir_physical", "physical", _PHYSICAL, PHYSICAL, dm=_loader("sorting-dir-physical")),
    Setting("disk_quota_physical", "physical", _PHYSICAL, PHYSICAL, dm="loaders.*.disk-quota-physical"),
    Setting("range_concurrency", "physical", _PHYSICAL, PHYSICAL, dm=_loader("range-concurrency", "int")),
    Setting("compress_kv_pairs", "physical", _PHYSICAL, PHYSICAL, dm=_loader("compress-kv-pairs")),
    Setting("status_port", "physical", _PHYSICAL, PHYSICAL),
    Setting("lightning_version", "physical", _PHYSICAL, PHYSICAL),
    Setting("lightning", "physical", _PHYSICAL, PHYSICAL),
    Setting("import_into_threads", "import_into", _IMPORT_INTO, IMPORT_INTO),
    Setting("import_into_max_write_speed", "import_into", _IMPORT_INTO, IMPORT_INTO),
    Setting("import_into_disk_quota", "import_into", _IMPORT_INTO, IMPORT_INTO),
    Setting("import_into_cloud_storage_uri", "import_into", _IMPORT_INTO, IMPORT_INTO),
    Setting("import_into_options", "import_into", _IMPORT_INTO, IMPORT_INTO),
    # Checks
    Setting(
        "checksum",
        "verify",
        _CHECKS,
        dm=_loader(
            "checksum-physical", note="Holds in every import mode: rows are verified in logical mode too."
        ),
        dm_code=20063,
    ),
    Setting("analyze", "verify", _CHECKS, dm=_loader("analyze"), dm_code=20065),
    Setting("require_finished_dump", "reading", _CHECKS),
    Setting("hide_values", "reporting", _CHECKS),
    Setting("replication_source", "reporting", _ADVANCED),
    Setting("replication_file", "reporting", _ADVANCED),
    Setting("sources", "what", _ADVANCED, dm="mysql-instances[].source-id"),
    Setting("barrier", "coordination", _ADVANCED),
    Setting("wait_for_sources", "coordination", _ADVANCED),
    Setting("barrier_timeout_s", "coordination", _ADVANCED),
    # Engines and state
    Setting("chunk_bytes", "logical", _LOGICAL, LOGICAL),
    Setting("max_schema_file_bytes", "reading", _ADVANCED),
    Setting("max_metadata_bytes", "reading", _ADVANCED),
    Setting("max_head_bytes", "reading", _ADVANCED),
    Setting("max_statement_bytes", "reading", _LOGICAL, LOGICAL),
    Setting("max_row_group_bytes", "reading", _LOGICAL, LOGICAL),
    Setting("meta_schema", "state", _ADVANCED, dm=DmKey("meta-schema")),
    Setting("keep_loads", "state", _ADVANCED, deletes="the state of older loads"),
    Setting("keep_days", "state", _ADVANCED, deletes="the state of older loads"),
    Setting("sql_mode", "connection", _ADVANCED, dm="target-database.session"),
    Setting("time_zone", "connection", _ADVANCED, dm="timezone"),
    Setting("session", "connection", _ADVANCED, dm="target-database.session"),
)  # fmt: skip

SETTINGS: Mapping[str, Setting] = MappingProxyType({row.name: row for row in _ROWS})
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(row.group for row in _ROWS))
DM_CODES: Mapping[str, int] = {row.name: row.dm_code for row in _ROWS if row.dm_code is not None}


def engines_that_read(name: str) -> str:
    """The engines that a setting is for, in words."""
    return " and ".join(mode.value for mode in ImportMode if mode in SETTINGS[name].engines)
