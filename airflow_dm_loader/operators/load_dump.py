"""A whole load in one task, for DAGs in which a load is one box, or one of many that are mapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_dm_loader.operators.assets import alias_outlets, emit_tables
from airflow_dm_loader.operators.base import DumpLoadOperator
from airflow_dm_loader.operators.lineage import FinishedLoad, TellsLineage
from airflow_dm_loader.operators.links import remember_load

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import BarrierState, LoadRun

_T = TypeVar("_T")


class LoadDumpOperator(TellsLineage, DumpLoadOperator):
    """Loads one dump: all phases of a load, one after the other. The XCom is the `LoadReport`.

    With `wait_for_dump` set to `stream` it loads files as they are finished, while the dump is still being made. It
    waits in the triggerer, without a worker slot, for the other sources of its load task and for jobs of
    `IMPORT INTO`. A retry, or clearing it, goes on: committed chunks are never sent again, and a load that had
    finished sends nothing. Stopping it ends its sessions in the server, or cancels its jobs.

    Where duplicates, a checksum difference or far less than the last time were found it fails with 34020, 34021,
    34101 or 34102. **Clearing it never accepts them**: it compares again. To accept what was found, set `on_conflict`
    to `accept` and clear it. For a form that asks (`ask`), take the task group.

    It can be mapped over dumps that are found at run time: `LoadDumpOperator.partial(task_id="load",
    **retry_defaults()).expand(config=found)`, where each item is a mapping of settings.

    :param deferrable: wait in the triggerer (the default), else in the worker.
    :param poll_interval_s: seconds between two looks at what it waits for.
    :param compare_with_conn_id: Airflow connection of type ``mysql`` to the server that the dump was made of, if all
        values shall be compared with its tables. (templated)
    :param replica_conn_ids: Airflow connections of type ``mysql`` to replicas of the target, whose lag is asked for
        with ``max_replica_lag_s``; a list, or a text with commas. (templated)
    :param asset_alias: the ``AssetAlias`` that the events of its tables come through; None: there are none.
    """

    ui_color = "#cdeed5"
    template_fields: Sequence[str] = (*DumpLoadOperator.template_fields, "compare_with_conn_id", "replica_conn_ids")

    def __init__(
        self,
        *,
        deferrable: bool = True,
        poll_interval_s: float = 10.0,
        compare_with_conn_id: str | None = None,
        replica_conn_ids: Sequence[str] | str = (),
        asset_alias: str | None = None,
        **kwargs: Any,
    ) -> None:
        from airflow_dm_loader.operators.retries import retry_defaults

        super().__init__(outlets=alias_outlets(asset_alias, kwargs), **{**retry_defaults(), **kwargs})
        self.asset_alias = asset_alias
        self.deferrable = deferrable
        self.poll_interval_s = poll_interval_s
        self.compare_with_conn_id = compare_with_conn_id
        self.replica_conn_ids = replica_conn_ids

    def execute(self, context: Context) -> dict[str, Any]:
        """Begin, or go on where an earlier try stopped."""
        return self._with_run(context, self._begin)

    def all_are_ready(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """The trigger's answer: the other sources are there, or are not."""
        return self._after(event, context, "ready", self._send_rows)

    def jobs_have_ended(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """The trigger's answer: no job is at work any more; what they came to is written down now."""
        return self._after(event, context, "ready", self._send_rows)

    def all_have_finished(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """The trigger's answer: the other sources have finished too, or have not."""
        return self._after(event, context, "finished", self._clean)

    # -- the phases, in their order

    def _begin(self, run: LoadRun) -> dict[str, Any]:
        from dataclasses import asdict

        from airflow_dm_loader.config import OnConflict
        from airflow_dm_loader.errors import ConfigError
        from airflow_dm_loader.loader import (
            BarrierState,
            LoadPath,
            choose_path,
            fetch_dump_metadata,
            prepare_checkpoint,
            stream_dump,
            take_turn,
        )
        from airflow_dm_loader.progress.phase_words import describe_registration, describe_stream

        if run.config.verify.on_conflict is OnConflict.ASK:
            raise ConfigError(
                "on_conflict: a load in one task has no form that asks",
                remedy="Use DumpLoadTaskGroup, whose resolve_conflicts asks, or another on_conflict.",
            )
        if run.config.streams:
            self.log.info("%s", describe_stream(asdict(self._phase(run, stream_dump))))
        metadata = self._phase(run, fetch_dump_metadata)
        for warning in metadata.warnings:
            self.log.warning("%s", warning)
        found = self._phase(run, prepare_checkpoint)
        self._phase(run, take_turn)
        path = self._phase(run, choose_path)
        self.log.info("%s", describe_registration({**found, "path": path.value}))
        if path is LoadPath.FINISHED:
            return self._finish(run)
        if path is LoadPath.RESOLVE:  # all is sent; what was found is looked for again, so that no clear accepts it
            return self._compare(run)
        self._wait(run, BarrierState.READY, "all_are_ready")
        return self._send_rows(run)

    def _send_rows(self, run: LoadRun) -> dict[str, Any]:
        from dataclasses import asdict
        from functools import partial

        from airflow_dm_loader.loader import (
            build_indexes,
            create_objects,
            create_tables,
            import_shares,
            run_import,
            stop_after,
        )
        from airflow_dm_loader.progress.phase_words import describe_creation, describe_share

        summary = self._phase(run, create_tables)
        if (stopped := self._phase(run, lambda run: stop_after(run, "schema"))) is not None:
            return stopped.model_dump(mode="json")
        shares = self._phase(run, import_shares)
        self.log.info("%s", describe_creation(summary, len(shares)))
        for share in shares:
            self._wait_for_jobs(run, share)
            report = run.attempts.run("run_import", partial(run_import, run, share))
            self.log.info("%s", describe_share(asdict(report)))
        if (stopped := self._phase(run, lambda run: stop_after(run, "data"))) is not None:
            return stopped.model_dump(mode="json")
        self._phase(run, build_indexes)
        self._phase(run, create_objects)
        return self._compare(run)

    def _compare(self, run: LoadRun) -> dict[str, Any]:
        from airflow_dm_loader.loader import analyze, resolve_conflicts, verify
        from airflow_dm_loader.progress.phase_words import describe_analysis, describe_comparison

        outcome = self._phase(run, verify)
        self.log.info("%s", describe_comparison(outcome.verdict, outcome.tables, outcome.findings))
        self._phase(run, lambda run: resolve_conflicts(run, by_hand=False))
        self.log.info("%s", describe_analysis(self._phase(run, analyze)))
        return self._finish(run)

    def _finish(self, run: LoadRun) -> dict[str, Any]:
        from airflow_dm_loader.loader import BarrierState, finish

        self._phase(run, finish)
        self._wait(run, BarrierState.FINISHED, "all_have_finished")
        return self._clean(run)

    def _clean(self, run: LoadRun) -> dict[str, Any]:
        from airflow_dm_loader.loader import clean_dump_files, finish
        from airflow_dm_loader.progress.phase_words import describe_cleaning
        from airflow_dm_loader.progress.words import describe_report

        report = self._phase(run, finish)  # once more, since a task that waited comes back without it
        for warning in report.warnings:
            self.log.warning("%s", warning)
        for line in describe_report(report):
            self.log.info("%s", line)
        asked = run.config.reading.clean_dump_files
        self.log.info("%s", describe_cleaning(self._phase(run, clean_dump_files), asked=asked))
        return report.model_dump(mode="json")

    # -- how a phase is run, and what is waited for

    def _phase(self, run: LoadRun, phase: Callable[[LoadRun], _T]) -> _T:
        return run.attempts.run(getattr(phase, "__name__", self.task_id), lambda: phase(run))

    def _with_run(self, context: Context, go_on: Callable[[LoadRun], dict[str, Any]]) -> dict[str, Any]:
        def load() -> dict[str, Any]:
            run = self.build_run(context)
            remember_load(context, run, self.target_conn_id)
            found = go_on(run)
            report = LoadReport.model_validate(found)
            if report.stopped_after:
                return found
            emit_tables(context, self.asset_alias, run.target, report)
            self.finished_load = FinishedLoad.of(run, report)
            Metrics.of(run.config).finished(report)
            return found

        from airflow_dm_loader.metrics import Metrics
        from airflow_dm_loader.report import LoadReport

        return self.errors_as_airflow_s(load)

    def _after(
        self, event: dict[str, Any], context: Context, wait_for: str, go_on: Callable[[LoadRun], dict[str, Any]]
    ) -> dict[str, Any]:
        if event["status"] == "error":
            self.fail_by_event(event)

        def follow(run: LoadRun) -> dict[str, Any]:
            if event["status"] == "timeout":
                raise self._timed_out(run, wait_for, event["missing"])
            return go_on(run)

        return self._with_run(context, follow)

    def _wait(self, run: LoadRun, state: BarrierState, then: str) -> None:
        """Say that this source has come so far; come back once all have."""
        import time

        from airflow_dm_loader.errors import LoadInterruptedError
        from airflow_dm_loader.loader import arrive, missing_sources
        from airflow_dm_loader.metrics import Metrics
        from airflow_dm_loader.triggers.barrier import LoadBarrierTrigger

        began = time.time()
        deadline = began + run.config.coordination.barrier_timeout_s
        missing = self._phase(run, lambda run: arrive(run, state))
        while missing:
            self.log.info("Not %s yet: %s", state.value, ", ".join(missing))
            if self.deferrable:
                trigger = LoadBarrierTrigger(
                    config=run.config.to_json(),
                    target_conn_id=self.target_conn_id,
                    etcd_conn_id=self.etcd_conn_id,
                    wait_for=state.value,
                    deadline=deadline,
                    poll_interval_s=self.poll_interval_s,
                )
                self.defer(trigger=trigger, method_name=then)
            if time.time() >= deadline:
                raise self._timed_out(run, state.value, missing)
            if run.attempts.pause(self.poll_interval_s):
                raise LoadInterruptedError("asked to stop while waiting for other sources")
            missing = self._phase(run, lambda run: missing_sources(run, state))
        if len(run.config.what.all_sources) > 1:
            Metrics.of(run.config).waited(state.value, time.time() - began)

    def _timed_out(self, run: LoadRun, wait_for: str, missing: Sequence[str]) -> Exception:
        from airflow_dm_loader.errors import BarrierTimeoutError

        return BarrierTimeoutError(
            f"after {run.config.coordination.barrier_timeout_s} s these sources of {run.config.what.task_name!r} are "
            f"not {wait_for} yet: " + ", ".join(missing)
        )

    def _wait_for_jobs(self, run: LoadRun, share: int) -> None:
        """Leave the worker while jobs of the server send the rows; they are made once, whichever try comes back."""
        from airflow_dm_loader.loader import submit_jobs, waits_for_jobs
        from airflow_dm_loader.triggers.import_jobs import ImportJobsTrigger

        if not (self.deferrable and waits_for_jobs(run)):
            return
        found = self._phase(run, lambda run: submit_jobs(run, share))
        self.log.info("%s", found.describe())
        if found.waiting:
            trigger = ImportJobsTrigger(
                config=run.config.to_json(),
                target_conn_id=self.target_conn_id,
                share=share,
                poll_interval_s=self.poll_interval_s,
            )
            self.defer(trigger=trigger, method_name="jobs_have_ended")
