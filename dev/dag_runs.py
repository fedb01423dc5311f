"""Runs a whole DAG in this process, and clears tasks of it as a person does in the UI."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG
    from airflow.serialization.definitions.dag import SerializedDAG

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_minutes = count()
_checked: set[str] = set()  # JSON schemas of params that are in order


@dataclass
class Run:
    """One run of a DAG. Its states are those of the database of Airflow."""

    dag: DAG
    run_id: str
    state: str

    @classmethod
    def start(cls, dag: DAG, conf: Mapping[str, Any] | None = None) -> Run:
        """Run it until nothing is left to do, by ``dag.test()``."""
        moment = _EPOCH + timedelta(minutes=next(_minutes))
        with _hurried():
            return cls._of(dag, dag.test(logical_date=moment, run_conf=dict(conf or {})))

    def clear(self, *task_ids: str, downstream: bool = True) -> Run:
        """Clear tasks, with what follows them as the UI does by default, and run on until nothing is left."""
        from airflow.utils.session import create_session

        wanted = set(task_ids)
        if downstream:
            for task_id in task_ids:
                wanted |= self.dag.get_task(task_id).get_flat_relative_ids(upstream=False)
        with _hurried(), create_session() as session:
            self._serialized().clear(task_ids=wanted, run_id=self.run_id, session=session)
        return self._go_on()

    def states(self) -> dict[str, str | None]:
        """task_id -> state; a mapped task's instances as ``task_id[0]``."""
        return {_name(ti): ti.state for ti in self._task_instances()}

    def tries(self, task_id: str) -> list[int]:
        return [ti.try_number for ti in self._task_instances() if ti.task_id == task_id]

    def ended_at(self) -> dict[str, datetime]:
        return {_name(ti): ti.end_date for ti in self._task_instances()}

    def xcom(self, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session

        with create_session() as session:
            query = XComModel.get_many(
                key=key, task_ids=task_id, dag_ids=self.dag.dag_id, run_id=self.run_id, map_indexes=map_index
            )
            row = session.scalars(query).first()
            return XComModel.deserialize_value(row) if row is not None else None

    def _go_on(self) -> Run:
        """``dag.test()`` once more, but on the run that is there: it would begin with a new one."""
        from airflow.models.dagrun import DagRun
        from airflow.utils.state import DagRunState
        from sqlalchemy import select

        from dev.airflow_names import SerializedDAG

        def this_run(*, dag: SerializedDAG, session: Any, **_: Any) -> DagRun:
            run = session.scalar(select(DagRun).where(DagRun.dag_id == self.dag.dag_id, DagRun.run_id == self.run_id))
            run.dag = dag
            run.state = DagRunState.RUNNING
            session.commit()
            return run  # type: ignore[no-any-return]

        with (
            _hurried(),
            patch("airflow.models.dagrun.get_or_create_dagrun", this_run),
            patch.object(SerializedDAG, "clear_dags"),
        ):
            return self._of(self.dag, self.dag.test())

    def _task_instances(self) -> list[Any]:
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            return list(
                session.scalars(
                    select(TaskInstance)
                    .where(TaskInstance.dag_id == self.dag.dag_id, TaskInstance.run_id == self.run_id)
                    .order_by(TaskInstance.task_id, TaskInstance.map_index)
                )
            )

    def _serialized(self) -> SerializedDAG:
        from dev.airflow_names import DagSerialization

        read: SerializedDAG = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(self.dag))
        return read

    @classmethod
    def _of(cls, dag: DAG, run: DagRun) -> Run:
        return cls(dag, run.run_id, str(run.state))


@contextmanager
def _hurried() -> Iterator[None]:
    """``dag.test()`` sleeps for a second wherever a skip has still to reach the next task; make that short.

    And Airflow checks the JSON schema of each param some thousand times in a run, most of what a run costs: do it once.
    """
    from jsonschema import Draft202012Validator

    sleep, check_schema = time.sleep, Draft202012Validator.check_schema

    def shorter(seconds: float) -> None:
        of_dag_test = Path(sys._getframe(1).f_code.co_filename).match("airflow/sdk/definitions/dag.py")
        sleep(0.01 if of_dag_test else seconds)

    def check_once(schema: Mapping[str, Any]) -> None:
        key = json.dumps(schema, default=repr)
        if key not in _checked:
            check_schema(schema)
            _checked.add(key)

    with patch("time.sleep", shorter), patch.object(Draft202012Validator, "check_schema", check_once):
        yield


def _name(ti: Any) -> str:
    return f"{ti.task_id}[{ti.map_index}]" if ti.map_index >= 0 else str(ti.task_id)


def register(dag: DAG) -> DAG:
    """Make a DAG that is not in the DAGs folder known to Airflow's database."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.collection import update_dag_parsing_results_in_db
    from airflow.serialization.serialized_objects import LazyDeserializedDAG
    from airflow.utils.session import create_session

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
        session.commit()
        update_dag_parsing_results_in_db(
            "dags-folder",
            None,
            [LazyDeserializedDAG.from_dag(dag)],
            import_errors={},
            parse_duration=None,
            warnings=set(),
            session=session,
        )
    return dag
