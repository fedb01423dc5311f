"""The phases that read and write the load's state: its start and its end, each with a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.assets import alias_outlets, emit_tables
from airflow_dm_loader.operators.branching import BranchingLoadOperator
from airflow_dm_loader.operators.lineage import FinishedLoad, TellsLineage
from airflow_dm_loader.operators.links import remember_load

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun


class PrepareCheckpointOperator(BranchingLoadOperator):
    """Registers the load in the target's meta schema, or finds where it stopped, and branches by what it finds.

    DM's checkpoint `Prepare` and `RegisterCheckPoint`, its load-task lock, and the branches of its `restore`: there
    is something to load (or to resume), the load is paused, or it had been finished before. Where there is, it
    says that this source is ready; if all are, nobody need wait. Fails with 34018 where the stored load is of another
    dump.

    Clearing it looks again; committed chunks stay. A load that is paused is then compared once more, so that clearing
    a whole run never accepts what was found.

    :param wait_task_id: followed where there is something to load, and other sources are not ready yet.
    :param load_task_id: followed where there is something to load.
    :param check_task_id: followed where the load is paused and this task was cleared or retried.
    :param resolve_task_id: followed where the load is paused on duplicates or on a checksum.
    :param finish_task_id: followed where the load had been finished before.
    """

    ui_color = "#e5dcf5"

    def __init__(
        self,
        *,
        wait_task_id: str | None = None,
        load_task_id: str | None = None,
        check_task_id: str | None = None,
        resolve_task_id: str | None = None,
        finish_task_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_task_id = wait_task_id
        self.load_task_id = load_task_id
        self.check_task_id = check_task_id
        self.resolve_task_id = resolve_task_id
        self.finish_task_id = finish_task_id

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import BarrierState, LoadPath, choose_path, prepare_checkpoint
        from airflow_dm_loader.progress.phase_words import describe_registration

        found = prepare_checkpoint(run)
        remember_load(context, run, self.target_conn_id)
        path = choose_path(run)
        self.log.info("%s", describe_registration({**found, "path": path.value}))
        if path is LoadPath.FINISHED:
            task_id = self.finish_task_id
        elif path is LoadPath.RESOLVE:
            task_id = self.check_task_id if context["ti"].try_number > 1 else self.resolve_task_id
        else:
            task_id = self.meet(run, BarrierState.READY, wait_task_id=self.wait_task_id, go_task_id=self.load_task_id)
        return self.follow(context, task_id, {**found, "path": path.value})


class FinishLoadOperator(TellsLineage, BranchingLoadOperator):
    """Sets the load to finished, releases its lock and reports what was loaded.

    The end of DM's `Process`. The XCom is the `LoadReport`. It says that this source has finished; if all have,
    nobody need wait. Clearing it reports again; nothing is sent.

    Each table that this run loaded is an asset, `mysql://host:port/schema/table`, with an event that says how many rows
    it has and how it was compared; other DAGs start on it, or on the alias. A load that had been finished before emits
    none.

    :param wait_task_id: followed where other sources have not finished yet.
    :param clean_task_id: followed where all have.
    :param asset_alias: the ``AssetAlias`` that the events of the tables come through; None: there are none.
    """

    ui_color = "#e5dcf5"

    def __init__(
        self,
        *,
        wait_task_id: str | None = None,
        clean_task_id: str | None = None,
        asset_alias: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(outlets=alias_outlets(asset_alias, kwargs), **kwargs)
        self.asset_alias = asset_alias
        self.wait_task_id = wait_task_id
        self.clean_task_id = clean_task_id

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import BarrierState, finish
        from airflow_dm_loader.metrics import Metrics
        from airflow_dm_loader.progress.words import describe_report

        self.skip_if_stopped(run)
        report = finish(run)
        self.log.info("::group::Tables")
        *tables, total = describe_report(report)
        for line in tables:
            self.log.info("%s", line)
        self.log.info("::endgroup::")
        for warning in report.warnings:
            self.log.warning("%s", warning)
        self.log.info("%s", total)
        if report.replication:
            self.log.info("::group::Replication starts here")
            for line in report.replication.splitlines():
                self.log.info("%s", line)
            self.log.info("::endgroup::")
        next_task_id = self.meet(
            run, BarrierState.FINISHED, wait_task_id=self.wait_task_id, go_task_id=self.clean_task_id
        )
        emit_tables(context, self.asset_alias, run.target, report)
        self.finished_load = FinishedLoad.of(run, report)
        Metrics.of(run.config).finished(report)
        return self.follow(context, next_task_id, report.model_dump(mode="json"))
