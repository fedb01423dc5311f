"""Which load it is, how its dump is read, and what of it goes where."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from airflow_dm_loader.location import DumpLocation, StorageKind
from airflow_dm_loader.rules.block_allow_list import BlockAllowList
from airflow_dm_loader.rules.columns import IgnoredColumns, Mask
from airflow_dm_loader.rules.csv_format import CsvFormat
from airflow_dm_loader.rules.file_rules import FileRule
from airflow_dm_loader.rules.routes import Route
from airflow_dm_loader.settings.choices import DumpTool, ImportMode, Mode, WaitForDump
from airflow_dm_loader.settings.groups.base import Group
from airflow_dm_loader.settings.strict import CodedError
from airflow_dm_loader.settings.values import IMPORT_INTO_READS, DumpUri, Name, PlainText

DEFAULT_SOURCE_ID = "mysql-replica-01"  # DM's own name for the first source in its examples


_MIB = 1 << 20


class What(Group):
    """Which load: its name, its dump, its engine."""

    task_name: Name = Field(
        title="Task name",
        description="DM's task name. With source_id it names the load: the same name resumes it.",
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
    set_gtid_purged: bool = Field(
        False,
        title="Take the dump's GTID set",
        description="At the end, once the load is accepted, make the dump's GTID set the target's own (MySQL's "
        "gtid_purged, MariaDB's gtid_slave_pos), so that a replica by GTIDs goes on where the dump ends. Refused where "
        "the target has some of it already, and before the first row where the dump has none.",
    )
    import_mode: ImportMode = Field(
        ImportMode.LOGICAL,
        title="Engine",
        description="logical: SQL statements, on every target. import-into: TiDB's IMPORT INTO, from 7.5 on: one "
        "source, a dump in S3 or GCS that TiDB can read, empty tables. physical: tidb-lightning on the worker, TiDB "
        "from 6.1 on.",
    )
    only: Literal["schema", "data", "indexes"] | None = Field(
        None,
        title="Only",
        description="How far this run goes, as one step of the load. schema: databases, tables and views, for people "
        "to look at | data: the rows too, without the indexes of large tables | indexes, or None: to the end, with the "
        "comparison. A load that stopped is not finished; the next run resumes it.",
    )
    dry_run: bool = Field(
        False,
        title="Dry run",
        description="Only show what would go where, what would be created, and what stands in the way. Nothing is "
        "changed at the target.",
    )

    @property
    def all_sources(self) -> tuple[str, ...]:
        """Every source of the load task, this one included, in a stable order."""
        return tuple(sorted(self.sources)) or (self.source_id,)

    @model_validator(mode="after")
    def _sources_are_consistent(self) -> Self:
        if self.sources and self.source_id not in self.sources:
            raise ValueError(f"sources must contain this load's source_id {self.source_id!r}")
        if len(set(self.sources)) != len(self.sources):
            raise ValueError("sources names a source twice")
        return self

    @model_validator(mode="after")
    def _import_into_can(self) -> Self:
        if self.import_mode is not ImportMode.IMPORT_INTO:
            return self
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


class Reading(Group):
    """How the dump is read, and what becomes of its files."""

    @property
    def csv_format(self) -> CsvFormat:
        """``csv``, with what Lightning says elsewhere."""
        said = {"character_set": self.data_character_set, "data_invalid_char_replace": self.data_invalid_char_replace}
        return CsvFormat(
            **{**self.csv.model_dump(), **{name: value for name, value in said.items() if value is not None}}
        )

    @model_validator(mode="after")
    def _csv_is_whole(self) -> Self:
        """Raises ValueError: the two contradict each other."""
        self.csv_format  # noqa: B018
        return self

    csv: CsvFormat = Field(
        default_factory=CsvFormat,
        title="CSV",
        description="How .csv files read, with Lightning's names: {separator, delimiter, terminator, header, null, "
        "backslash_escape, trim_last_separator, character_set ...}. The defaults are what dumpling writes.",
    )
    data_character_set: str | None = Field(
        None,
        title="Charset of CSV files",
        description="The same as csv: {character_set}, under Lightning's name; gbk and gb18030 too. None: as csv says. "
        "Also that of mydumper's .dat files whose LOAD DATA names none, as where it read from a TiDB (utf8mb4).",
    )
    data_invalid_char_replace: str | None = Field(
        None,
        title="For what is no letter in CSV files",
        description="What stands for bytes that are no letters of the charset; the load then waits for somebody to "
        "accept it. None: such rows are refused.",
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
    follow_links: bool = Field(
        False,
        title="Follow links",
        description="Read files outside of the dump's folder that links in it lead to. Whoever can write the dump then "
        "chooses which files of the worker are read.",
    )
    wait_for_dump: WaitForDump = Field(
        WaitForDump.FINISHED,
        title="Wait for the dump",
        description="finished: load a dump that is whole. stream: load files as they are finished, while the dump tool "
        "is still at work: objects of a bucket, or the files that finished_files names; the end waits for metadata.",
    )
    finished_files: PlainText | None = Field(
        None,
        title="List of finished files",
        description="A text file to which the dump tool or its wrapper appends the name of each file that is whole, "
        "a line each, such as the output of mydumper --stream=NO_STREAM_AND_NO_DELETE. A path on the worker, or a name "
        "in the dump's folder. With stream, for a dump in a folder.",
    )
    dump_timeout_s: int = Field(
        6 * 3600,
        ge=1,
        title="Longest wait for the dump (s)",
        description="With stream: the load fails once no file was finished for so long.",
    )
    max_schema_file_bytes: int = Field(
        4 * _MIB,
        ge=4096,
        le=1024 * _MIB,
        title="Longest schema file (bytes)",
        description="What a schema file may unpack to. Its statement is read as tokens, which take more.",
    )
    max_metadata_bytes: int | None = Field(
        None,
        ge=4096,
        title="Longest metadata file (bytes)",
        description="None: as many as a dump of so many files can need, 1 MiB and 4 KiB a file.",
    )
    max_head_bytes: int = Field(
        _MIB,
        ge=4096,
        le=64 * _MIB,
        title="Longest head (bytes)",
        description="What a data file may hold before its first rows, and a statement before its VALUES.",
    )
    max_statement_bytes: int | None = Field(
        None,
        ge=4096,
        title="Longest statement (bytes)",
        description="A statement, or a record of CSV, without an end within so many bytes is an error. None: four "
        "times what the target takes in a packet, 64 MiB at least. It takes as much memory in each reader.",
    )
    max_row_group_bytes: int = Field(
        1024 * _MIB,
        ge=4096,
        title="Largest row group of Parquet (bytes)",
        description="A Parquet file with a row group that has more, decoded, by the file's own footer, is an error. "
        "Rows are decoded some at a time, but pages and dictionaries of all its columns are in memory together.",
    )
    clean_dump_files: bool = Field(
        False,
        title="Clean the dump files",
        description="At the end: mode full removes the dump but for files that no load reads, such as triggers; mode "
        "all its data files.",
    )


class Where(Group):
    """What of the dump is loaded, and under which names."""

    files: tuple[FileRule, ...] = Field(
        (),
        title="Files of other tools",
        description="What files are whose names are not those of dumpling or mydumper, as Lightning's "
        "[[mydumper.files]]: {pattern or path, schema, table, type, key, compression}. pattern is a regular expression "
        "over the path below dump_uri, in subfolders too; $1 and so on are its groups. type: sql | csv | parquet | "
        "schema-schema | table-schema | view-schema | ignore | mysqldump, a whole script of mysqldump or mariadb-dump. "
        "The first rule that matches counts; files that none matches are read by their names.",
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
    ignore_columns: tuple[IgnoredColumns, ...] = Field(
        (),
        title="Columns to leave out",
        description="Columns whose values go to no table, as Lightning's ignore-data-columns: [{db, table, columns}], "
        "db and table by the source's names or patterns of them, as in block_allow_list; db left out: each. They take "
        "their defaults. A rule that no loaded table fits is refused.",
    )
    mask: tuple[Mask, ...] = Field(
        (),
        title="Columns to mask",
        description="Columns whose values are replaced before they leave the loader: [{db, table, column, value}]. "
        "value: null | constant, with its text as constant | sha2: HMAC-SHA256 of the text in UTF-8 as 64 hex digits, "
        "under the key that is the password of mask_conn_id; NULL stays NULL. Errors and logs then hide values, as "
        "with hide_values.",
    )
    case_sensitive: bool = Field(
        False,
        title="Case-sensitive patterns",
        description="Whether routes, block_allow_list, ignore_columns and mask tell upper from lower case; DM's "
        "case-sensitive.",
    )
