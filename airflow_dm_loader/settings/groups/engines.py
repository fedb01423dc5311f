"""What only one engine looks at."""

from __future__ import annotations

from pydantic import Field

from airflow_dm_loader.rules.skips import Skips
from airflow_dm_loader.settings.choices import (
    LightningCheckpoint,
    OnDuplicate,
    OnDuplicatePhysical,
    OnLoss,
    ReplayConflicts,
)
from airflow_dm_loader.settings.groups.base import Group
from airflow_dm_loader.settings.values import (
    ClusterTls,
    ErrorRows,
    Gzip,
    ImportIntoOptions,
    LightningKeys,
    Size,
    SortUri,
)

_KIB, _MIB = 1 << 10, 1 << 20


class Logical(Group):
    """SQL statements and LOAD DATA."""

    on_duplicate_logical: OnDuplicate = Field(
        OnDuplicate.REPLACE,
        title="On a duplicate key",
        description="replace the row that is there | error | ignore the row that comes | manual: keep the row that is "
        "there, store the one that comes in the conflict table, and pause the load with 34020.",
    )
    duplicates_within_dump: OnLoss = Field(
        OnLoss.PAUSE,
        title="Duplicates within one table of the dump",
        description="Rows of one table had different keys at the source. Where two meet in a table that was empty and "
        "takes no other table's rows, its keys or collations are not the source's. pause: keep both under replace and "
        "ignore too, and pause the load with 34020. accept: as on_duplicate_logical says.",
    )
    keep_duplicate_rows: int = Field(
        1000,
        ge=0,
        title="Rows kept of those that are replaced or ignored",
        description="Of each table, by each import task: under ignore the row that came, under replace the row that "
        "was there, in the conflict table. All of them are counted. 0: none are kept, and none is looked for.",
    )
    on_missing_columns: OnLoss = Field(
        OnLoss.ACCEPT,
        title="On columns that the dump does not carry",
        description="Columns that no INSERT of the dump names, and that the table does not compute, take their "
        "defaults: invisible ones, or such as a tool left out. accept: the report names them, with the number of rows. "
        "pause: the load pauses with 34021 until somebody accepts it.",
    )
    max_error_rows: ErrorRows = Field(
        default_factory=dict,
        title="Rows that may be wrong",
        description="How many rows of the load are set aside in the conflict table, with file, byte and error, because "
        "the server refuses them or would change a value; the load then pauses with 34102, and one row more is an "
        'error. By kind, as {"type": 100, "charset": 10}: type (a value that does not fit), charset (bytes that are no '
        "letters of it), syntax (a row of another number of values), constraint (CHECK, FOREIGN "
        "KEY, partition, a trigger that signals), conflict (with on_duplicate_logical error: as manual, so many times; "
        "with manual: no more than these). Empty: the first one is an error.",
    )
    replay_conflicts: ReplayConflicts = Field(
        ReplayConflicts.OFF,
        title="Load rows again that were set aside",
        description="For a load that is paused, or that has sent all rows: those of the conflict table are loaded "
        "again, each once, before the tables are compared. insert: as they stand there now, after somebody has "
        "corrected them or the table | replace: the same, and a row with the same key gives way | off.",
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
        description="Send rows by LOAD DATA LOCAL where their layout allows it and the server takes it: faster. "
        "Rows of SQL files go to TiDB as statements, which cost it less.",
    )
    defer_indexes: bool = Field(
        True,
        title="Build indexes after the rows",
        description="Secondary indexes and foreign keys of tables that the load creates come after their rows: faster.",
    )
    skip_indexes: bool = Field(
        False,
        title="Skip indexes",
        description="Create tables without their secondary indexes; keys that are unique, full-text or spatial stay. "
        "The report names what is missing, and a later run with only=indexes, and this off, adds it. Not with swap.",
    )
    skip_foreign_keys: bool = Field(
        False,
        title="Skip foreign keys",
        description="Create tables without their foreign keys; the rest is as with skip_indexes.",
    )

    @property
    def skips(self) -> Skips:
        """What is not made."""
        return Skips(indexes=self.skip_indexes, foreign_keys=self.skip_foreign_keys)


class Physical(Group):
    """tidb-lightning."""

    on_duplicate_physical: OnDuplicatePhysical = Field(
        OnDuplicatePhysical.NONE,
        title="On a duplicate key (physical)",
        description="Physical import only. none: duplicates show as a checksum difference. manual: tidb-lightning sets "
        "the rows aside in the schema {meta_schema}_{task_name}, and the load pauses with 34020.",
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
        description='Paths on the worker, for TiKV and PD: {"ca": ..., "cert": ..., "key": ...}. Empty: no TLS. '
        "Where a DM task file says it for the target, it holds here too, as in DM.",
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
    status_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        title="Lightning: status port of TiDB",
        description="Where the TiDB server answers over HTTP, which tells Lightning of the cluster. None: 10080.",
    )
    lightning_version: str | None = Field(
        None,
        pattern=r"^[0-9]+(\.[0-9]+)+$",
        title="Lightning: its version",
        description="Of a build that does not tell its release, such as 8.5.3: its settings are written for that. "
        "None: as it says itself.",
    )
    lightning: LightningKeys = Field(
        default_factory=dict,
        title="Lightning: settings of its own",
        description='Its keys by section: {"tikv-importer": {"store-write-bwlimit": "100MiB"}, "lightning": '
        '{"region-concurrency": 16}}. What the loader sets itself is refused by name. Empty: none.',
    )


class ImportInto(Group):
    """TiDB's IMPORT INTO."""

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
    import_into_options: ImportIntoOptions = Field(
        default_factory=dict,
        title="IMPORT INTO: other options",
        description='Such as {"DISABLE_TIKV_IMPORT_MODE": true}. What the loader sets itself is refused by name. '
        "Empty: none.",
    )
