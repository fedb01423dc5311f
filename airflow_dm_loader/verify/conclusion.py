"""How the checksum step ends, whichever engine sent the rows: what was found becomes an outcome of the load."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.config import Level, LoadConfig, OnConflict
from airflow_dm_loader.errors import (
    ChecksumMismatchError,
    HasDuplicatesError,
    PausedError,
    RowsRefusedError,
    UnlikeLastLoadError,
)
from airflow_dm_loader.report import Finding, TableReport, Verdict
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import findings as stored_findings
from airflow_dm_loader.state import loads, outcomes, turns
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.outcomes import Outcome
from airflow_dm_loader.state.turns import Turn
from airflow_dm_loader.verify.guard import KINDS

_SHOWN = 3
_REPLAY = "To load these rows, correct the table, or row_data in the conflict table, and set replay_conflicts."


@dataclass(frozen=True, slots=True)
class Findings:
    """What an engine found at the end of a load: its part of the outcome."""

    tables: tuple[TableReport, ...]
    conflicts: int = 0  # rows that met another one and were set aside
    refused: int = 0  # rows that the server refused, or would have changed, and that were set aside
    differs: bool = False  # a checksum differs, whatever the tables say and however much checks count
    found: tuple[Finding, ...] = ()  # besides those that phases wrote down
    warnings: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[TableReport, ...]:
        """The tables that differ from the dump."""
        return differing_tables(self.tables)


def conclude(run: LoadRun, meta: Meta, load: Load, turn: Turn, findings: Findings) -> Outcome:
    """Store what was found as a new outcome, and pause the load where a person must decide.

    Where an attempt with a later turn was quicker, its outcome stays the load's, and nothing is stored.
    ``checksum=optional`` turns differences into warnings; conflicts, and findings that pause, always count.
    """
    found = (*stored_findings.stored(meta, load.load_id), *findings.found)
    verdict = _verdict(run.config, findings, found)
    warnings = [f"{table.table}: {table.remark}" for table in findings.differing] if verdict == "clean" else []
    meta.db.commit()  # what is read from here on is of now, not of when the comparison began
    loads.lock(meta, load.load_id)
    if turns.is_over(meta, load.load_id, turn):
        return outcomes.current(meta, load.load_id)
    outcome = outcomes.store(
        meta,
        load.load_id,
        turn.outcome_id,
        verdict=verdict,
        conflicts=findings.conflicts,
        refused=findings.refused,
        tables=findings.tables,
        warnings=(*warnings, *findings.warnings, *map(str, found)),
        findings=found,
    )
    loads.set_status(meta, load.load_id, "running" if verdict == "clean" else "paused")
    return outcome


def found_error(config: LoadConfig, outcome: Outcome, conflicts: str, what_clears_do: str) -> PausedError:
    """34020, 34021, 34101 or 34102: what was found, where to look, what a clear will do.

    Args:
        conflicts: which rows were set aside and where they are, in the engine's words.
        what_clears_do: what clearing a task but resolve_conflicts does, in the engine's words.
    """
    remedy = (
        "Correct what was found and load again: on_conflict=fail accepts nothing."
        if config.verify.on_conflict is OnConflict.FAIL
        else "Look at it. Clearing resolve_conflicts (or on_conflict=accept) accepts it and finishes the load; "
        f"{what_clears_do}."
    )
    if outcome.verdict == "has_duplicates":
        return HasDuplicatesError(conflicts, remedy=remedy)
    if outcome.verdict == "rows_refused":
        return RowsRefusedError(conflicts, remedy=f"{remedy} {_REPLAY}")
    differing = differing_tables(outcome.tables)
    pausing = [str(finding) for finding in outcome.findings if finding.pauses]
    if outcome.verdict == "unlike_last_load":
        return UnlikeLastLoadError(f"the dump is not like the last one: {'; '.join(pausing[:_SHOWN])}", remedy=remedy)
    texts = [*(f"{table.table}: {table.remark}" for table in differing[:_SHOWN]), *pausing[:_SHOWN]]
    shown = "; ".join(texts or outcome.warnings[:_SHOWN])
    if pausing and not differing:
        return ChecksumMismatchError(f"the target is not as the dump was: {shown}", remedy=remedy)
    return ChecksumMismatchError(
        f"{len(differing)} of {len(outcome.tables)} tables differ from the dump: {shown}", remedy=remedy
    )


def differing_tables(tables: tuple[TableReport, ...]) -> tuple[TableReport, ...]:
    return tuple(table for table in tables if "differs" in (table.row_count, table.checksum))


def _verdict(config: LoadConfig, findings: Findings, found: tuple[Finding, ...]) -> Verdict:
    if findings.conflicts:
        return "has_duplicates"
    if findings.refused:
        return "rows_refused"
    required = config.verify.checksum is Level.REQUIRED
    if (
        findings.differs
        or any(one.pauses and one.kind not in KINDS for one in found)
        or (findings.differing and required)
    ):
        return "checksum_differs"
    return "unlike_last_load" if any(one.pauses for one in found) else "clean"
