"""The page of a DAG run's loads as HTML. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from airflow_dm_loader.errors import visible
from airflow_dm_loader.report import LoadProgress, StoredLoad, TableProgress
from airflow_dm_loader.ui.pages import as_page
from airflow_dm_loader.ui.run_loads import RunLoad, RunLoads

_REFRESH_S = 5
_COLUMNS = ("table", "data files", "rows", "chunks", "seconds", "in conflict", "indexes")


def run_page(found: RunLoads) -> str:
    """All loads of the run, each with its tables; it asks again by itself as long as one of them is at work."""
    body = [*_body(found)]
    running = any(source.load.status in ("init", "running") for load in found.loads for source in load.sources)
    return as_page("Loads of this run", "\n".join(body), refresh_s=_REFRESH_S if running else None)


def _body(found: RunLoads) -> Iterator[str]:
    if not found.loads:
        yield "<p>No task of this run has begun a load yet.</p>"
    for load in found.loads:
        yield from _load(load)
    if found.reported:
        yield "<h2>What the tasks reported</h2><ul>"
        yield from (f"<li>{_text(line)}</li>" for line in found.reported)
        yield "</ul>"


def _load(load: RunLoad) -> Iterator[str]:
    yield f"<h1>{_text(load.task_name)}</h1>"
    if load.problem:
        yield f'<p class="problem">The target does not say how far it is: {_text(load.problem)}</p>'
    elif not load.sources:
        yield "<p>The target knows no such load (any more).</p>"
    for source in load.sources:
        yield from _source(source)


def _source(source: LoadProgress) -> Iterator[str]:
    load = source.load
    yield f"<h2>{_text(load.source_id)}: {_text(load.status)}</h2>"
    yield _bar(load.finished_bytes, load.total_bytes)
    yield f"<p>{_text(_sentence(load))}</p>"
    for accepted in source.accepted:
        yield f"<p>What was found was accepted by <b>{_text(accepted.by)}</b>, {_text(accepted.at)} UTC.</p>"
    if source.tables:
        yield f"<table><tr>{''.join(f'<th>{name}</th>' for name in _COLUMNS)}</tr>"
        yield from map(_table, source.tables)
        yield "</table>"
    if source.more_tables:
        yield f"<p>and {source.more_tables:,} tables more, which have less to send.</p>"
    if source.conflicts:
        yield "<h3>The first rows in conflict</h3><table><tr><th>table</th><th>the row that came</th>"
        yield "<th>what the server said</th><th>where in the dump</th></tr>"
        for row in source.conflicts:
            yield (
                f"<tr><td>{_text(row.table)}</td><td><code>{_text(row.came)}</code></td><td>{_text(row.error)}</td>"
                f"<td>{_text(row.file)} at byte {row.offset:,}</td></tr>"
            )
        yield "</table>"


def _table(table: TableProgress) -> str:
    seconds = "" if table.seconds is None else f"{table.seconds:,.1f}"
    return (
        f"<tr><td>{_text(table.table)}</td><td>{_bar(table.finished_bytes, table.total_bytes)}</td>"
        f"<td class=n>{table.rows:,}</td><td class=n>{table.chunks:,}</td><td class=n>{seconds}</td>"
        f"<td class=n>{f'{table.conflicts:,}' if table.conflicts else ''}</td>"
        f"<td>{'to be built' if table.indexes_waiting else ''}</td></tr>"
    )


def _sentence(load: StoredLoad) -> str:
    rows = f", {load.rows:,} rows" if load.rows is not None else ""
    waits = f" It waits for {load.waits_for}." if load.waits_for else ""
    by = f" Taken up last by {load.by}." if load.by else ""
    begun, changed = load.begun_at.partition(".")[0], load.changed_at.partition(".")[0]
    return f"{load.progress}{rows}; begun {begun}, last changed {changed} (UTC).{waits}{by}"


def _bar(finished: int, total: int) -> str:
    share = 100.0 if total == 0 else min(100.0, 100.0 * finished / total)
    label = f"{finished:,} of {total:,} bytes"
    return f'<div class="bar" title="{label}"><div style="width: {share:.1f}%"></div><span>{share:.0f} %</span></div>'


def _text(text: str) -> str:
    return escape(visible(text))
