"""How a load ends: statistics, status and report, and the dump's removal."""

from __future__ import annotations

from airflow_dm_loader.config import Level, Mode
from airflow_dm_loader.dump.cleaning import CleaningReport, clean_dump
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import (
    CheckpointError,
    TargetError,
)
from airflow_dm_loader.etcd import load_tasks as load_tasks_in_etcd
from airflow_dm_loader.phases.barrier import open_etcd
from airflow_dm_loader.report import LoadReport
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import files, load_tasks, loads, outcomes
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.registration import is_this_dump
from airflow_dm_loader.state.report import make_report
from airflow_dm_loader.verify.analyze import analyze_table


def analyze(run: LoadRun) -> dict[str, object]:
    """Refresh the optimizer's statistics, by level. DM's ``PostRestore.Analyze``.

    Returns:
        ``tables``: how many were analyzed; ``problems``: table -> what the server said (level optional).

    Raises:
        TargetError: level required, and a table could not be analyzed.
    """
    problems: dict[str, str] = {}
    tables: tuple[TableRow, ...] = ()
    with run.open_stored() as (meta, load):
        if run.config.verify.analyze is not Level.OFF:
            tables = files.list_tables(meta, load.load_id)
        for table in tables:
            problem = analyze_table(meta.db, table.schema, table.table)
            if problem is not None:
                problems[f"{table.schema}.{table.table}"] = problem
    if problems and run.config.verify.analyze is Level.REQUIRED:
        name, text = next(iter(problems.items()))
        raise TargetError(f"{len(problems)} of {len(tables)} tables could not be analyzed: {text}", table=name)
    return {"tables": len(tables) - len(problems), "problems": problems}


def finish(run: LoadRun) -> LoadReport:
    """Set the load to finished, release the load-task lock in mode full, and report.

    Raises:
        CheckpointError: the load is not ready to be finished: nobody accepted what was found, or it never ran.
    """
    config = run.config
    with run.open_stored() as (meta, load), open_etcd(run) as client:
        outcome = outcomes.current(meta, load.load_id)
        if outcome.verdict != "clean" and not outcome.accepted:
            raise CheckpointError(
                f"outcome {outcome.outcome_id} ({outcome.verdict}) was not accepted",
                remedy="Clear resolve_conflicts: it shows what was found.",
            )
        had_finished = load.status == "finished"
        loads.set_status(meta, load.load_id, "finished")
        if config.what.mode is Mode.FULL:
            load_tasks.delete(meta, config)
            if client is not None:
                load_tasks_in_etcd.delete(client, config)
        meta.db.commit()
        engine_of(config).after_finish(meta, load)
        return make_report(meta, config, loads.get(meta, config), outcome, run.worker, had_finished=had_finished)


def clean_dump_files(run: LoadRun) -> dict[str, object]:
    """Remove the dump's files, where ``clean_dump_files`` is set. DM's ``cleanDumpFiles``.

    Mode full removes the dump; mode all keeps metadata and schema files. Only files of the dump that was loaded
    are ever removed, and problems are warnings, as in DM.
    """
    with run.open_stored() as (meta, load):
        if not run.config.reading.clean_dump_files:
            report = CleaningReport()
        elif load.status != "finished":
            raise CheckpointError("the load is not finished, so its dump is kept", remedy="Finish the load first.")
        else:
            report = clean_dump(
                run.open_storage(),
                lambda inventory: is_this_dump(meta, inventory, load),
                keep_schema=run.config.what.mode is Mode.ALL,
            )
    return {"removed": list(report.removed), "warnings": list(report.warnings)}
