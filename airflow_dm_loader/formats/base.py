"""What a format of data files is: it cuts a file into chunks, and each chunk's payload sends its own rows.

The engine that loads chunks knows nothing else of what they hold.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, Self, TypeVar, cast

from airflow_dm_loader.dump.recoding import to_recode
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import RowError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.plan.router import Extracted
from airflow_dm_loader.report import Finding
from airflow_dm_loader.rules.columns import MaskKind
from airflow_dm_loader.rules.error_rows import ErrorKind
from airflow_dm_loader.rules.mask_key import NO_KEY, MaskKey
from airflow_dm_loader.settings.choices import DumpTool, OnDuplicate
from airflow_dm_loader.state.chunks import ChunkCounts
from airflow_dm_loader.state.conflicts import Conflict
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server

Content_co = TypeVar("Content_co", covariant=True)


@dataclass(frozen=True, slots=True)
class TableColumns:
    """What a data file's rows hold, and the target table that takes them."""

    row_columns: tuple[str, ...]  # what a row without a column list holds
    types: Mapping[str, str]  # column -> type without length, in lower case; without generated columns
    empty_before: bool = False  # so duplicates are few: each is looked at
    extracted: tuple[Extracted, ...] = ()  # what every row of the file gets besides
    auto_increment: str | None = None  # its column
    charsets: Mapping[str, str] = field(default_factory=dict)  # column -> its charset, where it has one
    needed: frozenset[str] = frozenset()  # columns that have no default
    alone: bool = False  # it was empty, and takes the rows of one table of the dump and of nobody else
    dumped_charsets: Mapping[str, str] | None = None  # the same in the dump; None: the target's are the dump's
    definitions: Mapping[str, str] = field(default_factory=dict)  # column -> its type with length and labels
    utf8_alone: bool = False  # the target takes text in UTF-8 and in no other charset
    left_out: Mapping[str, str] = field(default_factory=dict)  # lower case -> type, of those whose values go nowhere
    leaves_out_unknown: bool = False  # so too those that it does not have
    ignored: frozenset[str] = frozenset()  # of those: by ignore_columns; in lower case
    masked: Mapping[str, MaskKind] = field(default_factory=dict)  # lower case -> what stands there instead
    mask_key: MaskKey = NO_KEY
    generated: frozenset[str] = frozenset()  # of those that are left out: the table computes them; in lower case
    with_generated: tuple[str, ...] = ()  # all columns in order, where a row without a list may hold those, too

    @property
    def hashed(self) -> frozenset[str]:
        """The columns whose values are hashed, in lower case."""
        return frozenset(name for name, kind in self.masked.items() if kind is MaskKind.SHA2)

    def kept(self, columns: Sequence[str]) -> tuple[int, ...]:
        """Of the columns of a row in their order, the places of those whose values go to the table.

        Raises:
            TargetError: none of them does.
        """
        there = {name.lower() for name in self.types} if self.leaves_out_unknown else None
        kept = tuple(
            at
            for at, name in enumerate(columns)
            if name.lower() not in self.left_out and (there is None or name.lower() in there)
        )
        if columns and not kept and not self.masked:
            raise TargetError(
                "the table has none of the columns that the rows hold: nothing would be loaded",
                remedy="Rename the table so that the load creates its own, or leave it out with block_allow_list.",
            )
        return kept

    def to_recode(self, file_charset: str) -> dict[str, str]:
        """Column in lower case -> the charset of its strings, which must become UTF-8 on their way.

        Args:
            file_charset: of the file's bytes; ``binary``: each column has its own.
        """
        if not self.utf8_alone:
            return {}
        charsets = self.charsets if self.dumped_charsets is None else self.dumped_charsets
        json = {name: "utf8mb4" for name, kind in self.types.items() if kind == "json"}  # which no charset is said of
        return to_recode(file_charset, {**json, **charsets})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a format is told to cut a file.

    Attributes:
        table: what its rows hold, and the target table; None where ``create_tables`` did not prepare it.
        committed: start -> end of its committed chunks.
        chunk_bytes: the load's chunk size, in decoded bytes.
        max_row_bytes: a statement or record that has no end within so many bytes is an error.
        max_head_bytes: what may stand before a file's first rows, and in a statement before its rows.
        load_data: whether LOAD DATA may be used.
        statements_cost_less: than LOAD DATA costs the server; so rows that stand in statements go as they are.
        dump_tool: what wrote SQL files.
        max_row_group_bytes: a row group of Parquet that has more, decoded, is an error.
        time_zone: as the user says it; None: it is not said.
    """

    storage: DumpStorage
    table: TableColumns | None
    committed: Mapping[int, int]
    chunk_bytes: int
    max_row_bytes: int
    max_head_bytes: int
    load_data: bool
    statements_cost_less: bool = False
    dump_tool: DumpTool = DumpTool.AUTO
    max_row_group_bytes: int = 1 << 30
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a payload's rows came to, as the server counted them, and which way they went."""

    counts: ChunkCounts
    sent_as: str
    columns: frozenset[str] | None = None  # those that each row has a value for, in lower case; None: not to be told
    left_out: tuple[str, ...] = ()  # columns whose values did not go to the table


