"""A scheduled run that begins before its dump has finished."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from airflow_dm_loader.errors import ConnectionLostError
from airflow_dm_loader.loader import DumpLook
from airflow_dm_loader.sensors.dump import WaitForDumpSensor
from airflow_dm_loader.task_group import DumpLoadTaskGroup
from dev.dag_runs import Run, register
from tests.airflow.task_runs import a_dag, run_task
from tests.buckets import KEY, KEY_ID, S3Server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.airflow.conftest import MakeDump, Query


def settings(dump_uri: object) -> dict[str, Any]:
    return {"task_name": "shop", "dump_uri": str(dump_uri)}


def sensor(dump_uri: object, **kwargs: Any) -> WaitForDumpSensor:
    with a_dag():
        return WaitForDumpSensor(task_id="wait", config=settings(dump_uri), **kwargs)


def test_a_dump_that_is_there_is_not_waited_for_and_no_target_is_needed(make_dump: MakeDump) -> None:
    dump = make_dump({"t": [(1, "one")]})
    run = run_task(sensor(dump))
    assert run.state == "success", run.error
    assert run.xcoms["return_value"] == {"dump_uri": str(dump), "finished_at": "2026-11-23 17:29:14"}


def test_it_waits_in_the_triggerer_by_default(tmp_path: Path) -> None:
    run = run_task(sensor(tmp_path / "to-come", poke_interval=30, timeout=100))
    assert run.state == "deferred"
    (trigger,) = [body for path, body in run.requests.items() if body and "trigger_kwargs" in str(body)]
    assert "airflow_dm_loader.triggers.dump.DumpFinishedTrigger" in str(trigger)


def answered(event: Mapping[str, Any], **kwargs: Any) -> Any:
    return run_task(
        sensor("/dump", timeout=60, retries=3, **kwargs),
        max_tries=3,
        next_method="execute_complete",
        next_kwargs={"event": dict(event)},
    )


def test_the_trigger_s_answer_ends_it() -> None:
    run = answered({"status": "finished", "finished_at": "now"})
    assert run.state == "success", run.error
    assert run.xcoms["return_value"]["finished_at"] == "now"


def test_a_timeout_says_what_is_missing_and_is_not_retried() -> None:
    run = answered({"status": "timeout", "waiting_for": "there is no 'metadata'"})
    assert run.state == "failed"
    assert "after 60 s the dump of 'shop' has not finished: there is no 'metadata'" in str(run.error)
    assert "What to do" in str(run.error)


def test_with_soft_fail_a_timeout_skips() -> None:
    assert answered({"status": "timeout", "waiting_for": "x"}, soft_fail=True).state == "skipped"


@pytest.mark.parametrize(("retriable", "state"), [(True, "up_for_retry"), (False, "failed")])
def test_an_error_is_retried_where_that_can_help(retriable: bool, state: str) -> None:
    run = answered({"status": "error", "message": "it broke", "retriable": retriable})
    assert (run.state, str(run.error)) == (state, "it broke")


def test_without_the_triggerer_it_gives_its_slot_back_between_looks_and_times_out(tmp_path: Path) -> None:
    waiting = sensor(tmp_path / "to-come", deferrable=False, mode="reschedule")
    assert run_task(waiting).state == "up_for_reschedule"
    run = run_task(sensor(tmp_path / "to-come", deferrable=False, poke_interval=0.05, timeout=0.2))
    assert run.state == "failed"
    assert "has not finished" in str(run.error)


def test_a_storage_that_is_away_for_a_while_only_costs_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    away = ConnectionLostError("the storage is away")
    answers: list[DumpLook | Exception] = []

    def look(*_: object, **__: object) -> DumpLook:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("airflow_dm_loader.loader.look_for_dump", look)
    answers[:] = [away]
    assert run_task(sensor("/dump")).state == "deferred"
    answers[:] = [away, away, DumpLook("now")]
    assert run_task(sensor("/dump", deferrable=False, poke_interval=0.02)).state == "success"
    answers[:] = [away]
    in_vain = run_task(sensor("/dump", deferrable=False, timeout=0, retries=1), max_tries=1)
    assert in_vain.state == "up_for_retry"
    assert "the storage is away" in str(in_vain.error)


def test_a_load_from_s3_begins_when_its_dump_has_finished(
    airflow_db: None, dm_target: str, s3: S3Server, query: Query, make_dump: MakeDump, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"conn_type": "aws", "login": KEY_ID, "password": KEY, "extra": {"endpoint_url": s3.endpoint}}
    monkeypatch.setenv("AIRFLOW_CONN_DUMPS", json.dumps(fields))
    dump = make_dump({"t": [(1, "one"), (2, "two")]})
    uri = f"s3://{s3.bucket}/night"
    moments: list[float] = []

    def write_dump() -> None:
        while not moments:
            time.sleep(0.05)
        for path in sorted(dump.iterdir(), key=lambda path: path.name == "metadata"):  # metadata last
            time.sleep(0.2)
            if path.name == "metadata":
                moments.append(time.time())
            s3.put(f"night/{path.name}", path.read_bytes())

    writer = threading.Thread(target=write_dump)
    with DAG("nightly", schedule=None) as dag:
        DumpLoadTaskGroup("shop", settings(uri), dump_conn_id="dumps", wait_for_dump={"poke_interval": 0.5})
    registered = register(dag)
    writer.start()
    moments.append(time.time())
    run = Run.start(registered)
    writer.join()
    assert run.state == "success", run.states()
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "one"), (2, "two"))
    assert run.ended_at()["shop.wait_for_dump"].timestamp() >= moments[1]
    assert run.xcom("shop.wait_for_dump")["dump_uri"] == uri
