"""A whole load as a task group, for anybody's DAG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

# First, since it refuses an Airflow that is too old by a sentence.
import airflow_dm_loader.airflow_floor  # noqa: F401

# isort: split
from airflow.sdk import DAG, BaseOperator, TaskGroup, TriggerRule

from airflow_dm_loader.operators.base import documentation
from airflow_dm_loader.operators.clean import CleanDumpFilesOperator
from airflow_dm_loader.operators.importing import CreateTablesOperator, RunImportOperator
from airflow_dm_loader.operators.metadata import FetchDumpMetadataOperator
from airflow_dm_loader.operators.resolve import ResolveConflictsOperator
from airflow_dm_loader.operators.retries import retry_defaults
from airflow_dm_loader.operators.state import FinishLoadOperator, PrepareCheckpointOperator
from airflow_dm_loader.operators.streaming import StreamDumpOperator
from airflow_dm_loader.operators.task_file import DM_TASK_FILE
from airflow_dm_loader.operators.verify import AnalyzeOperator, ChecksumOperator
from airflow_dm_loader.sensors.barrier import LoadBarrierSensor
from airflow_dm_loader.sensors.dump import WaitForDumpSensor


class DumpLoadTaskGroup(TaskGroup):
    """Loads one dump; put several with the same ``task_name`` and ``sources`` into a DAG to merge shards.

    Each table that it loaded is an asset, ``mysql://host:port/schema/table``; its events come through the
    ``AssetAlias`` ``dm:DAG_ID.GROUP_ID``, on which another DAG can be scheduled.

    Args:
        group_id: prefix of the ids of its tasks.
        config: the fields of ``LoadConfig``: a dict whose strings may hold templates, or a JSON string.
        target_conn_id: Airflow connection of type ``mysql``; a template.
        dump_conn_id: Airflow connection to the storage of the dump; a template. None: a local dump, or credentials
            from the worker's environment.
        etcd_conn_id: Airflow connection to the etcd that holds the barrier, with ``barrier=etcd``; a template.
        mask_conn_id: Airflow connection whose password is the key of values that are hashed, with ``mask``; a template.
        wait_for_dump: begin with a :class:`~airflow_dm_loader.sensors.dump.WaitForDumpSensor`, for runs that may start
            before the dump has finished; a mapping is its arguments, for example ``{"timeout": 6 * 3600}``. "stream":
            begin with a :class:`~airflow_dm_loader.operators.streaming.StreamDumpOperator`, which loads files as they
            are finished. A ``config`` that is a text must say ``wait_for_dump: stream``, too.
        compare_with_conn_id: Airflow connection of type ``mysql`` to the server that the dump was made of; a template.
            The checksum step then compares all values with its tables.
        replica_conn_ids: Airflow connections of type ``mysql`` to replicas of the target, whose lag is asked for with
            ``max_replica_lag_s``; a list, or a text with commas; a template.
        import_args: more arguments for the mapped ``run_import`` tasks, for example ``pool``, ``queue``,
            ``executor_config`` or ``max_active_tis_per_dagrun``.
        default_args: over the DAG's, which are over :func:`retry_defaults`.
    """

    def __init__(
        self,
        group_id: str,
        config: Mapping[str, Any] | str,
        target_conn_id: str = "dm_target",
        *,
        dump_conn_id: str | None = None,
        etcd_conn_id: str | None = None,
        mask_conn_id: str | None = None,
        wait_for_dump: bool | Literal["stream"] | Mapping[str, Any] = False,
        compare_with_conn_id: str | None = None,
        replica_conn_ids: Sequence[str] | str = (),
        import_args: Mapping[str, Any] | None = None,
        default_args: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(group_id=group_id, **kwargs)
        # TaskGroup has merged in what an outer group says; the DAG's own come below that.
        self.default_args = {
            **retry_defaults(),
            **self.dag.default_args,
            **self.default_args,
            **(default_args or {}),
        }
        with self:
            add_load_tasks(
                self,
                config,
                target_conn_id,
                dump_conn_id=dump_conn_id,
                etcd_conn_id=etcd_conn_id,
                mask_conn_id=mask_conn_id,
                wait_for_dump=wait_for_dump,
                compare_with_conn_id=compare_with_conn_id,
                replica_conn_ids=replica_conn_ids,
                import_args=import_args,
            )


def add_load_tasks(
    parent: TaskGroup | DAG,
    config: Mapping[str, Any] | str,
    target_conn_id: str = "dm_target",
    *,
    dump_conn_id: str | None = None,
    etcd_conn_id: str | None = None,
    mask_conn_id: str | None = None,
    wait_for_dump: bool | Literal["stream"] | Mapping[str, Any] = False,
    compare_with_conn_id: str | None = None,
    replica_conn_ids: Sequence[str] | str = (),
    import_args: Mapping[str, Any] | None = None,
) -> None:
    """Add the tasks of one load to the group or DAG whose ``with`` block this is."""
    if wait_for_dump == "stream" and not isinstance(config, str):
        config = {"wait_for_dump": "stream", **config}
    group = parent.task_group if isinstance(parent, DAG) else parent
    common: dict[str, Any] = {
        "config": config,
        "target_conn_id": target_conn_id,
        "dump_conn_id": dump_conn_id,
        "etcd_conn_id": etcd_conn_id,
        "mask_conn_id": mask_conn_id,
    }

    def named(name: str) -> dict[str, Any]:
        """The arguments of a task inside a subgroup: its label carries the load's group, not the subgroup's name."""
        return {"task_id": group.child_id(name), "task_display_name": group.child_id(name), **common}

    def subgroup(name: str, tooltip: str) -> TaskGroup:
        return TaskGroup(name, prefix_group_id=False, group_display_name=group.child_id(name), tooltip=tooltip)

    waits = _may_have_other_sources(config)

    # What a branch may pass over runs as soon as one of the ways to it was gone.
    where_ways_meet: dict[str, Any] = {"trigger_rule": TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS}

    metadata = FetchDumpMetadataOperator(task_id="fetch_dump_metadata", **common)
    prepare = PrepareCheckpointOperator(
        task_id="prepare_checkpoint",
        wait_task_id=group.child_id("wait_until_all_ready") if waits else None,
        load_task_id=group.child_id("create_tables"),
        check_task_id=group.child_id("checksum"),
        resolve_task_id=group.child_id("resolve_conflicts"),
        finish_task_id=group.child_id("finish"),
        **common,
    )
    with subgroup("import", "Tables, rows, indexes"):
        ready = LoadBarrierSensor(wait_for="ready", **named("wait_until_all_ready")) if waits else None
        tables = CreateTablesOperator(**named("create_tables"), **where_ways_meet)
        rows = RunImportOperator.partial(
            map_index_template="share {{ task.share }}",
            doc_md=documentation(RunImportOperator),
            compare_with_conn_id=compare_with_conn_id,
            replica_conn_ids=replica_conn_ids,
            **named("run_import"),
            **(import_args or {}),
        ).expand(share=tables.output)
    with subgroup("verify", "Row counts, checksums, statistics"):
        checksum = ChecksumOperator(
            compare_with_conn_id=compare_with_conn_id,
            clean_task_id=group.child_id("finish"),
            resolve_task_id=group.child_id("resolve_conflicts"),
            **named("checksum"),
            **where_ways_meet,
        )
        analyze = AnalyzeOperator(**named("analyze"))
    resolve = ResolveConflictsOperator(task_id="resolve_conflicts", **common, **where_ways_meet)
    finish = FinishLoadOperator(
        task_id="finish",
        asset_alias=_alias(parent),
        wait_task_id=group.child_id("wait_until_all_finished") if waits else None,
        clean_task_id=group.child_id("clean_dump_files"),
        **common,
        **where_ways_meet,
    )
    clean = CleanDumpFilesOperator(task_id="clean_dump_files", **common, **where_ways_meet)

    if wait_for_dump == "stream":
        StreamDumpOperator(task_id="stream_dump", replica_conn_ids=replica_conn_ids, **common) >> metadata
    elif wait_for_dump is not False:
        how = {} if wait_for_dump is True else dict(wait_for_dump)
        WaitForDumpSensor(task_id="wait_for_dump", config=config, dump_conn_id=dump_conn_id, **how) >> metadata
    metadata >> prepare
    if ready is not None:
        _edge(prepare, "others are not ready", ready)
        ready >> tables
    _edge(prepare, "all are ready" if waits else "something to load", tables)
    _edge(prepare, "paused", resolve)
    _edge(prepare, "paused, cleared", checksum)  # a paused load is looked at again
    _edge(prepare, "finished before", finish)
    tables >> rows >> [checksum, analyze]
    _edge(checksum, "clean", finish)
    _edge(checksum, "found something", resolve)
    [analyze, resolve] >> finish
    _edge(finish, "all have finished" if waits else "", clean)
    if waits:
        finished = LoadBarrierSensor(task_id="wait_until_all_finished", wait_for="finished", **common)
        _edge(finish, "others have not finished", finished)
        finished >> clean


def _may_have_other_sources(config: Mapping[str, Any] | str) -> bool:
    """Whether a load may have to wait for others. A single source needs no tasks that are always passed over."""
    if isinstance(config, str):  # a form's, say: known when it runs
        return True
    what = config.get("what") or {}
    return any(said.get(name) for said in (config, what) for name in ("sources", DM_TASK_FILE))


def _alias(parent: TaskGroup | DAG) -> str:
    """The alias of the assets of a load: ``dm:DAG`` or ``dm:DAG.GROUP``."""
    return f"dm:{parent.dag_id}" if isinstance(parent, DAG) else f"dm:{parent.dag.dag_id}.{parent.group_id}"


def _edge(branch: BaseOperator, label: str, task: BaseOperator) -> None:
    """A labelled edge between two tasks; ``Label`` would take their groups for them where these differ."""
    branch.set_downstream(task)
    if label:
        branch.dag.set_edge_info(branch.task_id, task.task_id, {"label": label})
