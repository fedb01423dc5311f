"""What a load tells: :class:`LoadStatus` while it runs, :class:`LoadReport` at its end.

Both are part of the public interface: XCom and the log carry them as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from airflow_dm_loader.errors import visible, visible_parts

LoadStage = Literal["init", "running", "stopped", "paused", "finished"]
Verdict = Literal["clean", "has_duplicates", "checksum_differs", "unlike_last_load", "rows_refused"]
Comparison = Literal["passed", "differs", "not_compared", "off"]


IndexStage = Literal["none", "waiting", "building"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # most are told at the end, if at all

    @model_serializer(mode="wrap")
    def _as_people_see_it(self, made: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As JSON: names and texts of others with their control characters as escapes."""
        return {
            name: _lines(value) if name in _OF_LINES else visible_parts(value) for name, value in made(self).items()
        }


_OF_LINES = frozenset({"replication"})


def _lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


class TableStatus(_Frozen):
    """A table that is being loaded. Bytes are bytes of its stored data files."""

    table: str  # "schema.table"
    finished_bytes: int
    total_bytes: int
    indexes: IndexStage
    # its rows, indexes and comparison, without what it waits for between them; None: not known yet
    eta_s: float | None = None


class LoadStatus(_Frozen):
    """A moment of the import or of the comparison after it, with DM's field names.

    Bytes are bytes of the stored dump files.
    """

    finished_bytes: int
    total_bytes: int
    progress: str  # DM's form: "12.34 %"
    bps: int  # bytes a second over the last seconds
    # rows, indexes as fast as those of this load so far, and the comparison; None: not known yet
    eta_s: float | None = None
    # parts of it, after the rows; 0: there is none; None: not known yet, and left out of it
    indexes_s: float | None = 0.0
    comparison_s: float | None = 0.0
    tables: tuple[TableStatus, ...] = ()  # those that are begun and not complete
    indexes_waiting: int = 0  # tables whose indexes are still to be built
    compared_bytes: int | None = None  # None: the comparison has not begun
    slowed: str = ""  # in words: whom less is sent for than could be; "": nobody
    meta_binlog: str = ""  # "(mysql-bin.000001, 4)"
    meta_binlog_gtid: str = ""


class Finding(_Frozen):
    """Something by which the target is not what the dump was, or may not be."""

    kind: str  # one word for machines, the same for all findings alike: "converted_values"
    text: str  # for people, without a value of a row
    table: str = ""  # "schema.table"; "": it is of the whole load
    rows: int | None = None  # how many rows; None: it is not about rows, or nobody counted them
    pauses: bool = False  # somebody must accept it before the load can finish

    def __str__(self) -> str:
        rows = f" ({self.rows} rows)" if self.rows is not None else ""
        return f"{self.table}: {self.text}{rows}" if self.table else f"{self.text}{rows}"


class TableReport(_Frozen):
    """One target table."""

    table: str  # "schema.table"
    rows: int  # rows that the dump sent here
    data_bytes: int  # decoded bytes of its data files
    replaced: int = 0
    ignored: int = 0
    conflicts: int = 0
    refused: int = 0  # set aside, since the server refused them or would have changed them
    kept: int = 0  # of the rows that were replaced or ignored, in the conflict table
    rows_before: int | None = None  # that were in the table already, where the load adds to them
    added: int | None = None  # how many more it holds now; None: not counted, since others load into it too
    lacks: tuple[str, ...] = ()  # keys, checks, partitions that the dump's CREATE TABLE has and the table has not
    otherwise: tuple[str, ...] = ()  # columns of a table that existed, which are computed or compared otherwise
    sent_as: str = ""  # "statements"
    row_count: Comparison = "not_compared"
    checksum: Comparison = "not_compared"
    remark: str = ""  # why it was not compared, or what differs
    seconds: float = 0.0  # from its first transaction's begin to its last one's end, by the clock on the wall
    sender_seconds: float = 0.0  # the sum over its transactions, of which several run at once
    import_job: int | None = None  # the job of IMPORT INTO that filled it


