"""How the load works at the target: tables, sessions, its own state, how much at once, what is compared and told."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from airflow_dm_loader.rules.objects import ObjectRules
from airflow_dm_loader.settings.choices import BarrierKind, Level, OnConflict, OnExistingRows, OnSchemaChange
from airflow_dm_loader.settings.groups.base import Group
from airflow_dm_loader.settings.values import (
    CollationMap,
    Definer,
    GuardRules,
    PlainText,
    SchemaName,
    SessionVariables,
    SourceAddress,
)


class Tables(Group):
    """How tables are created, and what becomes of the rows of those that exist."""

    on_existing_rows: OnExistingRows = Field(
        OnExistingRows.AUTO,
        title="Rows that exist",
        description="For tables that hold rows which this load task did not bring. error: refuse to load | append: "
        "add to them, on_duplicate_logical decides about keys that meet | truncate: delete them, once, before any "
        "source of the task sends a row | recreate: so too, and drop the table, which comes anew as the dump has it | "
        "swap: fill new tables beside them, compare those, and put all of them in "
        "place by one RENAME TABLE (import_mode logical) | auto: error where the table has no unique key that tells "
        "its rows apart, append elsewhere.",
    )
    on_schema_change: OnSchemaChange = Field(
        OnSchemaChange.REFUSE,
        title="Columns that a table lacks",
        description="For tables that exist, and lack columns of the dump's. refuse: refuse to load | add_columns: add "
        "them as the dump's CREATE TABLE has them, by ALTER TABLE, before the rows | ignore_columns: leave out their "
        "values; the report names the columns, with the number of rows. Types that differ are never altered. Not with "
        "swap and recreate, which take the dump's tables.",
    )
    keep_previous: int = Field(
        1,
        ge=0,
        le=100,
        title="Former tables to keep",
        description="How many of the tables that a swap replaced are kept, of each table the newest; "
        "restore_previous puts them back.",
    )
    swap_rebuild: bool = Field(
        False,
        title="Rebuild what hangs on tables",
        description="Triggers on live tables, and foreign keys of tables outside that refer to them: swap drops them "
        "before the RENAME and makes them again after it, on the new tables. Each statement is stored before the first "
        "runs, and tried on the new tables. What others write between the two sets off no trigger. Off: such tables "
        "are refused.",
    )
    guard: GuardRules = Field(
        default_factory=dict,
        title="Guard against the last load",
        description="Pauses the load with 34101 where the dump brings far less than the last load of the same tables "
        "brought, whatever its task name was: before the swap; with truncate and recreate before the first row, by the "
        "dump's own counts, which it must have. rows_drop: the share of a table's rows that may be missing, or off | "
        'tables_gone, empty (tables without rows that had some): pause, accept or off. Empty: {"rows_drop": 0.5, '
        '"tables_gone": "pause", "empty": "pause"} with swap, else none.',
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
    objects: ObjectRules = Field(
        default_factory=ObjectRules,
        title="Triggers, routines, events",
        description="What becomes of the dump's programs: {triggers: load, routines: skip, events: refuse}. load: made "
        "after the rows, triggers last, and compared at the end; events are off until the load is accepted, and stay "
        "off with mode all. They run with the privileges of their definer. skip: a finding names them. refuse: a dump "
        "that has any is refused.",
    )
    definer: Definer | None = Field(
        None,
        title="Definer",
        description="In whose name programs are made, and views: keep: the account that the dump names | drop: the "
        "loader's own | replace:user@host. It must be said where objects loads any. None: views keep theirs.",
    )

    @model_validator(mode="after")
    def _tables_stay(self) -> Self:
        anew = self.on_existing_rows in {OnExistingRows.SWAP, OnExistingRows.RECREATE}
        if anew and self.on_schema_change is not OnSchemaChange.REFUSE:
            raise ValueError(
                f"on_schema_change: on_existing_rows {self.on_existing_rows} makes tables anew, as the dump has them"
            )
        return self

    @model_validator(mode="after")
    def _objects_are_whole(self) -> Self:
        if not self.objects.loaded:
            return self
        if self.definer is None:
            raise ValueError(
                f"objects: {', '.join(sorted(self.objects.loaded))} are to be loaded, so definer must be said: keep, "
                "drop or replace:user@host"
            )
        if self.on_existing_rows is OnExistingRows.SWAP:
            raise ValueError("objects: on_existing_rows swap puts tables in place, and loads no programs")
        return self


class Connection(Group):
    """The session that every connection is in."""

    sql_mode: str | None = Field(
        None, title="sql_mode", description="None: the dump's own, adjusted as DM does. Strictness is always added."
    )
    time_zone: str | None = Field(
        None,
        title="time_zone",
        description="The zone that TIMESTAMPs are read in. None: each file's own; where a file names none, the "
        "target's own zone, by its rule for each date, and the report says so. required: a file that names none is an "
        "error.",
    )
    session: SessionVariables = Field(
        default_factory=dict,
        title="Session variables",
        description="Set on every connection, and kept. TiDB's own (tidb_...) are set on TiDB alone; a warning says "
        "where they are not.",
    )


class Work(Group):
    """How much is done at once."""

    pool_size: int = Field(4, ge=1, le=256, title="Connections", description="Database connections of one import task.")
    import_tasks: int = Field(
        1, ge=1, le=1000, title="Import tasks", description="Mapped import tasks that share the dump's files."
    )
    max_threads_running: int | None = Field(
        None,
        ge=1,
        title="Most threads that run",
        description="While more sessions are at work at the server (Threads_running, the load's own among them), the "
        "load sends less, down to one connection with waits between chunks. None: it is not looked at.",
    )
    max_replica_lag_s: float | None = Field(
        None,
        gt=0,
        title="Longest lag of replicas (s)",
        description="So too while a server of replica_conn_ids (in Python: replicas) is further behind, does not "
        "replicate, or can't be asked. None: they are not asked.",
    )
    max_flow_control: float | None = Field(
        0.5,
        gt=0,
        le=1,
        title="Flow control of a cluster",
        description="So too while a Galera cluster pauses its writes for more than this share of the time. None: it is "
        "not looked at.",
    )


class State(Group):
    """Where the load keeps its own tables."""

    meta_schema: SchemaName = Field(
        "dm_meta",
        title="Meta schema",
        description="The target's schema that holds the load's state.",
    )
    keep_loads: int | None = Field(
        None,
        ge=1,
        title="Loads whose state is kept",
        description="At the end of a load: the newest so many of each table keep their state; that of older finished "
        "ones is removed, if keep_days does not keep it. None: no number keeps or removes any.",
    )
    keep_days: int | None = Field(
        None,
        ge=1,
        title="Days that state is kept",
        description="At the end of a load: the state of loads that finished, or that somebody accepted, within so many "
        "days stays; that of older finished ones is removed, if keep_loads does not keep it. None, as keep_loads is "
        "too: it all stays.",
    )
    remove_meta: bool = Field(
        False, title="Start afresh", description="Forget what is stored of this load before it starts."
    )


class Coordination(Group):
    """Where and how long the sources of a load task wait for each other."""

    barrier: BarrierKind = Field(
        BarrierKind.TARGET,
        title="Barrier",
        description="Where the sources wait for each other. target: a table in the meta schema. etcd: DM's keys in "
        "etcd, which a DM master can share; needs etcd_conn_id.",
    )
    wait_for_sources: bool | None = Field(
        None,
        title="Wait for the other sources",
        description="Whether this source's rows, and the removal of its dump, wait until all others have come as far. "
        "None: as DM, under physical import they do; else only with barrier=etcd, or where on_existing_rows=truncate "
        "must not delete what another source has sent.",
    )
    barrier_timeout_s: int = Field(
        24 * 3600, ge=1, title="Barrier timeout (s)", description="How long to wait for the other sources."
    )


class Verify(Group):
    """What is compared, and what a difference does."""

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
        title="When something was found that somebody must decide on",
        description="pause: fail once, a clear accepts. ask: a form in Airflow asks. accept | fail.",
    )


class Reporting(Group):
    """What errors and logs show."""

    hide_values: bool = Field(
        False,
        title="Hide values",
        description="Show no value of a row in errors and logs, only file, byte offset, table and error number. The "
        "conflict table in the target keeps its rows.",
    )
    replication_source: SourceAddress = Field(
        "",
        title="Source of the replication",
        description="The server that was dumped, as user@host:port, without a password. Mode all shows, in the "
        "report and in the log, what starts replication at the dump's position; this stands in it.",
    )
    replication_file: PlainText | None = Field(
        None,
        title="File for what starts replication",
        description="A path on the worker, to which mode all writes what starts replication, besides showing it. A "
        "file that is there is replaced, whole or not at all. Without a password.",
    )
