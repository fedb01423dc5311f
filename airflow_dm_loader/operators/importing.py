"""The phases that create the tables, send the rows and build their indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.base import DumpLoadOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun, ShareReport


class CreateTablesOperator(DumpLoadOperator):
    """Creates the databases, tables and views that are missing, and shares the data files out.

    The schema half of DM's `runLightning`. What exists stays as it is. With `import_mode` set to
    `physical`, `tidb-lightning` creates them later, and this notes what is there. The XCom is the list of shares
    that `run_import` is mapped over; key `schema` says what was created. Clearing it creates what is missing.

    With `guard`, and `on_existing_rows` set to `truncate` or `recreate`, it fails with 34101 before anything is deleted
    where the dump brings far less than the last load did. **Clearing it then accepts that.**
    """

    ui_color = "#cdeed5"

    def run_phase(self, run: LoadRun, context: Context) -> list[int]:
        from airflow_dm_loader.errors import visible_parts
        from airflow_dm_loader.loader import create_tables, import_shares, stop_after
        from airflow_dm_loader.operators.resolve import cleared_by_hand
        from airflow_dm_loader.progress.phase_words import describe_creation

        ti = context["ti"]
        by_hand = cleared_by_hand(ti.try_number, ti.max_tries, self.retries or 0)
        summary = create_tables(run, by_hand=by_hand)
        shares = [] if stop_after(run, "schema") else list(import_shares(run))
        ti.xcom_push(key="schema", value=visible_parts(dict(summary)))
        self.log.info("%s", describe_creation(summary, len(shares)))
        return shares


class RunImportOperator(DumpLoadOperator):
    """Sends one share of the dump, exactly once: data files chunk by chunk, or tables by TiDB's `IMPORT INTO`.

    The data half of DM's `runLightning`. A table that has all its rows then gets the secondary indexes that it was
    created without, while others still load. Clearing it, or a retry, resumes: committed chunks are never sent again,
    and indexes that are missing are built. Stopping it ends its sessions in the server: their chunks are rolled back,
    indexes that are built stay.

    With `import_mode` set to `import-into` it makes one job per table and waits in the triggerer, without a
    worker slot. A retry takes the jobs up that are at work; a clear makes new ones for tables whose job
    failed, once they are empty. Stopping it cancels the jobs.

    With `import_mode` set to `physical` one task runs `tidb-lightning` on the worker, with its output in this
    log. A retry or a clear resumes at its checkpoint; once all rows are in it is not run again. Stopping it
    ends the program.

    :param share: which share of the data files or tables, counted from 0.
    :param deferrable: wait for `IMPORT INTO` in the triggerer (the default), else in the worker.
    :param poll_interval_s: seconds between two looks at its jobs.
    :param compare_with_conn_id: what the checksum step is given; the time left, as it is logged, depends on it.
        (templated)
    :param replica_conn_ids: Airflow connections of type ``mysql`` to replicas of the target, whose lag is asked for
        with ``max_replica_lag_s``; a list, or a text with commas. (templated)
    """

    ui_color = "#cdeed5"
    template_fields: Sequence[str] = (*DumpLoadOperator.template_fields, "compare_with_conn_id", "replica_conn_ids")

    def __init__(
        self,
        *,
        share: int,
        deferrable: bool = True,
        poll_interval_s: float = 10.0,
        compare_with_conn_id: str | None = None,
        replica_conn_ids: Sequence[str] | str = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.share = share
        self.compare_with_conn_id = compare_with_conn_id
        self.replica_conn_ids = replica_conn_ids
        self.deferrable = deferrable
        self.poll_interval_s = poll_interval_s

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import run_import, waits_for_jobs

        if self.deferrable and waits_for_jobs(run):
            return self._submit(run)
        often = replace(run, progress_interval_s=min(run.progress_interval_s, self.poll_interval_s))
        return self._told(run_import(often, self.share))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """The trigger's answer: no job is at work any more. What they came to is written down here."""
        if event["status"] == "error":  # whatever it was, a retry takes the jobs up again
            self.fail_by_event(event)
        return self.repeat(context, self._settle)

    def on_kill(self) -> None:
        """Ask the import to stop; it ends its server sessions or jobs itself and raises LoadInterruptedError."""
        self.log.warning("Asked to stop: what was committed stays, the rest is rolled back or cancelled")
        super().on_kill()

    def _submit(self, run: LoadRun) -> dict[str, Any]:
        """Make the jobs and wait for them in the triggerer, where any is at work."""
        from airflow_dm_loader.loader import submit_jobs
        from airflow_dm_loader.triggers.import_jobs import ImportJobsTrigger

        found = submit_jobs(run, self.share)
        self.log.info("%s", found.describe())
        for line in found.lines():
            self.log.info("%s", line)
        if found.waiting:
            trigger = ImportJobsTrigger(
                config=run.config.to_json(),
                target_conn_id=self.target_conn_id,
                share=self.share,
                poll_interval_s=self.poll_interval_s,
            )
            self.defer(trigger=trigger, method_name="execute_complete")
        return self._settle(run)

    def _settle(self, run: LoadRun) -> dict[str, Any]:
        from airflow_dm_loader.loader import settle_jobs

        return self._told(settle_jobs(run, self.share))

    def _told(self, report: ShareReport) -> dict[str, Any]:
        from airflow_dm_loader.errors import visible_parts
        from airflow_dm_loader.progress.phase_words import describe_share

        found: dict[str, Any] = visible_parts(asdict(report))
        self.log.info("%s", describe_share(found))
        return found
