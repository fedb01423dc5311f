"""The three stories. Each says what it does, runs the DAG, shows the result and checks it."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from rich.table import Table

from airflow_dm_loader.report import LoadReport
from dev.dag_runs import Run
from dev.demo.dump import OTHER_TABLE, SAMPLE, SAMPLES, SCHEMA, SECOND_ROW, TABLE, write_dump_with_duplicate
from dev.demo.report import render_report
from dev.demo.surroundings import query

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.sdk import DAG

    from dev.demo.stage import Stage
    from dev.demo.task_lines import TaskLines
    from dev.private_mariadb import PrivateMariaDB

RESOLVE = "resolve_conflicts"


class NotAsToldError(Exception):
    """Something came out otherwise than the story says."""


def sample_dump(stage: Stage, dag: DAG, tasks: TaskLines, server: PrivateMariaDB) -> None:
    """Story 1: a dump is loaded."""
    expected = _expected()
    schemas = {table.split(".")[0] for table in expected}
    _heading(stage, "1. A dump is loaded")
    stage.tell(f"A real dump of mydumper 1.0: {len(expected)} tables in {len(schemas)} databases.")
    run = _run(stage, dag, tasks, _settings(SAMPLE, "shop"))
    report = _finished(run, tasks)
    stage.tell(render_report(report))
    _check(report.outcome == "clean", f"the outcome is {report.outcome}")
    _check(
        {table.table: table.rows for table in report.tables} == {table: rows for table, (rows, _) in expected.items()},
        "the report's rows are not those of the source",
    )
    _check(report.rows_sent == report.rows, f"{report.rows_sent} of {report.rows} rows were sent")
    _check(
        all((table.row_count, table.checksum) == ("passed", "passed") for table in report.tables),
        "a table's row count or checksum did not pass",
    )
    _check(_in_server(server, expected) == expected, "the server's tables are not those of the source")
    stage.say()
    stage.tell(f"The server's own COUNT(*) and CHECKSUM TABLE of all {len(expected)} tables equal the source's.")


def same_dump_again(stage: Stage, dag: DAG, tasks: TaskLines, server: PrivateMariaDB) -> None:
    """Story 2: the same load once more sends nothing."""
    expected = _expected()
    _heading(stage, "2. The same once more")
    stage.tell("The state of a load is kept in the target, so it is known there that this one has finished.")
    chunks_before = _chunks(server)
    run = _run(stage, dag, tasks, _settings(SAMPLE, "shop"))
    report = _finished(run, tasks)
    chunks_sent = _chunks(server) - chunks_before
    [followed] = run.xcom("prepare_checkpoint", "skipmixin_key")["followed"]
    _check(followed == "finish", f"prepare_checkpoint went on with {followed}")
    _check(report.skipped, "the load was not taken for finished")
    _check((report.rows_sent, chunks_sent) == (0, 0), f"{report.rows_sent} rows, {chunks_sent} chunks were sent again")
    _check(_in_server(server, expected) == expected, "the server's tables are not those of the source any more")
    stage.tell(
        f"Path: finished. Rows sent: {report.rows_sent}. Chunks sent: {chunks_sent}; the {chunks_before} of the "
        "first run still stand. Every table is as it was."
    )


def pause_and_accept(stage: Stage, dag: DAG, tasks: TaskLines, server: PrivateMariaDB) -> None:
    """Story 3: a duplicate key pauses the load, a person accepts it, the load finishes."""
    _heading(stage, "3. A key is there twice")
    stage.tell(
        f"A dump of {TABLE} and {OTHER_TABLE} as {SCHEMA}. One customer more was appended, with an e-mail address "
        "that another has, and that must be unique:"
    )
    stage.tell(SECOND_ROW, style="cyan")
    dump = stage.folder / "dump-with-duplicate"
    write_dump_with_duplicate(dump)
    run = _run(stage, dag, tasks, _settings(dump, SCHEMA, on_duplicate_logical="manual"))
    _show_pause(stage, run, tasks, server)

    stage.say()
    stage.tell(f"The first customer is the right one, so we clear {RESOLVE}, which accepts it:")
    stage.say()
    run = run.clear(RESOLVE)
    stage.say()
    report = _finished(run, tasks)
    stage.tell(render_report(report))
    _check(run.tries(RESOLVE) == [2], f"{RESOLVE} had the tries {run.tries(RESOLVE)}")
    _check(set(run.tries("run_import")) == {1}, "the import ran again")
    _check((report.outcome, report.accepted) == ("has_duplicates", True), "the duplicates were not accepted")
    [(rows,)] = query(server, f"SELECT COUNT(*) FROM {SCHEMA}.{TABLE}")
    _check(rows == _expected()[f"shop.{TABLE}"][0], f"{SCHEMA}.{TABLE} has {rows} rows")
    [(accepted_by,)] = query(
        server, "SELECT detail FROM dm_meta.dm_loader_event WHERE kind = 'accepted' AND run_id = %s", run.run_id
    )
    _check(accepted_by == "clear", f"the load was accepted by {accepted_by}")
    stage.say()
    stage.tell(f"Accepted by the clear, finished. The table has its {rows:,} rows, the extra one is kept aside.")


def _show_pause(stage: Stage, run: Run, tasks: TaskLines, server: PrivateMariaDB) -> None:
    message = tasks.errors.get(RESOLVE, "")
    failed = [name for name, state in run.states().items() if state == "failed"]
    _check(failed == [RESOLVE], f"these tasks failed: {failed}: {tasks.errors}")
    _check(message.startswith("[34020] "), f"{RESOLVE} says {message}")
    stage.tell("The load pauses until somebody decides. In the log of the task:")
    stage.say()
    for part in message.split(" | "):
        stage.tell(part, style="yellow")
    [(status,)] = query(server, "SELECT status FROM dm_meta.dm_loader_load WHERE task_name = %s", SCHEMA)
    _check(status == "paused", f"the load is {status}")
    conflicts = query(
        server,
        "SELECT CONCAT(table_schema, '.', table_name), file_name, file_offset, error, CONVERT(row_data USING utf8mb4) "
        "FROM dm_meta.dm_loader_conflict",
    )
    _check([row[4] for row in conflicts] == [SECOND_ROW], f"the rows kept aside are {conflicts}")
    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim", no_wrap=True)
    shown.add_column()
    for name, value in zip(("Table", "File", "At byte", "Error", "Row"), conflicts[0], strict=True):
        shown.add_row(name, str(value))
    stage.say()
    stage.tell("What was kept aside, in dm_meta.dm_loader_conflict:")
    stage.say()
    stage.tell(shown)


def _run(stage: Stage, dag: DAG, tasks: TaskLines, settings: dict[str, Any]) -> Run:
    """Trigger the DAG with these params, a line per task."""
    stage.say()
    stage.tell(f"Params of dm_load: {json.dumps(settings)}", style="cyan")
    stage.say()
    run = Run.start(dag, settings)
    tasks.tell_not_run(run.states())
    stage.say()
    return run


def _finished(run: Run, tasks: TaskLines) -> LoadReport:
    _check(run.state == "success", f"the run is {run.state}: {tasks.errors}")
    report = LoadReport.model_validate(run.xcom("finish"))
    _check(report.status == "finished", f"the load is {report.status}")
    return report


def _settings(dump: Path, task_name: str, **more: Any) -> dict[str, Any]:
    return {"task_name": task_name, "dump_uri": str(dump), "import_tasks": 2, **more}


def _expected() -> dict[str, tuple[int, int]]:
    """table -> rows and CHECKSUM TABLE, as the source server said them."""
    with (SAMPLES / "expected.tsv").open() as file:
        return {
            row["table"]: (int(row["rows"]), int(row["checksum_table"])) for row in csv.DictReader(file, delimiter="\t")
        }


def _in_server(server: PrivateMariaDB, tables: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """The same as the target says them."""
    return {
        table: (query(server, f"SELECT COUNT(*) FROM {table}")[0][0], query(server, f"CHECKSUM TABLE {table}")[0][1])
        for table in tables
    }


def _chunks(server: PrivateMariaDB) -> int:
    """How many chunks the target knows as committed."""
    return int(query(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_chunk")[0][0])


def _heading(stage: Stage, text: str) -> None:
    stage.say()
    stage.say(text, style="bold")
    stage.say()


def _check(as_told: bool, otherwise: str) -> None:
    if not as_told:
        raise NotAsToldError(otherwise)
