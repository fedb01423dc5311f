"""Rounds of a load task whose tables are swapped in: which tables, under which names, and how far they are.

A round is ``open`` while its sources fill it, then ``swapped``; ``abandoned`` where the task began anew before that,
and ``restored`` where the former tables were put back. Whether the RENAME happened is never read from here: a statement
of DDL and a row can't commit together. It is read from where the round's mark is (``target/swap.py``).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.plan.shadows import Shadows
from airflow_dm_loader.state import history
from airflow_dm_loader.state.batches import batches, insert_ignore
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_text, as_truth

OPEN, SWAPPED, ABANDONED, RESTORED, GONE = "open", "swapped", "abandoned", "restored", "gone"
NONE, KEPT, DROPPED = "none", "kept", "dropped"  # of a table: what it replaced
_ROUND = (as_text, as_text, as_text, as_truth, as_text)  # what _round takes


@dataclass(frozen=True, slots=True)
class Round:
    """One round as it is stored."""

    token: str
    task_name: str
    state: str
    beside: bool
    mark_schema: str

    @property
    def shadows(self) -> Shadows:
        return Shadows(self.token, self.beside)

    @property
    def marks(self) -> tuple[TableName, TableName]:
        """The mark before the swap, and after it."""
        return self.shadows.mark(self.mark_schema)


@dataclass(frozen=True, slots=True)
class SwapTable:
    """One table of a round; ``former``: what became of the one that it replaced."""

    live: TableName
    shadow: TableName
    former: TableName
    former_state: str = ""

    @property
    def name(self) -> str:
        return str(self.live)


def join(
    meta: Meta, task_name: str, source_id: str, *, resumes: bool, had_rows: bool, may_abandon: bool, beside: bool
) -> Round:
    """The round that a source's load is of, in the transaction that registers it.

    Args:
        resumes: the stored load goes on, so its round does too.
        had_rows: the load that this one takes the place of has committed rows into the open round.
        may_abandon: the open round may be given up, with what other sources have put into it.

    Raises:
        CheckpointError: the load's round was abandoned, or other sources are in the one that would have to be.
    """
    mine = find(meta, task_name, source_id)
    if resumes and mine is not None:
        return _still_there(mine)
    found = _open_round(meta, task_name)
    if found is not None and mine is not None and found.token == mine.token and had_rows:
        _abandon(meta, found, source_id, may_abandon=may_abandon)
        found = None
    if found is None:
        meta.db.execute(
            f"INSERT IGNORE INTO {meta['swap']} (token, task_name, open_task, state, beside, created_at) "
            "VALUES (%s, %s, %s, 'open', %s, UTC_TIMESTAMP(6))",
            (secrets.token_hex(4), task_name, task_name, beside),
        )
        found = _open_round(meta, task_name)  # another source's, where that was faster
        assert found is not None
    insert_ignore(meta.db, f"{meta['swap_source']} (token, source_id)", [(found.token, source_id)])
    return found


def find(meta: Meta, task_name: str, source_id: str) -> Round | None:
    """The last round that the source is of."""
    return _one(
        meta,
        f"JOIN {meta['swap_source']} m ON m.token = s.token WHERE s.task_name = %s AND m.source_id = %s "
        "ORDER BY s.created_at DESC LIMIT 1",
        (task_name, source_id),
    )


def current(meta: Meta, task_name: str, source_id: str) -> Round:
    """The round of a load that is registered.

    Raises:
        CheckpointError: it was abandoned: another source of the task began anew.
    """
    found = find(meta, task_name, source_id)
    if found is None:
        raise CheckpointError(
            "the load has no tables beside the live ones", remedy="Clear prepare_checkpoint: it registers them."
        )
    return _still_there(found)


def placed(meta: Meta, config: LoadConfig, plan: LoadPlan) -> LoadPlan:
    """The plan of a stored load by its settings: where they swap, each table's rows go to its shadow."""
    if not config.swaps:
        return plan
    found = find(meta, config.what.task_name, config.what.source_id)
    return found.shadows.place(plan) if found is not None else plan


def rounds(meta: Meta, *, task_name: str | None = None, states: Iterable[str] = ()) -> tuple[Round, ...]:
    """Rounds, the newest first."""
    wanted = sorted(states) or [OPEN, SWAPPED, ABANDONED, RESTORED]
    of_task = "" if task_name is None else "s.task_name = %s AND "
    return _several(
        meta,
        f"WHERE {of_task}s.state IN ({', '.join(['%s'] * len(wanted))}) ORDER BY s.created_at DESC",
        (*(() if task_name is None else (task_name,)), *wanted),
    )


