"""Loads rows again that were set aside, once somebody has corrected them, or the table, or says that they win.

Each row is one transaction: it is marked as replayed, sent with the session that its file had, and counted in its
chunk, all or nothing. So none is loaded twice, whoever is killed, and whoever else does the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.row_values import check_values
from airflow_dm_loader.dump.sql_modes import Quoting
from airflow_dm_loader.dump.statements import split_rows
from airflow_dm_loader.engines.logical.kept_rows import Keeper, Room
from airflow_dm_loader.errors import CheckpointError, LoaderError, RetriableError, RowError
from airflow_dm_loader.formats.base import Delivery, TableColumns
from airflow_dm_loader.formats.sending.made_rows import MadeRows
from airflow_dm_loader.formats.sending.row_sender import RowSender
from airflow_dm_loader.hidden_values import hide_in_message
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.phases.tidying import open_state, stored_loads
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.settings.choices import OnDuplicate, ReplayConflicts
from airflow_dm_loader.state import conflicts, files, indexes, loads, outcomes, replays, swaps
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.replays import AsideRow
from airflow_dm_loader.target import tidb
from airflow_dm_loader.target.answers import read_stored
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.schema import table_facts
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.target.session import loading_session

_log = visible_log(__name__)
_UNHEX = re.compile(rb"UNHEX\('([0-9A-Fa-f]*+)'\)")  # the one function that the loader itself writes into a row
_LOOK = "Look at dm_loader_load in the meta schema."


@dataclass(slots=True)
class Replayed:
    """What became of the rows that were set aside.

    Attributes:
        loaded: how many are in their tables now, by this call.
        left: how many still are not.
        errors: why, of the first ones: table, file, byte and the server's words.
    """

    loaded: int = 0
    left: int = 0
    errors: list[str] = field(default_factory=list)


def replay_conflicts(
    target: TargetConfig,
    task_name: str,
    source_id: str | None = None,
    *,
    meta_schema: str = "dm_meta",
    replace: bool = False,
    hide_values: bool = False,
) -> Replayed:
    """Load the rows of a load task that are set aside in the conflict table, as they stand there now.

    A row that the table does not take stays where it is, with the new error. A load that waits for somebody's word must
    be compared again then; one that has finished stays finished. Safe to repeat, and after a kill.

    Args:
        source_id: only this source's; None: those of all sources.
        replace: a row that has the same key gives way (it is kept in the conflict table); else it stays.

    Raises:
        CheckpointError: no such load is stored, its rows are not all sent, or its tables are not where they were.
        RetriableError: the server went away; what was loaded stays.
    """
    found = Replayed()
    with open_state(target, meta_schema) as (meta, db):
        for load_id, source, status in stored_loads(meta, task_name, source_id):
            place = _places(meta, task_name, source, status)
            _Replay(meta, db, load_id, place, found, replace=replace, hide_values=hide_values).run()
    return found


def replay_rows(run: LoadRun, how: ReplayConflicts | None = None) -> Replayed:
    """The same for a run's own load; ``how`` None: as the setting ``replay_conflicts`` says."""
    how = how or run.config.logical.replay_conflicts
    if how is ReplayConflicts.OFF:
        return Replayed()
    what = run.config.what
    return replay_conflicts(
        run.target,
        what.task_name,
        what.source_id,
        meta_schema=run.config.state.meta_schema,
        replace=how is ReplayConflicts.REPLACE,
        hide_values=run.config.hides_values,
    )


def waits_for_replay(run: LoadRun, meta: Meta, load_id: int) -> bool:
    """Whether rows are set aside that this run is told to load again."""
    asked = run.config.logical.replay_conflicts is not ReplayConflicts.OFF
    return asked and bool(conflicts.first(meta, load_id, 1))


def is_replayed(meta: Meta, load_id: int) -> bool:
    """Whether rows were loaded again since the tables were compared the last time."""
    outcome = outcomes.latest(meta, load_id)
    return outcome is not None and replays.since_outcome(meta, load_id, outcome.outcome_id)


