"""What the demo shows, and the dump that it makes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from airflow_dm_loader.dump.inventory import read_inventory
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.report import LoadReport, TableReport
from dev.demo.dump import SECOND_ROW, write_dump_with_duplicate
from dev.demo.report import render_report

if TYPE_CHECKING:
    from pathlib import Path

REPORT = LoadReport(
    task_name="shop",
    source_id="s1",
    status="finished",
    outcome="has_duplicates",
    accepted=True,
    tables=(
        TableReport(
            table="shop.customers",
            rows=1201,
            data_bytes=108_784,
            conflicts=1,
            sent_as="statements",
            row_count="passed",
            remark="the dump gives no checksum",
            seconds=0.25,
        ),
        TableReport(table="shop.empty", rows=0, data_bytes=0, row_count="passed", checksum="passed"),
    ),
    rows=1201,
    rows_sent=1201,
    data_bytes=108_784,
    seconds=1.25,
    binlog_name="vm-bin.000001",
    binlog_pos=606443,
    not_loaded={"triggers": 1, "routines and events": 2},
)


def rendered(*, terminal: bool) -> str:
    console = Console(
        file=io.StringIO(),
        width=77,
        force_terminal=terminal,
        color_system="standard" if terminal else "auto",
        no_color=False,
        highlight=False,
    )
    console.print(render_report(REPORT))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_a_report_fits_a_terminal_of_80_columns_and_is_plain_text_in_a_file() -> None:
    assert rendered(terminal=False).splitlines() == [
        "Table            Rows     Bytes  Sent as     Row count  Checksum      Seconds",
        "─────────────────────────────────────────────────────────────────────────────",
        "shop.customers  1,201  108.8 kB  statements  passed     not compared    0.250",
        "shop.empty          0   0 Bytes  no rows     passed     passed          0.000",
        "─────────────────────────────────────────────────────────────────────────────",
        "Total           1,201  108.8 kB                                         0.250",
        "shop.customers: 1 of its rows kept aside; the dump gives no checksum",
        "",
        "Outcome          has duplicates, accepted",
        "Binlog position  vm-bin.000001:606443",
        "Binlog GTID      none in the dump",
        "Not loaded       triggers in 1 file; routines and events in 2 files",
        "This run sent    1,201 of 1,201 rows, in 1.2 s",
    ]


def test_a_terminal_sees_colours() -> None:
    assert "\x1b[32mpassed" in rendered(terminal=True)


def test_the_dump_with_a_duplicate_says_honestly_what_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    write_dump_with_duplicate(folder)
    inventory = read_inventory(open_storage(str(folder)), require_finished=True)
    tables = inventory.metadata.tables
    assert {name: (table.rows, table.data_checksum) for name, table in tables.items()} == {
        ("shop_new", "customers"): (1201, None),
        ("shop_new", "products"): (200, "3885511724"),
    }
    assert (inventory.metadata.warnings, inventory.warnings) == ((), ())
    data = (folder / "shop_new.customers.00000.sql").read_text()
    assert data.count("\n,(") + data.count("VALUES(") == 1201
    assert data.endswith(f"\n,{SECOND_ROW}\n;\n")
    assert data.count('"user7@example.com"') == 2