class SendAgainError(RowError):
    """The rows can't go this way. Undo the transaction and send them again: they will go another way."""


class Room(Protocol):
    """How many more rows that were replaced or ignored are kept."""

    def has(self, table: TableName) -> bool:
        """Whether another row may be looked at."""

    def take(self, table: TableName) -> bool:
        """Take the place of one row, where there is one."""

    def give_back(self, table: TableName) -> None:
        """There was nothing to keep."""


class Budget(Protocol):
    """How many rows may be set aside because the server refuses them, or would change them (``max_error_rows``)."""

    @property
    def is_set(self) -> bool:
        """Whether any row may."""

    def counts(self, kind: ErrorKind | None) -> bool:
        """Whether there is a limit for this kind of error; without one nothing is set aside for it."""

    def spend(self, kind: ErrorKind, error: RowError) -> None:
        """Take the place of one row.

        Raises:
            TooManyErrorRowsError: there is none left.
        """


class _NoBudget:
    """Each row that is wrong is an error."""

    is_set = False

    def counts(self, kind: ErrorKind | None) -> bool:
        return False

    def spend(self, kind: ErrorKind, error: RowError) -> None:
        raise error


NO_BUDGET: Budget = _NoBudget()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a payload may need to send its rows in the open transaction of its chunk.

    Attributes:
        head: the settings that the file asks for; the session has them.
        keep_row: keeps a row that came second (``on_duplicate_logical`` ``manual``), or that was replaced or ignored.
        room: how many of the latter are still kept.
        budget: how many rows may be set aside.
        met: the tables whose rows met others while there was room; shared by all of a load.
        not_by_load_data: the tables, as (schema, table), whose rows LOAD DATA would not take as they are; shared by
            all of a load.
    """

    db: Database
    file: FileRow
    head: Mapping[str, str]
    table: TableColumns
    server: Server
    on_duplicate: OnDuplicate
    keep_row: Callable[[Conflict], None]
    room: Room
    not_by_load_data: set[TableName]
    met: set[TableName]
    budget: Budget = NO_BUDGET

    @property
    def keeps_rows(self) -> bool:
        """Whether rows that are replaced or ignored are looked for one by one, so that they can be kept."""
        forgives = self.on_duplicate in {OnDuplicate.REPLACE, OnDuplicate.IGNORE}
        return forgives and self.room.has(self.file.key)

    @property
    def replace_at_once(self) -> bool:
        """A REPLACE does not count a row that replaces its equal; where the table was empty, counts must be exact."""
        return self.on_duplicate is OnDuplicate.REPLACE and not self.table.empty_before and not self.keeps_rows

    @property
    def by_load_data(self) -> bool:
        """Whether LOAD DATA may be tried."""
        key = self.file.key
        if key in self.not_by_load_data or (key in self.met and self.keeps_rows):
            return False
        # LOAD DATA ... REPLACE left tables and their indexes in disagreement in some versions of TiDB
        return self.server.can.load_data_replaces or not self.replace_at_once

    def give_up_load_data(self) -> None:
        """The table's next chunks would most likely fare the same; LOAD DATA ... REPLACE would not, once it may go."""
        replaces_later = self.on_duplicate is OnDuplicate.REPLACE and not self.table.empty_before and self.keeps_rows
        (self.met if replaces_later else self.not_by_load_data).add(self.file.key)