class LoadReport(_Frozen):
    """The whole load."""

    task_name: str
    source_id: str
    status: LoadStage
    stopped_after: str = ""  # schema or data, of a load that is stopped: the setting only asked for no more
    load_id: int | None = None  # of its row in the meta schema
    outcome: Verdict | None = None
    outcome_id: str | None = None
    accepted: bool = False  # a person or a setting accepted the outcome
    skipped: bool = False  # the load had been finished before, nothing was sent
    tables: tuple[TableReport, ...] = ()
    rows: int = 0
    rows_sent: int = 0  # by this run; the rest had been committed by earlier ones
    swap: str = ""  # in words: what was put in place by one statement, or whom that waits for
    rows_sent_known: bool = True  # False: tidb-lightning did not tell how many, and rows_sent is 0
    data_bytes: int = 0
    file_bytes: int = 0  # stored size of the dump's data files
    seconds: float = 0.0  # wall time of this run
    binlog_name: str = ""
    binlog_pos: int | None = None
    binlog_gtid: str = ""
    replication: str = ""  # mode all: what starts replication at that position, statements or DM's task.yaml
    not_loaded: dict[str, int] = {}  # files of kinds that are found but not loaded: {"triggers": 1}
    objects: dict[str, int] = {}  # programs that are in the target as the dump has them: {"trigger": 4}
    findings: tuple[Finding, ...] = ()  # what a reader must know of the rows and tables, by name; also in warnings
    warnings: tuple[str, ...] = ()


class StoredLoad(_Frozen):
    """One load as the state tables know it. Moments are in UTC; bytes are bytes of its stored data files."""

    task_name: str
    source_id: str
    status: LoadStage
    begun_at: str
    changed_at: str
    by: str  # the worker that took it up last: host, DAG, run
    finished_bytes: int
    total_bytes: int
    progress: str  # DM's form: "12.34 %"
    rows: int | None  # that are in; None: none yet, or an engine that keeps no count
    waits_for: str = ""  # in words; "": nothing


class TableProgress(_Frozen):
    """A target table of a load as the state tables know it. Bytes are bytes of its stored data files."""

    table: str  # "schema.table"
    finished_bytes: int
    total_bytes: int
    rows: int  # that are in; 0 also where an engine keeps no count
    conflicts: int
    indexes_waiting: bool  # to be built after the rows
    chunks: int = 0  # that are committed
    seconds: float | None = None  # between its first transaction's begin and its last one's end; None: not known


class StoredConflict(_Frozen):
    """A row that met a row with the same key."""

    table: str  # "schema.table"
    file: str
    offset: int  # of the row, in the decoded file
    came: str  # its beginning, as in the dump
    error: str  # the server's text, and the row that exists where it is known


class AcceptedOutcome(_Frozen):
    """Who accepted what a load found, and when, in UTC."""

    by: str
    at: str


class LoadProgress(_Frozen):
    """One source of a load task, table by table."""

    load: StoredLoad
    tables: tuple[TableProgress, ...] = ()  # those with the most still to send first
    more_tables: int = 0  # that are not among them
    conflicts: tuple[StoredConflict, ...] = ()  # the first ones; none where values are hidden
    accepted: tuple[AcceptedOutcome, ...] = ()


class TablePlan(_Frozen):
    """A target table of a plan."""

    table: str  # "schema.table"
    sources: tuple[str, ...]  # the dump's own names; several where routes merge them
    files: int
    file_bytes: int  # stored size of its data files
    rows: int | None = None  # as the dump's metadata says
    exists: bool | None = None  # at the target; None: it could not be looked at
    filled: tuple[str, ...] = ()  # columns that routes fill
    indexes_after_rows: int = 0


class DumpPlan(_Frozen):
    """What a load would do. Nothing was changed to find it out."""

    task_name: str
    source_id: str
    target: str  # "host:port"
    stored: str  # in words: what the state tables know of this load, and so what a run would begin with
    databases: tuple[str, ...] = ()  # that would be created
    tables: tuple[TablePlan, ...] = ()
    views: tuple[str, ...] = ()  # that would be created
    files: int = 0
    file_bytes: int = 0
    swap: str = ""  # in words: where rows would go at first, and the room that this needs
    duration: str = ""  # in words, by the pace of the last load of these tables; "": nobody knows it
    duration_s: float | None = None
    guard: tuple[str, ...] = ()  # a sentence each: what the last load brought, and what would pause this one
    schema_changes: tuple[str, ...] = ()  # a sentence for each table that lacks columns: what becomes of them
    existing_rows: tuple[str, ...] = ()  # a sentence for each table that holds rows, to which the load would add
    filtered: tuple[str, ...] = ()  # databases ("a.*"), tables and views that block_allow_list leaves out
    filtered_files: int = 0
    filtered_bytes: int = 0
    not_loaded: dict[str, int] = {}  # what -> how many; what is filtered too
    problems: tuple[str, ...] = ()  # the load would stop at these, and what to do about them
    warnings: tuple[str, ...] = ()
    binlog_name: str = ""
    binlog_pos: int | None = None
    binlog_gtid: str = ""


def percent(finished: int, total: int, done: bool) -> str:
    """DM's progress text: two decimals, and 100 % of nothing only when the load is done."""
    if total == 0:
        return "100.00 %" if done else "0.00 %"
    return f"{finished / total * 100:.2f} %"


def some_of(names: Sequence[str], most: int) -> str:
    """The first names, and how many there are besides: ``a, b and 3 more``."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
