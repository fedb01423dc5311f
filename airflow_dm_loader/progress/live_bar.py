"""A progress bar in the terminal, for loads that a person starts by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from airflow_dm_loader.report import LoadStatus, TableStatus


@contextmanager
def live_bar(console: Console | None = None) -> Iterator[Callable[[LoadStatus], None]]:
    """A bar for the whole import, then for the comparison, and one for each table that is at work.

    with live_bar() as show:
        load_dump(config, target, on_progress=show, progress_interval_s=0.5)
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

    from airflow_dm_loader.progress.words import describe

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[now]}"),
        console=console,
    ) as bars:
        whole = bars.add_task("all", total=None, now="")
        tables: dict[str, TaskID] = {}

        def show(status: LoadStatus) -> None:
            compared = status.compared_bytes
            bars.update(
                whole,
                total=status.total_bytes,
                completed=status.finished_bytes if compared is None else compared,
                now=describe(status, amounts=False),
            )
            seen = {table.table: table for table in status.tables}
            for name in tables.keys() - seen.keys():
                bars.remove_task(tables.pop(name))
            for name, table in seen.items():
                if name not in tables:
                    tables[name] = bars.add_task(name, total=table.total_bytes, now="")
                bars.update(
                    tables[name],
                    completed=table.finished_bytes,
                    now=_describe_table(table, comparing=compared is not None),
                )

        yield show


def _describe_table(table: TableStatus, *, comparing: bool) -> str:
    what = "comparing" if comparing else "" if table.indexes == "none" else f"indexes {table.indexes}"
    left = f"{table.eta_s:.0f} s left" if table.eta_s else ""
    return ", ".join(filter(None, (what, left)))
