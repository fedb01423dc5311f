"""The phases that read and write the load's state: its start, its branch and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseBranchOperator

from airflow_dm_loader.operators.base import DumpLoadOperator, Load

if TYPE_CHECKING:
    from airflow.sdk import Context


class PrepareCheckpointOperator(DumpLoadOperator):
    """Registers the load in the target's meta schema, or finds where it stopped.

    DM's checkpoint `Prepare` and `RegisterCheckPoint`, and its load-task lock. Fails with 34018 where the
    stored load is of another dump. Clearing it looks again; committed chunks stay.
    """

    ui_color = "#e5dcf5"

    def run_phase(self, load: Load, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import prepare_checkpoint

        return dict(prepare_checkpoint(load.config, load.target, load.worker, access=load.access, etcd=load.etcd))


class ChoosePathOperator(DumpLoadOperator, BaseBranchOperator):
    """Branches by what the state tables say: load (or go on), look at a paused load, or finished already.

    The branches of DM's `restore`. Clearing it decides again; a load that is paused is then compared
    once more, so that clearing a whole run never accepts what was found.

    :param load_task_id: followed where there is something to load.
    :param check_task_id: followed where the load is paused and this task was cleared or retried.
    :param resolve_task_id: followed where the load is paused on duplicates or on a checksum.
    :param finish_task_id: followed where the load had been finished before.
    """

    ui_color = "#e5dcf5"

    def __init__(
        self, *, load_task_id: str, check_task_id: str, resolve_task_id: str, finish_task_id: str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.load_task_id = load_task_id
        self.check_task_id = check_task_id
        self.resolve_task_id = resolve_task_id
        self.finish_task_id = finish_task_id

    def run_phase(self, load: Load, context: Context) -> Any:
        from airflow_dm_loader.loader import LoadPath, choose_path

        path = choose_path(load.config, load.target)
        looked_before = context["ti"].try_number > 1
        task_ids = {
            LoadPath.LOAD: self.load_task_id,
            LoadPath.RESOLVE: self.check_task_id if looked_before else self.resolve_task_id,
            LoadPath.FINISHED: self.finish_task_id,
        }
        self.log.info("The state tables say: %s", path.value)
        return self.do_branch(context, task_ids[path])


class FinishLoadOperator(DumpLoadOperator):
    """Sets the load to finished, releases its lock and reports what was loaded.

    The end of DM's `Process`. The XCom is the `LoadReport`. Clearing it reports again; nothing is sent.
    """

    ui_color = "#e5dcf5"

    def run_phase(self, load: Load, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import finish
        from airflow_dm_loader.progress import describe_report

        report = finish(load.config, load.target, load.worker, etcd=load.etcd)
        self.log.info("::group::Tables")
        *tables, total = describe_report(report)
        for line in tables:
            self.log.info("%s", line)
        self.log.info("::endgroup::")
        for warning in report.warnings:
            self.log.warning("%s", warning)
        self.log.info("%s", total)
        return report.model_dump(mode="json")
