"""What a load tells Airflow's metrics (StatsD or OpenTelemetry, as ``[metrics]`` of airflow.cfg says).

Each has the tags ``task`` and ``source_id``, DM's own. docs/metrics.md is the list for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from airflow_dm_loader.errors import LoaderError, LoadInterruptedError, RetriableError

if TYPE_CHECKING:
    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.report import LoadReport, LoadStatus

EXIT_WITH_ERROR = "dm_loader_exit_with_error_count"
RETRY = "dm_loader_retry_count"
PROGRESS = "dm_loader_progress"
FINISHED_BYTES, TOTAL_BYTES = "dm_loader_finished_bytes", "dm_loader_total_bytes"
SPEED = "dm_loader_bps"
SLOWEST_TABLE = "dm_loader_slowest_table_eta_seconds"
ROWS, BYTES = "dm_loader_rows_count", "dm_loader_bytes_count"
CONFLICTS = "dm_loader_conflicts_count"
DURATION = "dm_loader_duration_time"
BARRIER_WAIT = "dm_loader_barrier_wait_time"


class Sink(Protocol):
    """The part of Airflow's metrics that is used here."""

    def incr(self, stat: str, count: int = 1, *, tags: dict[str, Any]) -> None: ...

    def gauge(self, stat: str, value: float, *, tags: dict[str, Any]) -> None: ...

    def timing(self, stat: str, dt: float, *, tags: dict[str, Any]) -> None:
        """``dt`` is in milliseconds."""


def airflow_sink() -> Sink:
    """Airflow's own."""
    try:
        from airflow.sdk.observability import stats
    except ImportError:  # Airflow 3.1
        from airflow.stats import Stats

        return cast("Sink", Stats)
    return cast("Sink", stats if hasattr(stats, "gauge") else stats.Stats)  # Airflow 3.2 has them in a class


@dataclass(frozen=True, slots=True)
class Metrics:
    """Of one source of a load task."""

    tags: Mapping[str, str] = field(default_factory=lambda: {"task": "", "source_id": ""})

    @classmethod
    def of(cls, config: LoadConfig) -> Metrics:
        """Of the load that these settings describe."""
        return cls({"task": config.what.task_name, "source_id": config.what.source_id})

    def failed(self, error: LoaderError) -> None:
        """A task ended with an error. One that somebody stopped has none, as in DM."""
        if not isinstance(error, LoadInterruptedError):
            resumable = str(isinstance(error, RetriableError)).lower()
            airflow_sink().incr(EXIT_WITH_ERROR, tags={**self.tags, "resumable_err": resumable})

    def tried_again(self) -> None:
        """Something failed within a task, and is done again."""
        airflow_sink().incr(RETRY, tags=dict(self.tags))

    def running(self, status: LoadStatus) -> None:
        """A moment of the import."""
        found: dict[str, float] = {
            FINISHED_BYTES: status.finished_bytes,
            TOTAL_BYTES: status.total_bytes,
            SPEED: status.bps,
        }
        if status.total_bytes:
            found[PROGRESS] = status.finished_bytes / status.total_bytes
        etas = [table.eta_s for table in status.tables if table.eta_s is not None]
        if etas:
            found[SLOWEST_TABLE] = max(etas)
        self._gauges(found)

    def finished(self, report: LoadReport) -> None:
        """A load has finished in this run."""
        if report.skipped:
            return
        conflicts = sum(table.conflicts + table.refused for table in report.tables)
        for name, count in {ROWS: report.rows_sent, BYTES: report.data_bytes, CONFLICTS: conflicts}.items():
            airflow_sink().incr(name, count, tags=dict(self.tags))
        airflow_sink().timing(DURATION, report.seconds * 1000, tags=dict(self.tags))
        self._gauges({PROGRESS: 1.0})

    def waited(self, wait_for: str, seconds: float) -> None:
        """All sources of the load task have come so far; this one was there ``seconds`` before."""
        airflow_sink().timing(BARRIER_WAIT, seconds * 1000, tags={**self.tags, "state": wait_for})

    def _gauges(self, found: Mapping[str, float]) -> None:
        for name, value in found.items():
            airflow_sink().gauge(name, value, tags=dict(self.tags))
