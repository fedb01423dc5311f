from __future__ import annotations

import io

from rich.console import Console

from airflow_dm_loader.progress.live_bar import live_bar
from airflow_dm_loader.report import LoadStatus, TableStatus


def status(finished_bytes: int, *tables: TableStatus) -> LoadStatus:
    return LoadStatus(finished_bytes=finished_bytes, total_bytes=100, progress="x", bps=10, tables=tables)


def test_the_bar_shows_the_whole_and_the_tables_at_work() -> None:
    out = io.StringIO()
    orders = TableStatus(table="shop.orders", finished_bytes=5, total_bytes=50, indexes="waiting")
    users = TableStatus(table="shop.users", finished_bytes=50, total_bytes=50, indexes="building")
    with live_bar(Console(file=out, force_terminal=True, width=120)) as show:
        show(status(5, orders))
        show(status(60, users))
    shown = out.getvalue()
    assert "60/100" in shown
    assert "shop.users" in shown
    assert "indexes building" in shown
    last_frame = shown[shown.rindex("60/100") :]
    assert "shop.orders" not in last_frame


def test_the_bar_shows_the_comparison_and_what_is_left_of_each_table() -> None:
    out = io.StringIO()
    orders = TableStatus(table="shop.orders", finished_bytes=50, total_bytes=50, indexes="none", eta_s=12.3)
    with live_bar(Console(file=out, force_terminal=True, width=150)) as show:
        show(status(100))
        show(status(100, orders).model_copy(update={"compared_bytes": 40, "eta_s": 20.0}))
    last_frame = out.getvalue().rpartition("40/100")[2]
    assert "all sent, comparing: 40.00 %" in last_frame
    assert "about 20 seconds left" in last_frame
    assert "comparing, 12 s left" in last_frame
