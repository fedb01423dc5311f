"""How a load ends: statistics, status and report, and the dump's removal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_dm_loader.config import Level, LoadConfig, Mode
from airflow_dm_loader.dump.cleaning import CleaningReport, clean_dump
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import CheckpointError, LoaderError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.phases import objects, swap_in, swapping, tidying
from airflow_dm_loader.replication import Position, keep_start, replication_start
from airflow_dm_loader.report import LoadReport
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import chunks, events, files, history, lightning, loads, outcomes, swaps
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.outcomes import Outcome
from airflow_dm_loader.state.registration import is_this_dump
from airflow_dm_loader.target import gtid_sets
from airflow_dm_loader.target.answers import as_text, maybe
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.target.tidb_tables import enable_ttl


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
        now = swapping.places_now(meta, run.config) if tables else {}
        for table in tables:
            place = now.get(table.key, table.key)
            problem = _analyze(meta.db, *place)
            if problem is not None:
                problems[str(place)] = problem
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
    with run.open_stored() as (meta, load), run.coordination(meta) as coordination:
        outcome = outcomes.current(meta, load.load_id)
        if outcome.verdict != "clean" and not outcome.accepted:
            raise CheckpointError(
                f"outcome {outcome.outcome_id} ({outcome.verdict}) was not accepted",
                remedy="Clear resolve_conflicts: it shows what was found.",
            )
        had_finished = load.status == "finished"
        notes: dict[str, Any] = dict(load.notes)
        if ttl_off := notes.pop("ttl_off", ()):
            enable_ttl(meta.db, ttl_off)
            loads.update_notes(meta, load.load_id, notes)
            meta.db.commit()  # the swap gives the tables other names
        if not had_finished:
            objects.switch_on(run, meta, load)
        swapped = swap_in.finish(run, meta, coordination)
        if not had_finished:
            if config.what.set_gtid_purged:
                meta.db.commit()  # the variable is set in no transaction
                gtid_sets.take(meta.db, ask_server(meta.db), load.binlog_gtid)
                noted = dict(loads.get(meta, config).notes)
                loads.update_notes(meta, load.load_id, {**noted, "gtids_taken": True})
            _keep_history(meta, config, load, outcome)
        loads.set_status(meta, load.load_id, "finished")
        if config.what.mode is Mode.FULL:
            coordination.release_lock(config.what.source_id)  # in the target, both commit together
        meta.db.commit()
        engine_of(config).after_finish(meta, load)
        tidying.prune_at_the_end(meta, config)
        load = loads.get(meta, config)
        report = _make_report(meta, config, load, outcome, run.worker, had_finished=had_finished)
        replication = _replication(run, meta, load)
    if config.reporting.replication_file is not None and replication:
        keep_start(replication, Path(config.reporting.replication_file))
    return report.model_copy(update={"replication": replication, "swap": swapped})


def _keep_history(meta: Meta, config: LoadConfig, load: Load, outcome: Outcome) -> None:
    """What this load brought, for the loads after it; it commits with the load's status."""
    round_ = swaps.find(meta, config.what.task_name, config.what.source_id) if config.swaps else None
    live = {table.shadow: table.live for table in swaps.tables(meta, round_.token)} if round_ is not None else {}
    file_bytes: dict[TableName, int] = {}
    for row in files.list_files(meta, load.load_id):
        place = live.get(row.key, row.key)
        file_bytes[place] = file_bytes.get(place, 0) + row.file_bytes
    places = [row.key for row in files.list_tables(meta, load.load_id)]
    names = {str(place): place for place in (*file_bytes, *(live.get(key, key) for key in places))}
    history.keep(
        meta,
        config,
        load.load_id,
        [
            history.Entry(names[table.table], table, file_bytes.get(names[table.table], 0))
            for table in outcome.tables
            if table.table in names
        ],
        verdict=outcome.verdict,
        accepted=outcome.accepted,
        token=round_.token if round_ is not None else "",
    )


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
            report = _clean(run, meta, load)
    return {"removed": list(report.removed), "warnings": list(report.warnings)}


