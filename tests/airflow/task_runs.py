"""Runs one task through Airflow's real task runner, without a database. The only place that knows its internals."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
from airflow.sdk import DAG, TaskInstanceState
from airflow.sdk.api.client import Client
from airflow.sdk.api.datamodels._generated import DagRun, TaskInstance
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor

from dev.airflow_names import serialize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import BaseOperator


@dataclass
class TaskRun:
    """What came of it: the state, the exception, the XComs that it pushed, the bodies that it sent by path.

    ``store``: what Airflow's state store for tasks has after it, ``store_puts`` each key and value that came to it.
    """

    state: str
    error: BaseException | None
    xcoms: dict[str, Any] = field(default_factory=dict)
    requests: dict[str, Any] = field(default_factory=dict)
    store: dict[str, Any] = field(default_factory=dict)
    store_puts: list[tuple[str, Any]] = field(default_factory=list)


def run_task(
    task: BaseOperator,
    *,
    try_number: int = 1,
    max_tries: int = 0,
    conf: Mapping[str, Any] | None = None,
    next_method: str | None = None,
    next_kwargs: Mapping[str, Any] | None = None,
    xcoms: Mapping[str, Any] | None = None,
    store: Mapping[str, Any] | None = None,
) -> TaskRun:
    """Run the task's next try, or resume it at ``next_method``.

    ``xcoms`` are what it can pull of itself, ``store`` what earlier tries left in Airflow's state store for tasks.
    """
    stored: dict[str, Any] = dict(store or {})
    puts: list[tuple[str, Any]] = []
    pushed: dict[str, Any] = dict(xcoms or {})
    sent: dict[str, Any] = {}
    task_instance_id = str(uuid4())
    now = datetime.now(UTC).isoformat()

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        sent[path.replace(task_instance_id, "")] = json.loads(request.content) if request.content else None
        if path.endswith("/run"):
            return httpx.Response(
                200,
                json={
                    "dag_run": _known(
                        DagRun,
                        {
                            "dag_id": task.dag_id,
                            "run_id": "run",
                            "logical_date": now,
                            "data_interval_start": now,
                            "data_interval_end": now,
                            "run_after": now,
                            "start_date": now,
                            "run_type": "manual",
                            "end_date": None,
                            "partition_key": None,
                            "state": "running",
                            "conf": dict(conf or {}),
                            "consumed_asset_events": [],
                        },
                    ),
                    "task_reschedule_count": 0,
                    "max_tries": max_tries,
                    "should_retry": try_number <= max_tries,
                    "next_method": next_method,
                    "next_kwargs": serialize(dict(next_kwargs)) if next_kwargs is not None else None,
                },
            )
        if path.startswith("/xcoms/"):
            key = path.rsplit("/", 1)[1]
            if request.method == "POST":
                pushed[key] = json.loads(request.content)
                return httpx.Response(201, json={})
            return httpx.Response(200, json={"key": key, "value": pushed[key]})
        if path.startswith("/store/ti/"):
            return _from_store(request, stored, puts)
        if path.startswith("/hitlDetails/"):
            return httpx.Response(201, content=request.content)
        return httpx.Response(200, json={})

    client = Client(base_url=None, token="", dry_run=True, transport=httpx.MockTransport(answer))
    result = _with_client(client).start(
        what=TaskInstance(
            id=UUID(task_instance_id),
            task_id=task.task_id,
            dag_id=task.dag_id,
            run_id="run",
            try_number=try_number,
            map_index=-1,
            dag_version_id=UUID(task_instance_id),
        ),
        task=task,
    )
    return TaskRun(TaskInstanceState(result.state).value, result.error, pushed, sent, stored, puts)


def _from_store(request: httpx.Request, stored: dict[str, Any], puts: list[tuple[str, Any]]) -> httpx.Response:
    """As Airflow's server answers for its state store."""
    key = request.url.path.rsplit("/", 1)[1]
    if request.method == "PUT":
        stored[key] = json.loads(request.content)["value"]
        puts.append((key, stored[key]))
    elif request.method == "DELETE":
        stored.pop(key, None)
    elif key not in stored:
        return httpx.Response(404, json={"detail": {"reason": "not_found"}})
    else:
        return httpx.Response(200, json={"value": stored[key]})
    return httpx.Response(204)


def _with_client(client: Client) -> type[InProcessTestSupervisor]:
    """Airflow's runner, but asking ``client``."""

    class Ours(InProcessTestSupervisor):
        @staticmethod
        def _api_client(*_: object, **__: object) -> Client:
            return client

    return Ours


def _known(model: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those fields that this Airflow's model has; it refuses others."""
    return {name: value for name, value in fields.items() if name in model.model_fields}


def a_dag(**kwargs: Any) -> DAG:
    return DAG("unit", schedule=None, **kwargs)
