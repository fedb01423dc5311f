from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSensorTimeout

from airflow_dm_loader import errors, metrics
from airflow_dm_loader.attempts import AT_SERVER
from airflow_dm_loader.config import LoadConfig, OnDuplicate
from airflow_dm_loader.operators.base import DumpLoadOperator, airflow_error, parse_config
from airflow_dm_loader.triggers.events import error_event
from tests.airflow.operators.failing import Failing
from tests.airflow.task_runs import a_dag, run_task
from tests.clocks import FAST, FastClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun

CONFIG = {"task_name": "t", "dump_uri": "/dump"}


class Heard:
    """Takes Airflow's place as what metrics are told."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, dict[str, str]]] = []

    def incr(self, stat: str, count: int = 1, *, tags: dict[str, str]) -> None:
        self.counted += [(stat, tags)] * count


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", "mysql://u:secret@db.example:4000/")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    heard = Heard()
    monkeypatch.setattr(metrics, "airflow_sink", lambda: heard)
    return heard.counted


def every_error(kind: type[errors.LoaderError]) -> list[type[errors.LoaderError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in every_error(child))]


@pytest.mark.parametrize("kind", every_error(errors.LoaderError))
def test_only_what_can_succeed_later_is_raised_as_an_error_that_airflow_retries(kind: type[errors.LoaderError]) -> None:
    raised = airflow_error(kind("it broke"))
    assert isinstance(raised, AirflowException)
    never_retried = isinstance(raised, (AirflowFailException, AirflowSensorTimeout))
    waited_in_vain = issubclass(kind, (errors.BarrierTimeoutError, errors.DumpTimeoutError))
    assert never_retried != (issubclass(kind, errors.RetriableError) and not waited_in_vain)
    assert f"[{kind.code}] it broke" in str(raised)
    assert "What to do: " in str(raised)


def test_a_task_that_a_person_must_mend_fails_although_it_has_retries(counted: list[Any]) -> None:
    error = errors.TargetError("no rights on shop", remedy="Grant them.", table="shop.orders")
    with a_dag():
        task = Failing(task_id="x", config=CONFIG, error=error, retries=3)
    run = run_task(task, max_tries=3)
    assert run.state == "failed"
    assert str(run.error) == str(error)
    assert counted == [
        ("dm_loader_exit_with_error_count", {"task": "t", "source_id": "mysql-replica-01", "resumable_err": "false"})
    ]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What operators say, at every level, and at which."""
    found: list[tuple[str, str]] = []

    class Log:
        def __getattr__(self, level: str) -> Callable[..., None]:
            return lambda text, *args: found.append((level, text % args))

    monkeypatch.setattr(DumpLoadOperator, "log", Log())
    return found


