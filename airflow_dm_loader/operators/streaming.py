"""The phase that loads a dump while it is still being made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.base import DumpLoadOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun


class StreamDumpOperator(DumpLoadOperator):
    """Loads the files of a dump as they are finished, while the dump tool is still at work, and ends with the dump.

    It comes first where `wait_for_dump` is set to `stream`: it registers the load, creates the tables whose rows are
    there and sends these; a dump that is whole already is left to the tasks that follow, as are views, indexes and
    whatever only a whole dump tells. It holds a worker slot until the dump ends. Fails where no file was finished for
    `dump_timeout_s`, and with 34018 where a file was changed after rows of it were loaded. Clearing it, or a retry,
    resumes: what came meanwhile is loaded, and committed chunks are never sent again.

    :param replica_conn_ids: Airflow connections of type ``mysql`` to replicas of the target, whose lag is asked for
        with ``max_replica_lag_s``; a list, or a text with commas. (templated)
    """

    ui_color = "#cdeed5"
    template_fields: Sequence[str] = (*DumpLoadOperator.template_fields, "replica_conn_ids")

    def __init__(
        self, *, replica_conn_ids: Sequence[str] | str = (), poll_interval_s: float = 10.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.replica_conn_ids = replica_conn_ids
        self.poll_interval_s = poll_interval_s

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.errors import ConfigError
        from airflow_dm_loader.loader import stream_dump
        from airflow_dm_loader.progress.phase_words import describe_stream

        if not run.config.streams:
            raise ConfigError(
                "wait_for_dump: this task loads a dump while it is being made, and the setting is finished",
                remedy="Set wait_for_dump to stream, or leave this task out.",
            )
        if run.config.what.dry_run:  # the next task shows what would be done, and ends the run
            return {"files": 0, "rows": 0}
        often = replace(run, progress_interval_s=min(run.progress_interval_s, self.poll_interval_s))
        found = asdict(stream_dump(often))
        self.log.info("%s", describe_stream(found))
        return found

    def on_kill(self) -> None:
        """Ask the load to stop; it ends its server sessions itself and raises LoadInterruptedError."""
        self.log.warning("Asked to stop: what was committed stays, the rest is rolled back")
        super().on_kill()
