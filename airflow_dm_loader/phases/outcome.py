"""The phases that find out what was loaded, and who accepts it."""

from __future__ import annotations

from dataclasses import replace

from airflow_dm_loader.config import OnConflict
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.engines.shown_conflicts import ConflictsShown
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.phases import objects, swapping
from airflow_dm_loader.phases.guarding import with_guard
from airflow_dm_loader.phases.live import with_live_tables
from airflow_dm_loader.phases.replaying import replay_rows
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.settings.choices import ReplayConflicts
from airflow_dm_loader.state import events, outcomes, replays, turns
from airflow_dm_loader.state.events import EventKind
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.outcomes import Outcome
from airflow_dm_loader.state.registration import check_same_dump
from airflow_dm_loader.state.updating import check_same_rules
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.verify.conclusion import conclude, found_error


def take_turn(run: LoadRun) -> None:
    """Say that this try of this run is at the load now: outcomes of those that began earlier count less than its own.

    :func:`verify` does it itself; an attempt that does more than that does it when it begins.
    """
    with run.open_stored() as (meta, load):
        turns.take(meta, load.load_id, run.worker)
        meta.db.commit()


def verify(run: LoadRun) -> Outcome:
    """Load rows again that were set aside, where ``replay_conflicts`` says so; then compare, see :func:`compare`."""
    replayed = replay_rows(run)
    return compare(run, anew=replayed.loaded > 0)


def replay_and_verify(run: LoadRun, how: ReplayConflicts) -> Outcome:
    """The same where a person said it, whatever the setting says."""
    replay_rows(run, how)
    return compare(run, anew=True)


def compare(run: LoadRun, *, anew: bool = False) -> Outcome:
    """Compare every table with what was sent and what the dump says; write a new outcome.

    With :attr:`~airflow_dm_loader.run.LoadRun.compare_with`, the server that the dump was made of and that still holds
    the same rows, all values are compared with its tables, at the cost of reading them whole.

    One try of a run makes one outcome, however often it calls this; where a try that began later has made one, this
    one makes none, and gets that.

    Args:
        anew: make another outcome all the same.

    Raises:
        CheckpointError: data files are missing in the target: the import has not ended.
    """
    dump = run.open_dump()
    with run.open_stored() as (meta, load):
        turn = turns.take(meta, load.load_id, run.worker, anew=anew)
        meta.db.commit()
        if turns.is_over(meta, load.load_id, turn):
            return outcomes.current(meta, load.load_id)
        check_same_dump(load, dump.inventory)
        check_same_rules(load, run.config)
        if swapping.is_over(meta, run.config):
            return outcomes.current(meta, load.load_id)
        findings = engine_of(run.config).findings(run, dump.at(meta), meta, load)
        findings = with_live_tables(run, dump.at(meta), meta, findings)
        findings = replace(findings, found=(*findings.found, *objects.compare(run, dump, meta, ask_server(meta.db))))
        findings = with_guard(run, dump.at(meta), meta, load, findings)
        outcome = conclude(run, meta, load, turn, findings)
        meta.db.commit()
        return outcome


def current_outcome(run: LoadRun) -> Outcome:
    """What the last run of :func:`verify` found."""
    with run.open_stored() as (meta, load):
        return outcomes.current(meta, load.load_id)


def resolve_conflicts(run: LoadRun, *, by_hand: bool) -> Outcome:
    """DM's "resume means accept", for the outcome that was shown and no other.

    ``on_conflict=accept`` accepts at once and ``fail`` never does. ``pause`` shows what was found and raises; where
    an earlier try of the same run showed this very outcome and a person cleared the task (``by_hand``), it accepts.

    Raises:
        HasDuplicatesError: rows met rows with the same key (34020).
        ChecksumMismatchError: tables differ from the dump (34021).
        UnlikeLastLoadError: the dump brings far less than the last one (34101).
        RowsRefusedError: rows were set aside that the server refused (34102).
    """
    config, worker = run.config, run.worker
    with run.open_stored() as (meta, load):
        outcome = outcomes.current(meta, load.load_id)
        if outcome.accepted or outcome.verdict == "clean":
            return outcome
        _check_current(meta, load.load_id, outcome)
        seen = events.shown_before(meta, load.load_id, outcome.outcome_id, worker)
        if config.verify.on_conflict is OnConflict.ACCEPT or (
            config.verify.on_conflict is OnConflict.PAUSE and by_hand and seen
        ):
            by = "on_conflict=accept" if config.verify.on_conflict is OnConflict.ACCEPT else "clear"
            events.record(meta, load.load_id, EventKind.ACCEPTED, worker, outcome_id=outcome.outcome_id, detail=by)
            meta.db.commit()
            return outcomes.current(meta, load.load_id)
        events.record(meta, load.load_id, EventKind.SHOWN, worker, outcome_id=outcome.outcome_id)
        meta.db.commit()
        engine = engine_of(config)
        aside = {"has_duplicates": outcome.conflicts, "rows_refused": outcome.refused}.get(outcome.verdict)
        conflicts = "" if aside is None else engine.describe_conflicts(config, meta, load.load_id, aside)
        raise found_error(config, outcome, conflicts, engine.what_clears_do)


def accept_outcome(run: LoadRun, outcome_id: str, accepted_by: str) -> Outcome:
    """Accept the outcome that was shown to ``accepted_by``; an error if a newer one was made since."""
    with run.open_stored() as (meta, load):
        outcome = outcomes.current(meta, load.load_id)
        if outcome.outcome_id == outcome_id and outcome.accepted:  # perhaps by a try whose answer was lost
            return outcome
        if outcome.outcome_id != outcome_id:
            raise CheckpointError(
                f"outcome {outcome_id} was accepted, but {outcome.outcome_id} is newer",
                remedy="Clear resolve_conflicts to look at the newer one.",
            )
        _check_current(meta, load.load_id, outcome)
        events.record(meta, load.load_id, EventKind.ACCEPTED, run.worker, outcome_id=outcome_id, detail=accepted_by)
        meta.db.commit()
        return outcomes.current(meta, load.load_id)


def _check_current(meta: Meta, load_id: int, outcome: Outcome) -> None:
    """Nobody can accept what is not so any more."""
    if replays.since_outcome(meta, load_id, outcome.outcome_id):
        raise CheckpointError(
            "rows that were set aside have been loaded since the tables were compared",
            remedy="Clear checksum with what follows it: it compares them again.",
        )


def show_conflicts(run: LoadRun) -> ConflictsShown:
    """The first rows that met a row with the same key, and the statement that shows all of them."""
    with run.open_stored() as (meta, load):
        return engine_of(run.config).show_conflicts(run.config, meta, load.load_id)
