"""What every chunk of a load needs to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.engines.logical.kept_rows import Keeper, Room
from airflow_dm_loader.engines.logical.throttle import Throttle
from airflow_dm_loader.errors import CheckpointError, DumpFormatError
from airflow_dm_loader.formats.base import Chunk, Delivery, TableColumns
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.settings.choices import OnDuplicate, OnLoss
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server
from airflow_dm_loader.target.session import file_session, kept_session


@dataclass(frozen=True, slots=True)
class LoadContext:
    """A load, its target, and what was learned of its tables on the way."""

    load_id: int
    run_id: str
    config: LoadConfig
    tables: Mapping[int, TableColumns]  # by file_id
    load_data: bool  # whether the server takes LOAD DATA LOCAL from us
    not_by_load_data: set[TableName]  # tables whose rows it would not take as they are
    default_time_zone: str
    zone_in_words: str  # that TIMESTAMPs are read in where a file names none
    server: Server
    room: Room  # for rows that are replaced or ignored
    met: set[TableName]  # tables where rows met others while there was room
    checked_in_place: set[TableName]  # tables whose rows met others at COMMIT, see tidb.CHECK_IN_PLACE
    group_small_files: bool  # several in one transaction
    session: Mapping[str, str | int]
    open_database: Callable[[], Database]
    throttle: Throttle

    def meta(self, db: Database) -> Meta:
        """The loader's own tables, over a connection."""
        return Meta(db, self.config.state.meta_schema)

    def table(self, chunk: Chunk) -> TableColumns:
        """What the chunk's rows hold, and the table that takes them."""
        table = self.tables.get(chunk.file.file_id)
        if table is None:
            raise CheckpointError(
                "the load has no record of this table", remedy="Clear create_tables: it prepares the tables."
            )
        return table

    def keeper(self, meta: Meta) -> Keeper:
        """Keeps rows in the open transaction of a connection."""
        return Keeper(meta, self.load_id, self.room, self.config.logical.max_error_rows)

    def delivery(self, db: Database, chunk: Chunk, keeper: Keeper) -> Delivery:
        """What the chunk's payload may need to send its rows over a connection."""
        table = self.table(chunk)
        if table.masked and not chunk.payload.hashes:
            raise DumpFormatError(
                "columns of the table are masked, and files of this format are sent as they are",
                file=chunk.file.name,
                remedy="Leave the table out by block_allow_list, or dump it as SQL or CSV.",
            )
        return Delivery(
            db=db,
            file=chunk.file,
            head=chunk.head,
            table=table,
            server=self.server,
            on_duplicate=self._on_duplicate(table),
            keep_row=partial(keeper.store, session=self.kept_with(chunk)),
            room=keeper,
            not_by_load_data=self.not_by_load_data,
            met=self.met,
            budget=keeper,
        )

    def kept_with(self, chunk: Chunk) -> dict[str, str | int]:
        """The session variables that a row of the chunk reads by."""
        return {**kept_session(self.config), **file_session(self.config, chunk.head, self.default_time_zone)}

    def _on_duplicate(self, table: TableColumns) -> OnDuplicate:
        """Rows of one table of the dump had different keys there: what meets here is no duplicate, but a fault."""
        settings = self.config.logical
        forgives = settings.on_duplicate_logical in {OnDuplicate.REPLACE, OnDuplicate.IGNORE}
        if table.alone and forgives and settings.duplicates_within_dump is OnLoss.PAUSE:
            return OnDuplicate.MANUAL
        return settings.on_duplicate_logical