def register_tables(meta: Meta, round_: Round, source_id: str, plan: LoadPlan) -> None:
    """Write down the tables of a source's plan, instead of those that an earlier plan of it had."""
    shadows = round_.shadows
    stored = {table.live for table in tables(meta, round_.token, source_id=source_id)}
    planned = {table.home for table in plan.tables}
    for schema, table in stored - planned:
        meta.db.execute(
            f"DELETE FROM {meta['swap_table']} WHERE token = %s AND source_id = %s AND table_schema = %s "
            "AND table_name = %s",
            (round_.token, source_id, schema, table),
        )
    insert_ignore(
        meta.db,
        f"{meta['swap_table']} (token, source_id, table_schema, table_name, shadow_schema, shadow_name, former_schema, "
        "former_name)",
        [
            (round_.token, source_id, *live, *shadows.shadow(live), *shadows.former(live))
            for live in sorted(planned - stored)
        ],
    )
    if planned:
        meta.db.execute(
            f"UPDATE {meta['swap']} SET mark_schema = %s WHERE token = %s AND mark_schema = ''",
            (min(planned)[0], round_.token),
        )


def tables(meta: Meta, token: str, *, source_id: str | None = None) -> tuple[SwapTable, ...]:
    """The tables of a round, each once; of one source, or of all."""
    of_source, args = ("", ()) if source_id is None else (" AND source_id = %s", (source_id,))
    return tuple(
        SwapTable(TableName(*row[0:2]), TableName(*row[2:4]), TableName(*row[4:6]), row[6])
        for row in meta.db.query(
            "SELECT table_schema, table_name, shadow_schema, shadow_name, former_schema, former_name, MAX(former) "
            f"FROM {meta['swap_table']} WHERE token = %s{of_source} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2",
            (token, *args),
            shape=(as_text,) * 7,
        )
    )


def sources(meta: Meta, token: str) -> tuple[str, ...]:
    """The sources that fill a round."""
    rows = meta.db.query(
        f"SELECT source_id FROM {meta['swap_source']} WHERE token = %s ORDER BY 1", (token,), shape=(as_text,)
    )
    return tuple(str(source) for (source,) in rows)


def looks(meta: Meta, token: str, column: str) -> dict[tuple[str, TableName], str]:
    """(source, table) -> what was kept of its live table: when the load began (``seen``), or when it was compared."""
    return {
        (str(source), TableName(str(schema), str(table))): str(text)
        for source, schema, table, text in meta.db.query(
            f"SELECT source_id, table_schema, table_name, {column} FROM {meta['swap_table']} "
            f"WHERE token = %s AND {column} IS NOT NULL",
            (token,),
            shape=(as_text, as_text, as_text, as_text),
        )
    }


def keep_looks(meta: Meta, token: str, source_id: str, column: str, found: Mapping[TableName, str]) -> None:
    """Keep what live tables were like."""
    for (schema, table), text in found.items():
        meta.db.execute(
            f"UPDATE {meta['swap_table']} SET {column} = %s WHERE token = %s AND source_id = %s AND table_schema = %s "
            "AND table_name = %s",
            (text, token, source_id, schema, table),
        )


def set_ready(meta: Meta, token: str, source_id: str, *, ready: bool) -> tuple[str, ...]:
    """Say whether a source's tables are compared and accepted; the sources whose are not, as of now.

    Sources that say it at once do so one after another: the last one sees all others.
    """
    _lock(meta, token)
    meta.db.execute(
        f"UPDATE {meta['swap_source']} SET is_ready = %s WHERE token = %s AND source_id = %s", (ready, token, source_id)
    )
    rows = meta.db.query(
        f"SELECT source_id FROM {meta['swap_source']} WHERE token = %s AND is_ready = 1 FOR UPDATE",
        (token,),
        shape=(as_text,),
    )
    return tuple(sorted(str(source) for (source,) in rows))


def set_state(meta: Meta, token: str, state: str) -> None:
    """Say how far a round is; the caller commits."""
    is_open = state == OPEN
    meta.db.execute(
        f"UPDATE {meta['swap']} SET state = %s, open_task = IF(%s, task_name, NULL), "
        "swapped_at = IF(%s = 'swapped', COALESCE(swapped_at, UTC_TIMESTAMP(6)), swapped_at) WHERE token = %s",
        (state, is_open, state, token),
    )
    if state in {ABANDONED, RESTORED}:
        history.undo(meta, token)