def test_an_error_is_one_block_in_the_log_and_its_stack_is_at_debug(
    told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/")
    error = errors.RowError("too long", remedy="Widen it.", table="s.t", file="s.t.sql", offset=1000, errno=1406)
    with a_dag():
        task = Failing(task_id="x", config=CONFIG, error=error)
    run = run_task(task)
    (_, block), (_, stack) = told
    assert [level for level, _ in told] == ["error", "debug"]
    assert block == (
        "[34019] too long\n"
        "Where: table s.t, file s.t.sql at byte 1,000, server error 1406\n"
        "What to do: Widen it.\n"
        "More: https://airflow.example/dm-loader/errors#rowerror"
    )
    assert run.error is not None
    assert (run.error.__cause__, run.error.__context__) == (None, None)
    assert "in run_phase" in stack


def test_a_stack_repeats_no_value_of_a_row_where_they_are_hidden(told: list[tuple[str, str]]) -> None:
    error = errors.RowError("Duplicate entry 'c4n4ry' for key 'PRIMARY'", errno=1062)
    with a_dag():
        task = Failing(task_id="x", config=CONFIG | {"hide_values": True}, error=error)
    run_task(task)
    assert "in run_phase" in told[1][1]
    assert "Duplicate entry '(hidden)' for key" in told[0][1]
    assert "c4n4ry" not in str(told)


def test_an_error_that_a_trigger_met_is_told_and_counted_as_one_of_the_task(
    counted: list[Any], told: list[tuple[str, str]]
) -> None:
    class Deferred(Failing):
        """Comes back. Clearing it comes back again."""

        def execute_complete(self, context: Context, event: dict[str, Any]) -> None:
            self.fail_by_event(event)

    with a_dag():
        task = Deferred(task_id="x", config=CONFIG, retries=1)
    event = error_event(errors.TargetError("no privileges", remedy="Grant them."))
    run = run_task(task, max_tries=1, next_method="execute_complete", next_kwargs={"event": event})
    assert (run.state, str(run.error)) == ("up_for_retry", "[34019] no privileges | What to do: Grant them.")
    assert [tags["resumable_err"] for name, tags in counted if "error" in name] == ["false"]
    assert told[0][1].startswith("[34019] no privileges\nWhat to do: Grant them.\nMore: ")


def test_a_task_that_can_succeed_later_tries_again_by_itself_before_airflow_does(
    counted: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    with a_dag():
        task = Failing(task_id="x", config=CONFIG, error=errors.LockedError("deadlock"), retries=3)
        task.clock = FAST
    assert run_task(task, max_tries=3).state == "up_for_retry"
    assert task.tried == [1] * AT_SERVER.tries
    assert [tags["resumable_err"] for name, tags in counted if "error" in name] == ["true"]
    assert [message[:28] for message in caplog.messages if "again in" in message] == [
        f"try {number} of x failed, again in " for number in range(1, AT_SERVER.tries)
    ]


def test_a_task_that_succeeds_when_tried_again_is_a_success_of_its_first_try(counted: list[Any]) -> None:
    with a_dag():
        task = Failing(task_id="x", config=CONFIG, error=errors.ConnectionLostError("gone"), times=2)
        task.clock = FAST
    assert run_task(task).state == "success"
    assert task.tried == [1, 1, 1]
    assert counted == [("dm_loader_retry_count", {"task": "t", "source_id": "mysql-replica-01"})] * 2


def test_a_task_that_somebody_stopped_is_no_error_to_count(counted: list[Any]) -> None:
    with a_dag():
        task = Failing(task_id="x", config=CONFIG, error=errors.LoadInterruptedError("asked to stop"))
    assert run_task(task).state == "failed"
    assert counted == []


def test_a_task_that_is_killed_while_it_waits_for_its_next_try_ends_at_once() -> None:
    with a_dag():
        task = Failing(task_id="x", config=CONFIG, error=errors.LockedError("deadlock"), retries=1)
        task.clock = FastClock(times=0.1)  # its first wait is of ten seconds
    timer = threading.Timer(0.2, task.on_kill)
    timer.start()
    assert run_task(task, max_tries=1).state == "up_for_retry"
    timer.join()
    assert task.tried == [1]


def test_settings_that_are_wrong_fail_the_task_and_are_counted_without_names(counted: list[Any]) -> None:
    with a_dag():
        task = Failing(task_id="x", config={"task_name": "t"}, retries=3)
    run = run_task(task, max_tries=3)
    assert run.state == "failed"
    assert "dump_uri: is required" in str(run.error)
    assert counted[0][1] == {"task": "", "source_id": "", "resumable_err": "false"}


def test_templates_are_rendered_inside_the_settings() -> None:
    with a_dag(params={"day": "2026-01-02"}):
        task = Failing(task_id="x", config=CONFIG | {"dump_uri": "/dumps/{{ params.day }}/", "pool_size": 2})
    run = run_task(task, try_number=2)
    assert run.state == "success"
    sent = run.xcoms["return_value"]
    assert '"dump_uri": "/dumps/2026-01-02/"' in sent["config"]
    assert sent["target"] == "db.example:4000"
    assert sent["try"] == 2


def test_the_params_of_a_run_can_be_the_settings() -> None:
    with a_dag(params={"task_name": "t", "dump_uri": "/d'<&>", "target_conn_id": "dm_target", "sources": []}):
        task = Failing(task_id="x", config="{{ params | tojson }}", target_conn_id="{{ params.target_conn_id }}")
    run = run_task(task, conf={"on_duplicate_logical": "error"})
    assert run.state == "success", run.error
    assert LoadConfig.model_validate_json(run.xcoms["return_value"]["config"]) == LoadConfig(
        task_name="t", dump_uri="/d'<&>", on_duplicate_logical=OnDuplicate.ERROR
    )


def test_a_missing_connection_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_dag():
        task = Failing(task_id="x", config=CONFIG, target_conn_id="nowhere")
    run = run_task(task)
    assert run.state == "failed"
    assert "no Airflow connection 'nowhere'" in str(run.error)
    assert "AIRFLOW_CONN_NOWHERE" in str(run.error)


def test_only_the_params_that_name_connections_are_left_out() -> None:
    assert parse_config(CONFIG | {"target_conn_id": "x", "dump_conn_id": None}).what.task_name == "t"
    with pytest.raises(errors.ConfigError, match="taks_name: LoadConfig has no such setting"):
        parse_config(CONFIG | {"taks_name": "x"})


@pytest.mark.parametrize(("raw", "says"), [("{'a'", "not JSON"), ("[]", "not list"), ("{}", "task_name: is required")])
def test_settings_that_are_no_json_object_are_refused_without_repeating_them(raw: str, says: str) -> None:
    with pytest.raises(errors.ConfigError, match=says) as caught:
        parse_config(raw)
    assert "{'a'" not in str(caught.value)


def test_the_task_s_page_is_the_class_docstring_without_its_parameters() -> None:
    with a_dag():
        task = Failing(task_id="x", config=CONFIG)
    assert task.doc_md == "Raises what it is told to. Clearing it raises it again."


class Reading(DumpLoadOperator):
    """Reads the dump. Clearing it reads again."""

    def run_phase(self, run: LoadRun, context: Context) -> str:
        return repr(run.access)


@pytest.mark.parametrize("dump_conn_id", [None, "", "{{ params.dump_conn_id or '' }}"])
def test_without_a_connection_of_the_dump_there_is_no_access(dump_conn_id: str | None) -> None:
    with a_dag(params={"dump_conn_id": None}):
        task = Reading(task_id="x", config=CONFIG, dump_conn_id=dump_conn_id)
    run = run_task(task)
    assert run.state == "success", run.error
    assert run.xcoms["return_value"] == "None"


def test_the_dump_s_connection_is_asked_for_only_by_phases_that_read_the_dump() -> None:
    with a_dag():
        reads = Reading(task_id="reads", config=CONFIG, dump_conn_id="nowhere")
        does_not = Failing(task_id="does_not", config=CONFIG, dump_conn_id="nowhere")
    assert run_task(does_not).state == "success"
    run = run_task(reads)
    assert run.state == "failed"
    assert "no Airflow connection 'nowhere'" in str(run.error)
