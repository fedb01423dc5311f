"""What the user says of a load: :class:`LoadConfig`; of the server that it goes to: :class:`TargetConfig`.

Both are frozen and strict: an unknown name or a value out of range is refused where it is said, with
TiDB Data Migration's error code where DM has one.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from airflow_dm_loader.choices import (
    BarrierKind,
    DumpTool,
    ImportMode,
    Level,
    LightningCheckpoint,
    Mode,
    OnConflict,
    OnDuplicate,
    OnDuplicatePhysical,
)
from airflow_dm_loader.dm_task import DmTask, read_dm_task
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.location import DumpLocation, StorageKind
from airflow_dm_loader.rules.block_allow_list import BlockAllowList
from airflow_dm_loader.rules.csv_format import CsvFormat
from airflow_dm_loader.rules.routes import Route
from airflow_dm_loader.setting_values import (
    IMPORT_INTO_READS,
    ClusterTls,
    CollationMap,
    DumpUri,
    Gzip,
    Name,
    PlainText,
    SchemaName,
    SessionVariables,
    Size,
    SortUri,
)
from airflow_dm_loader.strict import CodedError, Strict
from airflow_dm_loader.target_config import TargetConfig

__all__ = [
    "DEFAULT_SOURCE_ID",
    "IMPORT_INTO_READS",
    "BarrierKind",
    "DumpTool",
    "ImportMode",
    "Level",
    "LightningCheckpoint",
    "LoadConfig",
    "Mode",
    "OnConflict",
    "OnDuplicate",
    "OnDuplicatePhysical",
    "TargetConfig",
]

log = logging.getLogger(__name__)

DEFAULT_SOURCE_ID = "mysql-replica-01"  # DM's own name for the first source in its examples

_KIB, _MIB = 1 << 10, 1 << 20


class LoadConfig(Strict):
    """One load: which dump, under which name, and how.

    The fields carry TiDB Data Migration's names in snake case. Values of a choice may be written in any
    case, as in DM.
    """

    task_name: Name = Field(
        title="Task name",
        description="DM's task name. With source_id it names the load: the same name goes on where it stopped.",
    )
    source_id: Name = Field(
        DEFAULT_SOURCE_ID,
        title="Source",
        description="The upstream database that this dump comes from.",
    )
    sources: tuple[PlainText, ...] = Field(
        (),
        title="All sources of the task",
        description="Every source_id that takes part; the barrier waits for all of them. Empty: this source alone.",
    )
    dump_uri: DumpUri = Field(
        title="Dump",
        description="The folder of the dump: a path, file:///folder, s3://bucket/prefix, gs://bucket/prefix or "
        "azure://container/prefix. Credentials never stand in it.",
    )
    mode: Mode = Field(
        Mode.FULL,
        title="Task mode",
        description="full: nothing follows the load. all: incremental replication follows from the binlog position.",
    )
    import_mode: ImportMode = Field(
        ImportMode.LOGICAL,
        title="Engine",
        description="logical: SQL statements, on every target. import-into: TiDB's IMPORT INTO, from 7.5 on: one "
        "source, a dump in S3 or GCS that TiDB can read, empty tables. physical: tidb-lightning on the worker, TiDB "
        "from 6.1 on.",
    )
    on_duplicate_logical: OnDuplicate = Field(
        OnDuplicate.REPLACE,
        title="On a duplicate key",
        description="replace the row that is there | error | ignore the row that comes | manual: keep the row that is "
        "there, store the one that comes in the conflict table, and pause the load with 34020.",
    )
    on_duplicate_physical: OnDuplicatePhysical = Field(
        OnDuplicatePhysical.NONE,
        title="On a duplicate key (physical)",
        description="Physical import only. none: duplicates show as a checksum difference. manual: tidb-lightning sets "
        "the rows aside in the schema {meta_schema}_{task_name}, and the load pauses with 34020.",
    )
    checksum: Level = Field(
        Level.REQUIRED,
        title="Checksum",
        description="required: a difference pauses the load with 34021. optional: it is a warning. off: not done.",
    )
    analyze: Level = Field(
        Level.OPTIONAL,
        title="Analyze",
        description="required: a failing ANALYZE TABLE fails the load. optional: it is a warning. off: not done.",
    )
    on_conflict: OnConflict = Field(
        OnConflict.PAUSE,
        title="When duplicates or a checksum difference were found",
        description="pause: fail once, a clear accepts. ask: a form in Airflow asks. accept | fail.",
    )
    pool_size: int = Field(4, ge=1, le=256, title="Connections", description="Database connections of one import task.")
    import_tasks: int = Field(
        1, ge=1, le=1000, title="Import tasks", description="Mapped import tasks that share the dump's files."
    )
    chunk_bytes: int = Field(
        16 * _MIB,
        ge=4 * _KIB,
        le=1024 * _MIB,
        title="Chunk size (bytes)",
        description="Decoded bytes that one transaction holds, at least; on TiDB at most 4 MiB of them. "
        "Once a chunk is committed, a resume keeps it.",
    )
    load_data: bool = Field(
        True,
        title="Use LOAD DATA",
        description="Send rows by LOAD DATA LOCAL where their layout allows it and the server takes it: faster.",
    )
    defer_indexes: bool = Field(
        True,
        title="Build indexes after the rows",
        description="Secondary indexes and foreign keys of tables that the load creates come after their rows: faster.",
    )
    collation_map: CollationMap = Field(
        default_factory=dict,
        title="Collation map",
        description="Collations that the target does not know, and those to use instead, in CREATE statements: "
        '{"utf8mb4_0900_ai_ci": "utf8mb4_unicode_520_ci"}.',
    )
    convert_engines: bool = Field(
        False,
        title="Convert engines to InnoDB",
        description="Create tables of engines without transactions, or that the target lacks, in InnoDB. "
        "Off: such a table is refused.",
    )
    lightning_path: str | None = Field(
        None,
        min_length=1,
        title="tidb-lightning",
        description="Path of the program, or of its folder, on the workers. None: the one on PATH.",
    )
    lightning_checkpoint: LightningCheckpoint = Field(
        LightningCheckpoint.AUTO,
        title="Lightning: checkpoint",
        description="auto: a file beside a local dump, else a schema in the target, as DM. mysql: a schema in the "
        "target, for a dump on a disk that several workers share. file.",
    )
    pd_addr: str | None = Field(
        None,
        min_length=1,
        title="Lightning: PD address",
        description="host:port of PD. None: tidb-lightning asks the TiDB server.",
    )
    pd_security: ClusterTls = Field(
        default_factory=dict,
        title="Lightning: TLS of the cluster",
        description='Paths on the worker, for TiKV and PD: {"ca": ..., "cert": ..., "key": ...}. Empty: no TLS.',
    )
    sorting_dir_physical: str | None = Field(
        None,
        min_length=1,
        title="Lightning: sorting folder",
        description="On the worker's disk, with room for the dump's tables and indexes. None: the dump's folder and "
        "'.sorting', as DM.",
    )
    disk_quota_physical: Size | None = Field(
        None, title="Lightning: disk quota", description="Of the sorting folder, such as 50GiB. None: Lightning's own."
    )
    range_concurrency: int | None = Field(
        None, ge=1, title="Lightning: writes to TiKV at once", description="range-concurrency. None: Lightning's own."
    )
    compress_kv_pairs: Gzip | None = Field(
        None, title="Lightning: compress what is sent to TiKV", description="gzip or gz. None: not at all."
    )
    import_into_threads: int | None = Field(
        None, ge=1, title="IMPORT INTO: threads", description="THREAD of each job. None: the server chooses."
    )
    import_into_max_write_speed: Size | None = Field(
        None,
        title="IMPORT INTO: write speed",
        description="MAX_WRITE_SPEED to each TiKV node, such as 200MiB. None: no limit.",
    )
    import_into_disk_quota: Size | None = Field(
        None, title="IMPORT INTO: disk quota", description="DISK_QUOTA for sorting, such as 50GiB. None: the server's."
    )
    import_into_cloud_storage_uri: SortUri | None = Field(
        None,
        title="IMPORT INTO: sort in",
        description="CLOUD_STORAGE_URI, s3://bucket/prefix or gs://bucket/prefix: global sort. It is reached as the "
        "dump is, and holds no credentials. None: the TiDB nodes sort on their own disks.",
    )
    hide_values: bool = Field(
        False,
        title="Hide values",
        description="Show no value of a row in errors and logs, only file, byte offset, table and error number. The "
        "conflict table in the target keeps its rows.",
    )
    meta_schema: SchemaName = Field(
        "dm_meta",
        title="Meta schema",
        description="The target's schema that holds the load's state.",
    )
    clean_dump_files: bool = Field(
        False,
        title="Clean the dump files",
        description="At the end: mode full removes the dump, mode all its data files.",
    )
    remove_meta: bool = Field(
        False, title="Start afresh", description="Forget what is stored of this load before it starts."
    )
    dry_run: bool = Field(
        False,
        title="Dry run",
        description="Only show what would go where, what would be created, and what stands in the way. Nothing is "
        "changed at the target.",
    )
    dump_tool: DumpTool = Field(
        DumpTool.AUTO,
        title="Dump tool",
        description="What wrote the SQL files. Both say SET NAMES binary; dumpling's strings are UTF-8 all the same, "
        "mydumper's the columns' own bytes. auto: told by each file's head; where that leaves it open, and a string "
        "would be read differently, it is an error.",
    )
    require_finished_dump: bool = Field(
        True,
        title="Require a finished dump",
        description="Refuse a dump whose metadata has no finish line. Off: a warning.",
    )
    sql_mode: str | None = Field(
        None, title="sql_mode", description="None: the dump's own, adjusted as DM does. Strictness is always added."
    )
    time_zone: str | None = Field(
        None, title="time_zone", description="None: each file's own, else the target's offset, as DM computes it."
    )
    session: SessionVariables = Field(
        default_factory=dict, title="Session variables", description="Set on every connection, and kept."
    )
    routes: tuple[Route, ...] = Field(
        (),
        title="Routes",
        description="DM's route rules: {schema-pattern, table-pattern, target-schema, target-table, extract-table, "
        "extract-schema, extract-source}. Table rules come before schema rules; two that match are an error.",
    )
    block_allow_list: BlockAllowList = Field(
        default_factory=BlockAllowList,
        title="Block-allow list",
        description="DM's block-allow-list, by the source's names: {do-dbs, do-tables, ignore-dbs, ignore-tables}.",
    )
    case_sensitive: bool = Field(
        False,
        title="Case-sensitive patterns",
        description="Whether routes and block_allow_list tell upper from lower case; DM's case-sensitive.",
    )
    csv: CsvFormat = Field(
        default_factory=CsvFormat,
        title="CSV",
        description="How .csv files read, with Lightning's names: {separator, delimiter, terminator, header, null, "
        "backslash_escape, character_set}. The defaults are what dumpling writes.",
    )
    barrier: BarrierKind = Field(
        BarrierKind.TARGET,
        title="Barrier",
        description="Where the sources wait for each other. target: a table in the meta schema. etcd: DM's keys in "
        "etcd, which a DM master can share; needs etcd_conn_id.",
    )
    barrier_timeout_s: int = Field(
        24 * 3600, ge=1, title="Barrier timeout (s)", description="How long to wait for the other sources."
    )

    @field_validator(
        "mode",
        "import_mode",
        "on_duplicate_logical",
        "on_duplicate_physical",
        "checksum",
        "analyze",
        "on_conflict",
        "barrier",
        "lightning_checkpoint",
        "compress_kv_pairs",
        "dump_tool",
        mode="before",
    )
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.sources and self.source_id not in self.sources:
            raise ValueError(f"sources must contain this load's source_id {self.source_id!r}")
        if len(set(self.sources)) != len(self.sources):
            raise ValueError("sources names a source twice")
        return self

    @model_validator(mode="after")
    def _physical(self) -> Self:
        if self.import_mode is ImportMode.PHYSICAL and self.collation_map:
            raise ValueError("collation_map: tidb-lightning creates the tables itself, as the dump has them")
        return self

    @model_validator(mode="after")
    def _import_into(self) -> Self:
        if self.import_mode is not ImportMode.IMPORT_INTO:
            for name in type(self).model_fields:
                if name.startswith("import_into_") and getattr(self, name) is not None:
                    raise ValueError(
                        f"{name}: it is for import_mode import-into, and import_mode is {self.import_mode}"
                    )
            return self
        twice = {
            "on_duplicate_physical": self.on_duplicate_physical is OnDuplicatePhysical.MANUAL,
            "on_duplicate_logical": self.on_duplicate_logical in {OnDuplicate.IGNORE, OnDuplicate.MANUAL},
        }
        for name in (name for name, asked in twice.items() if asked):
            raise ValueError(f"{name}: under import-into a key that comes twice fails the table's job, whatever is set")
        if len(self.all_sources) > 1:
            raise CodedError(
                20068, "import_mode: import-into takes one source, and sources names several. Use logical for shards"
            )
        kind = DumpLocation.parse(self.dump_uri).kind
        if kind not in IMPORT_INTO_READS:
            where = "a folder of this machine" if kind is StorageKind.LOCAL else f"in {kind}://"
            raise CodedError(
                20069,
                f"dump_uri: the dump is {where}, and TiDB's servers read it from s3:// or gs:// under import-into. "
                "Copy it there, or use logical",
            )
        return self

    @property
    def all_sources(self) -> tuple[str, ...]:
        """Every source of the load task, this one included, in a stable order."""
        return tuple(sorted(self.sources)) or (self.source_id,)

    @classmethod
    def from_dm_task(cls, task: str | Path | DmTask, source_id: str | None = None, **changes: Any) -> Self:
        """The load of one source as a DM task file describes it; what no load uses is logged, line by line.

        Args:
            task: the file's path, or its text, which has more than one line; or a file that was read already, whose
                notes are then the caller's to tell.
            source_id: which of the file's sources; None: the only one.
            changes: settings that come before the file's.

        Raises:
            ConfigError: with the line and DM's number, for what DM refuses too and for what can't be done here.
        """
        found = task if isinstance(task, DmTask) else read_dm_task(task)
        if found is not task:
            for note in found.notes(source_id):
                log.info("%s: %s", found.origin, note)
        try:
            return cls(**{**found.settings(source_id), **changes})
        except ConfigError as error:
            raise found.locate(error, source_id) from None

    def to_json(self) -> str:
        """The settings as they are stored with the load: stable order, no secret inside."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)
