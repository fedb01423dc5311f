"""The live tables that a swap will replace: what became of them while the load ran."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airflow_dm_loader.dump.table_parts import lacks, table_parts
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.report import Finding
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import swaps
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.swaps import SwapTable
from airflow_dm_loader.target import live_tables
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.live_tables import LiveLook
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.target.session import kept_session
from airflow_dm_loader.verify.conclusion import Findings


def with_live_tables(run: LoadRun, dump: Dump, meta: Meta, findings: Findings) -> Findings:
    """What was found of shadows, by the names that readers know, and what became of the live tables meanwhile."""
    if dump.shadows is None:
        return findings
    names = {str(table.key): str(table.home) for table in dump.plan.tables}

    def named(table: str) -> str:
        return names.get(table, table)

    return replace(
        findings,
        tables=tuple(table.model_copy(update={"table": named(table.table)}) for table in findings.tables),
        found=(
            *(one.model_copy(update={"table": named(one.table)}) for one in findings.found),
            *compare_live(run, meta, ask_server(meta.db)),
        ),
    )


def compare_live(run: LoadRun, meta: Meta, server: Server) -> tuple[Finding, ...]:
    """Look at the live tables again: what others changed since the load began would be lost with the swap."""
    what = run.config.what
    found = swaps.current(meta, what.task_name, what.source_id)
    swaps.set_ready(meta, found.token, what.source_id, ready=False)
    meta.db.commit()
    before = swaps.looks(meta, found.token, "seen")
    findings: list[Finding] = []
    looks: dict[TableName, str] = {}
    with Database.open(run.target, session=kept_session(run.config)) as db:
        for table in swaps.tables(meta, found.token, source_id=what.source_id):
            now = look(db, server, table.live)
            looks[table.live] = now.to_json()
            then = before.get((what.source_id, table.live))
            findings += _changed(table, LiveLook.from_json(then), now) if then is not None else ()
            if now.exists:
                findings += _lost_parts(db, table)
    swaps.keep_looks(meta, found.token, what.source_id, "compared", looks)
    meta.db.commit()
    return tuple(findings)


def look(db: Database, server: Server, table: TableName) -> LiveLook:
    if server.can.keeps_statistics:
        db.set_session({"information_schema_stats_expiry": 0})
    return live_tables.look(db, table, keeps_time=server.can.engines)


def _changed(table: SwapTable, then: LiveLook, now: LiveLook) -> Iterator[Finding]:
    if changes := list(then.changes(now)):
        yield Finding(
            kind="live_table_changed",
            table=table.name,
            text=f"others changed the live table since the load began, and the swap replaces it: {'; '.join(changes)}",
            pauses=True,
        )
    elif unknown := then.unknown(now):
        yield Finding(kind="live_table_not_compared", table=table.name, text=f"not compared: {unknown}")


def _lost_parts(db: Database, table: SwapTable) -> Iterator[Finding]:
    texts = [
        db.one(f"SHOW CREATE TABLE {place.quoted}", shape=(as_text, as_text, ...))
        for place in (table.live, table.shadow)
    ]
    live, shadow = (table_parts(str(row[1])) if row is not None else None for row in texts)
    if live is not None and shadow is not None and (missing := lacks(live, shadow)):
        yield Finding(
            kind="live_parts_replaced",
            table=table.name,
            text=f"the live table has what the dump's CREATE TABLE has not, and the swap replaces it: "
            f"{', '.join(missing)}",
        )