def set_former(meta: Meta, token: str, former: Mapping[TableName, str]) -> None:
    """Say what became of the tables that a round replaced."""
    for (schema, table), state in former.items():
        meta.db.execute(
            f"UPDATE {meta['swap_table']} SET former = %s WHERE token = %s AND table_schema = %s AND table_name = %s",
            (state, token, schema, table),
        )


def of_tables(
    meta: Meta, live: Sequence[TableName], newest: str = ""
) -> dict[TableName, list[tuple[Round, SwapTable]]]:
    """table -> the rounds that replaced it and were not undone, the newest first.

    Args:
        newest: the token of a round that is just being swapped in.
    """
    found: dict[TableName, list[tuple[Round, SwapTable]]] = {}
    for some in batches(sorted(live)):
        places = ", ".join(["(%s, %s)"] * len(some))
        for row in meta.db.query(
            "SELECT DISTINCT s.token, s.task_name, s.state, s.beside, s.mark_schema, t.table_schema, t.table_name, "
            "t.shadow_schema, t.shadow_name, t.former_schema, t.former_name, t.former, s.created_at, s.swapped_at "
            f"FROM {meta['swap']} s JOIN {meta['swap_table']} t ON t.token = s.token "
            f"WHERE (s.state = 'swapped' OR s.token = %s) AND (t.table_schema, t.table_name) IN ({places}) "
            "ORDER BY COALESCE(s.swapped_at, UTC_TIMESTAMP(6)) DESC, s.created_at DESC",
            (newest, *(name for table in some for name in table)),
            shape=(*_ROUND, *(as_text,) * 7, ...),
        ):
            table = SwapTable(TableName(*row[5:7]), TableName(*row[7:9]), TableName(*row[9:11]), row[11])
            found.setdefault(table.live, []).append((_round(row[:5]), table))
    return found


def former_tables(meta: Meta) -> set[TableName]:
    """All tables that were replaced and are kept, of any load task."""
    rows = meta.db.query(
        f"SELECT DISTINCT former_schema, former_name FROM {meta['swap_table']} WHERE former = 'kept'",
        shape=(as_text, as_text),
    )
    return {TableName(str(schema), str(name)) for schema, name in rows}


def forget(meta: Meta, token: str) -> None:
    """Remove the rows of a round."""
    for name in ("swap_step", "swap_table", "swap_source", "swap"):
        meta.db.execute(f"DELETE FROM {meta[name]} WHERE token = %s", (token,))


def _open_round(meta: Meta, task_name: str) -> Round | None:
    return _one(meta, "WHERE s.open_task = %s FOR UPDATE", (task_name,))


def _lock(meta: Meta, token: str) -> None:
    if not meta.db.query(
        f"SELECT 1 FROM {meta['swap']} WHERE token = %s AND state = 'open' FOR UPDATE", (token,), shape=(as_number,)
    ):
        raise _gone()


def _still_there(found: Round) -> Round:
    if found.state in {ABANDONED, GONE}:
        raise _gone()
    return found


def _gone() -> CheckpointError:
    return CheckpointError(
        "the tables that this load filled are given up: another source of its load task began anew",
        remedy="Set remove_meta, and trigger again: this source fills new ones.",
    )


def _abandon(meta: Meta, found: Round, source_id: str, *, may_abandon: bool) -> None:
    others = [
        str(source)
        for (source,) in meta.db.query(
            f"SELECT source_id FROM {meta['swap_source']} WHERE token = %s AND source_id <> %s ORDER BY 1",
            (found.token, source_id),
            shape=(as_text,),
        )
    ]
    if others and not may_abandon:
        raise CheckpointError(
            "the tables of the last load of this task are not swapped in yet, and other sources are filling them: "
            + ", ".join(others),
            remedy="Let them finish; or set remove_meta for every source, and trigger again: what they have sent is "
            "then given up.",
        )
    set_state(meta, found.token, ABANDONED)


def _one(meta: Meta, where: str, args: Sequence[object]) -> Round | None:
    found = _several(meta, where, args)
    return found[0] if found else None


def _several(meta: Meta, where: str, args: Sequence[object]) -> tuple[Round, ...]:
    rows = meta.db.query(
        f"SELECT s.token, s.task_name, s.state, s.beside, s.mark_schema FROM {meta['swap']} s {where}",
        args,
        shape=_ROUND,
    )
    return tuple(_round(row) for row in rows)


def _round(row: Sequence[object]) -> Round:
    return Round(str(row[0]), str(row[1]), str(row[2]), bool(row[3]), str(row[4]))