def _clean(run: LoadRun, meta: Meta, load: Load) -> CleaningReport:
    storage = run.open_storage()
    try:
        routed = run.open_routed(storage) if run.config.where.files else None
    except LoaderError as error:
        return CleaningReport(warnings=(f"nothing was removed: {error.message}",))
    return clean_dump(
        storage if routed is None else routed.storage,
        lambda inventory: is_this_dump(meta, inventory, load),
        keep_schema=run.config.what.mode is Mode.ALL,
        max_metadata_bytes=run.config.reading.max_metadata_bytes,
        loaded=frozenset(load.notes.get("objects_whole", ())),  # type: ignore[call-overload]
        routed=routed,
        beside=run.beside,
    )


def _replication(run: LoadRun, meta: Meta, load: Load) -> str:
    """What starts replication, where it follows."""
    if run.config.what.mode is not Mode.ALL:
        return ""
    position = Position(load.binlog_name, load.binlog_pos, load.binlog_gtid)
    taken = bool(load.notes.get("gtids_taken"))
    return replication_start(run.config, run.target, ask_server(meta.db), position, gtids_taken=taken)


def _analyze(db: Database, schema: str, table: str) -> str | None:
    """ANALYZE TABLE; what the server complains of, or None if it went well."""
    try:
        rows = db.query(
            f"ANALYZE TABLE {TableName(schema, table).quoted}",
            or_nothing=True,
            shape=(maybe(as_text), maybe(as_text), maybe(as_text), maybe(as_text)),
        )
    except LoaderError as error:
        return str(error)
    problems = [str(row[3]) for row in rows if len(row) > 3 and str(row[2]).lower() == "error"]
    return "; ".join(problems) or None


def _make_report(
    meta: Meta, config: LoadConfig, load: Load, outcome: Outcome, worker: Worker, *, had_finished: bool
) -> LoadReport:
    """Everything that a reader wants to know at the end. ``had_finished``: before this run came."""
    notes: dict[str, Any] = dict(load.notes)
    rows_sent = _rows_sent(meta, load, worker)
    return LoadReport(
        task_name=config.what.task_name,
        source_id=config.what.source_id,
        status=load.status,
        load_id=load.load_id,
        outcome=outcome.verdict,
        outcome_id=outcome.outcome_id,
        accepted=outcome.accepted,
        skipped=had_finished and rows_sent == 0,
        tables=outcome.tables,
        rows=sum(table.rows for table in outcome.tables),
        rows_sent=rows_sent or 0,
        rows_sent_known=rows_sent is not None,
        data_bytes=sum(table.data_bytes for table in outcome.tables),
        file_bytes=sum(row.file_bytes for row in files.list_files(meta, load.load_id)),
        seconds=round(events.seconds_since_start(meta, load.load_id, worker) or 0.0, 3),
        binlog_name=load.binlog_name,
        binlog_pos=load.binlog_pos,
        binlog_gtid=load.binlog_gtid,
        not_loaded=notes["not_loaded"],
        objects=objects.counts(load),
        findings=outcome.findings,
        warnings=_warnings(notes, outcome),
    )


def _rows_sent(meta: Meta, load: Load, worker: Worker) -> int | None:
    """By this run; None: it is not known."""
    row = lightning.find(meta, load.load_id)
    if row is not None:
        return row.rows_of_run(worker.run_id)
    return chunks.rows_of_run(meta, load.load_id, worker.run_id)


def _warnings(notes: dict[str, Any], outcome: Outcome) -> tuple[str, ...]:
    """Of the dump, of the target, of what was found; each once, though a phase repeats what another one said."""
    found = {_reason(warning) for warning in outcome.warnings}
    expected = (warning for warning in notes.get("target_warnings", ()) if _reason(warning) not in found)
    return tuple(dict.fromkeys((*notes["warnings"], *expected, *outcome.warnings)))


def _reason(warning: str) -> str:
    """``rows will be sent as statements: why`` and ``rows were sent as statements: why`` are one thing."""
    return warning.partition(": ")[2] or warning