class Payload(ABC, Generic[Content_co]):
    """The rows of one chunk, which bound the memory of a load: nobody may hold them longer than they are needed.

    That is seen to here, and only here: chunks may be kept, passed on and forgotten about at will, by threads that
    wait, by loops and by tracebacks. The bytes go when the one who took them is done.
    """

    hashes: ClassVar[bool] = False  # whether it hashes values of masked columns; else such tables are refused

    def __init__(self, content: Content_co) -> None:
        self._content: Content_co | None = content
        self._is_taken = False

    @contextmanager
    def take(self) -> Iterator[Self]:
        """The rows, once, to be sent within the block as often as needed; after it their memory is free."""
        if self._is_taken:
            raise RuntimeError("the rows of a chunk are taken once")
        self._is_taken = True
        try:
            yield self
        finally:
            self._content = None

    @property
    def content(self) -> Content_co:
        """The rows in the format's own shape."""
        if self._content is None:
            raise RuntimeError("the rows of this chunk were let go of")
        return self._content

    @abstractmethod
    def send(self, delivery: Delivery) -> Sent:
        """Send the rows in the open transaction; all of them, exactly as the file has them, or an error.

        Raises:
            SendAgainError: undo the transaction and call again.
            RowError: a row can't be sent; it is named.
        """


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a data file: one transaction.

    ``start`` and ``end`` are positions as its format counts them: bytes of the decoded file, or rows. ``found`` is what
    the report must tell of it; it is written down with the rows.
    """

    file: FileRow
    start: int
    end: int
    head: Mapping[str, str]  # the file's settings
    file_bytes: int  # stored bytes that were read for it
    payload: Payload[object]
    found: tuple[Finding, ...] = ()
    held_bytes: int | None = None  # of its rows; None: as many as lie between its positions

    @property
    def size_bytes(self) -> int:
        """What its rows take in memory."""
        return self.end - self.start if self.held_bytes is None else self.held_bytes


class Chain(Protocol):
    """The chunks of one data file that are not committed yet.

    Every format makes its own of :class:`~airflow_dm_loader.formats.chunk_chain.ChunkChain`.
    """

    @property
    def skipped(self) -> int:
        """Committed chunks that were jumped over so far."""

    def __iter__(self) -> Iterator[Chunk]: ...


class Format(Protocol):
    """A format of data files. It reads every file of its kind in one pass, and may be asked by several threads."""

    def open(self, planned: PlannedFile, row: FileRow, reading: Reading) -> AbstractContextManager[Chain]:
        """The chunks of a file that are not committed yet.

        The chain is a function of the file and of ``chunk_bytes`` alone, whoever cuts it and whenever, so that it
        is resumed wherever committed chunks end. The ``file_bytes`` of its chunks add up to the stored size.

        Raises:
            DumpFormatError: what must be read beforehand is missing or can't be understood.
        """


def open_chunks(planned: PlannedFile, row: FileRow, reading: Reading) -> AbstractContextManager[Chain]:
    """The chunks of a data file that are not committed yet; see :meth:`~airflow_dm_loader.formats.base.Format.open`."""
    reader = planned.source.kind.reader
    assert reader is not None  # the plan has no other files
    # What a format needs is imported where the first of its files is read.
    return cast("Format", importlib.import_module(reader).FORMAT).open(planned, row, reading)
