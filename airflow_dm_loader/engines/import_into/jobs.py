"""A job as SHOW IMPORT JOBS tells it. Columns are read by name: they differ by the server's version. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from airflow_dm_loader.engines.hiding import Hiding
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.target.answers import as_number

_NAME = r"(?:`(?P<{0}>(?:[^`]|``)+)`|(?P<{0}_plain>[^`.]+))"
_TABLE = re.compile(_NAME.format("schema") + r"\." + _NAME.format("table"), re.DOTALL)


class JobStatus(StrEnum):
    """Where a job is. What a server says on its way to one of the last three counts as running."""

    PENDING = "pending"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in {JobStatus.FINISHED, JobStatus.FAILED, JobStatus.CANCELLED}


_STATUSES = {
    "pending": JobStatus.PENDING,
    **dict.fromkeys(
        ("running", "cancelling", "canceling", "reverting", "pausing", "paused", "resuming"), JobStatus.RUNNING
    ),
    **dict.fromkeys(("finished", "succeed"), JobStatus.FINISHED),
    **dict.fromkeys(("failed", "reverted"), JobStatus.FAILED),
    **dict.fromkeys(("cancelled", "canceled"), JobStatus.CANCELLED),
}


class Trouble(StrEnum):
    """Why a job failed, as far as its text tells."""

    DUPLICATES = "duplicates"
    CHECKSUM = "checksum"
    UNREADABLE = "unreadable"
    OTHER = "other"


# The first that matches.
_SIGNS = {
    Trouble.DUPLICATES: ("duplicate entry", "duplicate key", "conflict"),
    Trouble.CHECKSUM: ("checksum",),
    Trouble.UNREADABLE: ("no such key", "nosuchkey", "accessdenied", "access denied", "no such file", "failed to read"),
}


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One job; its texts hold no secrets, nor values of rows where those are hidden."""

    job_id: int
    table: TableName
    source: str
    status: JobStatus
    phase: str
    source_size: str  # for people: "1.2GiB"
    rows: int | None
    message: str
    trouble: Trouble = Trouble.OTHER  # what ``message`` speaks of, also where it is hidden
    seconds: float = 0.0  # from its start to its end; 0: the server does not tell both

    def describe(self) -> str:
        """``job 17 of s.t: running, importing, 12,345 rows, 1.2GiB``."""
        from humanize import intcomma

        parts = [self.status.value, self.phase, f"{intcomma(self.rows)} rows" if self.rows is not None else ""]
        return f"job {self.job_id} of {self.table}: " + ", ".join(
            part for part in (*parts, self.source_size, self.message) if part
        )


def read_job(row: Mapping[str, Any], redactor: Redactor, hiding: Hiding | None = None) -> ImportJob:
    """One row, by its columns' names in lower case.

    Args:
        hiding: show no value of a row.

    Raises:
        TargetError: a column is missing, or holds what is not known.
    """

    def text(name: str) -> str:
        value = row.get(name)
        return redactor.text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or ""))

    for name in ("job_id", "target_table", "status", "imported_rows", "result_message"):
        if name not in row:
            raise _unknown(f"SHOW IMPORT JOBS has no column {name}", row)
    job_id, rows = _number(row, "job_id"), _number(row, "imported_rows")
    if job_id is None:
        raise _unknown("a job of IMPORT INTO has no number", row)
    said = text("status").strip().lower()
    status, table = _STATUSES.get(said), _TABLE.fullmatch(text("target_table"))
    if status is None or table is None:
        what = f"the status {said!r}" if status is None else f"the target table {text('target_table')!r}"
        raise _unknown(f"job {job_id} of IMPORT INTO has {what}, which is not known", row)
    message = text("result_message")
    return ImportJob(
        job_id=job_id,
        table=TableName(_plain(table, "schema"), _plain(table, "table")),
        source=text("data_source"),
        status=status,
        phase=text("phase"),
        source_size=text("source_file_size"),
        rows=rows,
        message=message if hiding is None else hiding.text(message),
        trouble=_trouble(message),
        seconds=_seconds(row.get("start_time"), row.get("end_time")),
    )


def _number(row: Mapping[str, Any], name: str) -> int | None:
    try:
        return None if row[name] in {None, ""} else as_number(row[name])
    except ValueError as error:
        raise _unknown(f"SHOW IMPORT JOBS has in {name} {error}", row) from None


def _trouble(message: str) -> Trouble:
    text = message.lower()
    found = (trouble for trouble, signs in _SIGNS.items() if any(sign in text for sign in signs))
    return next(found, Trouble.OTHER)


def _seconds(start: object, end: object) -> float:
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return 0.0
    return max(0.0, (end - start).total_seconds())


def _plain(match: re.Match[str], name: str) -> str:
    quoted = match[name]
    return quoted.replace("``", "`") if quoted is not None else match[f"{name}_plain"]


def _unknown(what: str, row: Mapping[str, Any]) -> TargetError:
    return TargetError(
        f"{what}; the server's columns are {', '.join(sorted(row))}",
        remedy="This loader does not understand the server's answer: use a version of it that knows this TiDB.",
    )
