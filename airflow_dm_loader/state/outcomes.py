"""What the checksum step found, under an id of its own, and what people said of it.

Each run of the step makes a new outcome. Only an outcome that was shown can be accepted, so nobody accepts what came
after they looked. The decision is stored here: no restart loses it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.report import Finding, TableReport, Verdict
from airflow_dm_loader.state import events
from airflow_dm_loader.state.events import EventKind
from airflow_dm_loader.state.meta import Meta, check_version
from airflow_dm_loader.target.answers import as_number, as_text, read_stored

_CODES: dict[Verdict, int | None] = {
    "clean": None,
    "has_duplicates": 34020,
    "checksum_differs": 34021,
    "unlike_last_load": 34101,
    "rows_refused": 34102,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of the checksum step found."""

    outcome_id: str
    verdict: Verdict
    conflicts: int
    tables: tuple[TableReport, ...]
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    accepted: bool = False
    refused: int = 0

    @property
    def code(self) -> int | None:
        """The code of what was found: DM's, where DM has one."""
        return _CODES[self.verdict]


@dataclass(frozen=True, slots=True)
class _Details:
    """What is stored of an outcome in JSON."""

    conflicts: int
    tables: tuple[TableReport, ...]
    warnings: tuple[str, ...]
    findings: tuple[Finding, ...] = ()  # 0.1.0 had none
    refused: int = 0


def store(
    meta: Meta,
    load_id: int,
    outcome_id: str,
    *,
    verdict: Verdict,
    conflicts: int,
    tables: tuple[TableReport, ...],
    warnings: tuple[str, ...],
    findings: tuple[Finding, ...] = (),
    refused: int = 0,
) -> Outcome:
    """Write a new outcome of the load, under an id that no other has."""
    outcome = Outcome(outcome_id, verdict, conflicts, tables, warnings, findings, refused=refused)
    details = {
        "conflicts": conflicts,
        "refused": refused,
        "tables": [table.model_dump(mode="json") for table in tables],
        "warnings": list(warnings),
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }
    meta.db.execute(
        f"INSERT INTO {meta['outcome']} (outcome_id, load_id, sequence, verdict, details, created_at) "
        f"SELECT %s, %s, COALESCE(MAX(sequence), 0) + 1, %s, %s, UTC_TIMESTAMP(6) "
        f"FROM {meta['outcome']} WHERE load_id = %s",
        (outcome.outcome_id, load_id, verdict, json.dumps(details), load_id),
    )
    return outcome


def latest(meta: Meta, load_id: int) -> Outcome | None:
    """The outcome of the last run of the checksum step, or None before the first."""
    row = meta.db.one(
        f"SELECT outcome_id, verdict, details, row_version FROM {meta['outcome']} WHERE load_id = %s "
        "ORDER BY sequence DESC LIMIT 1",
        (load_id,),
        shape=(as_text, _verdict, as_text, as_number),
    )
    if row is None:
        return None
    check_version(row[3], f"outcome {row[0]}")
    details = read_stored(_Details, row[2], f"outcome {row[0]}")
    return Outcome(
        outcome_id=row[0],
        verdict=row[1],
        conflicts=details.conflicts,
        tables=details.tables,
        warnings=details.warnings,
        findings=details.findings,
        refused=details.refused,
        accepted=events.happened(meta, load_id, EventKind.ACCEPTED, row[0]),
    )


def current(meta: Meta, load_id: int) -> Outcome:
    """The latest outcome; an error before the checksum step."""
    outcome = latest(meta, load_id)
    if outcome is None:
        raise CheckpointError("the load has no outcome yet", remedy="Clear the checksum task: it makes one.")
    return outcome


def _verdict(value: object) -> str:
    """Raises ValueError: it is none."""
    if (verdict := as_text(value)) not in _CODES:
        raise ValueError("a text is no verdict")
    return verdict