@dataclass(slots=True)
class _Replay:
    """The rows of one load."""

    meta: Meta  # what is told of them
    db: Database  # their transactions
    load_id: int
    place: Callable[[TableName], TableName]
    found: Replayed
    replace: bool
    hide_values: bool
    server: Server = field(init=False)
    session: Mapping[str, str | int] = field(init=False, default_factory=dict)
    columns: dict[TableName, Mapping[str, str]] = field(init=False, default_factory=dict)

    def run(self) -> None:
        ids = replays.waiting(self.meta, self.load_id)
        if not ids:
            return
        self._check()
        self.server = ask_server(self.db)
        self.meta.db.rollback()
        for conflict_id in ids:
            self._row(conflict_id)
        if self.found.loaded:
            _log.info("%d rows that were set aside are loaded, %d are not", self.found.loaded, self.found.left)

    def _check(self) -> None:
        if missing := [row.name for row in files.list_files(self.meta, self.load_id) if not row.done]:
            raise CheckpointError(
                f"the load has not sent all of its rows: {missing[0]} is not done",
                remedy="Let it send them first: what was set aside waits.",
            )
        waiting = indexes.waiting_indexes(self.meta, self.load_id)
        if waiting := indexes.to_build(waiting, loads.skips(self.meta, self.load_id)):
            raise CheckpointError(
                f"the load has not built all of its indexes: {next(iter(waiting))} waits for them",
                remedy="Let it build them first: what was set aside waits.",
            )

    def _row(self, conflict_id: int) -> None:
        row = replays.read(self.meta, conflict_id)
        self.meta.db.rollback()
        if row is None:  # somebody else was faster
            return
        try:
            self._send(row)
        except RetriableError:
            raise
        except LoaderError as error:
            self.db.rollback()
            self.found.left += 1
            self._tell(row, error)
            replays.note_error(self.meta, conflict_id, error.errno or 0, error.message)
            self.meta.db.commit()

    def _send(self, row: AsideRow) -> None:
        session = {**loading_session(self.server, {}), **_session_of(row)}
        if session != self.session:
            self.db.set_session(session)
            self.session = session
        _check_one_row(row, session)
        meta = Meta(self.db, self.meta.schema)
        if self.server.can.optimistic:
            self.db.execute(tidb.BEGIN_AND_WAIT)
        loads.lock(meta, self.load_id)
        if not replays.mark(meta, row.conflict_id):
            self.db.rollback()
            return
        key = self.place(row.key)
        block = MadeRows(*key, _into(key, row), (row.row_data,), (row.offset,), row.file)
        sender = RowSender(self._delivery(meta, key, row, session))
        sender.send(block)
        if sender.counts.rows != 1:
            raise RowError("row_data holds more than one row", remedy="Keep one row in each of the conflict table.")
        replays.count_in_chunk(meta, self.load_id, row, replaced=sender.counts.replaced)
        if not self.db.in_transaction:
            raise RetriableError("the server undid the transaction of a row; nothing of it was kept")
        self.db.commit()
        self.found.loaded += 1

    def _delivery(self, meta: Meta, key: TableName, row: AsideRow, session: Mapping[str, str | int]) -> Delivery:
        keeper = Keeper(meta, self.load_id, Room(2, {}), {})
        return Delivery(
            db=self.db,
            file=FileRow(row.file_id, row.file, *key, 0),
            head={},
            table=TableColumns((), self._types(meta, key), empty_before=True),  # so each row that goes is counted
            server=self.server,
            on_duplicate=OnDuplicate.REPLACE if self.replace else OnDuplicate.ERROR,
            keep_row=lambda conflict: keeper.store(conflict, session),
            room=keeper,
            not_by_load_data=set(),
            met=set(),
        )

    def _types(self, meta: Meta, key: TableName) -> Mapping[str, str]:
        if key not in self.columns:
            facts = table_facts(meta.db, key.schema)
            self.columns |= {TableName(key.schema, table): there.types for table, there in facts.items()}
        return self.columns.get(key, {})

    def _tell(self, row: AsideRow, error: LoaderError) -> None:
        message = hide_in_message(error.message, error.errno) if self.hide_values else error.message
        text = f"{row.key}, {row.file} at byte {row.offset}: {message}"
        _log.warning("A row stays set aside: %s", text)
        if len(self.found.errors) < 20:
            self.found.errors.append(text)


def _session_of(row: AsideRow) -> dict[str, str | int]:
    if row.session is None:
        raise RowError(
            "an older version of the loader has kept the row, without the session that it reads by",
            remedy="Load the row by hand, with the charset, sql_mode and time_zone of its file.",
        )
    return read_stored(dict[str, str | int], row.session, "the session of a row that was set aside")


def _check_one_row(row: AsideRow, session: Mapping[str, str | int]) -> None:
    """Somebody may have written it: it must still be one row of literals, as those of a dump."""
    modes = str(session.get("sql_mode", "")).upper()
    escapes = "NO_BACKSLASH_ESCAPES" not in modes
    literals = _UNHEX.sub(rb"X'\1'", row.row_data)
    text = Statement(text=literals, offset=row.offset, end=row.offset + len(literals), proven=False)
    check_values(text, 0, Quoting(ansi_quotes="ANSI_QUOTES" in modes, backslash_escapes=escapes), row.file)
    spans = list(split_rows(row.row_data, file=row.file, offset=row.offset, backslash_escapes=escapes))
    if spans != [(0, len(row.row_data))]:
        raise RowError(
            "row_data of the conflict table is not one row in parentheses",
            remedy="Write it as in an INSERT statement: (1,'text',NULL).",
        )


def _into(key: TableName, row: AsideRow) -> bytes:
    return key.quoted.encode("utf-8", "surrogateescape") + b" " + row.column_list


def _places(meta: Meta, task_name: str, source_id: str, status: str) -> Callable[[TableName], TableName]:
    """Where the tables of a load are now: a swap has given them other names."""
    round_ = swaps.find(meta, task_name, source_id)
    tables = swaps.tables(meta, round_.token) if round_ is not None else ()
    live = {table.shadow: table.live for table in tables}
    if round_ is None or round_.state == swaps.OPEN:
        return lambda key: key

    def place(key: TableName) -> TableName:
        if key not in live:
            return key
        newest = swaps.of_tables(meta, [live[key]]).get(live[key], [])
        if round_.state != swaps.SWAPPED or not newest or newest[0][0].token != round_.token:
            raise CheckpointError(
                "the table that the row belongs to is not in place any more: another one was swapped in since",
                table=str(live[key]),
                remedy=_LOOK,
            )
        return live[key]

    return place
