from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.engines.import_into.jobs import ImportJob, JobStatus
from airflow_dm_loader.engines.import_into.load_tables import LoadTables, ShareJobs
from airflow_dm_loader.errors import ConnectionLostError, RowError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.triggers import import_jobs
from airflow_dm_loader.triggers.import_jobs import ImportJobsTrigger
from tests.airflow.blocking import BlockingCall

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = LoadConfig(task_name="t", dump_uri="s3://dumps/d", import_mode="import-into")
TABLES = LoadTables({TableName("s", "a"): (FileRow(0, "s.a.sql", "s", "a", 100),)}, ())


def jobs(status: JobStatus) -> ShareJobs:
    job = ImportJob(17, TableName("s", "a"), "s3://dumps/d/s.a.sql", status, "importing", "100B", 5, "")
    return ShareJobs.of(TABLES, [TableName("s", "a")], [], (job,))


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", "mysql://u:secret@db.example/")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what is seen, look by look; the last one stays."""

    def show(*answers: ShareJobs | Exception) -> None:
        left = list(answers)

        def look(config: LoadConfig, _target: object, share: int) -> ShareJobs:
            assert (config, share) == (CONFIG, 3)
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(import_jobs, "_look", look)

    return show


def trigger() -> ImportJobsTrigger:
    return ImportJobsTrigger(config=CONFIG.to_json(), target_conn_id="dm_target", share=3, poll_interval_s=0.02)


def event(waiting: ImportJobsTrigger) -> dict[str, Any]:
    async def first() -> Any:
        return await anext(waiting.run())

    payload: dict[str, Any] = asyncio.run(first()).payload
    return payload


def test_it_comes_back_from_its_serialised_form_without_a_password() -> None:
    path, kwargs = trigger().serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**kwargs)
    assert again.serialize() == (path, kwargs)
    assert "secret" not in str(kwargs)
    assert "db.example" not in str(kwargs)


def test_it_fires_when_no_job_is_at_work(looks: Callable[..., None]) -> None:
    looks(jobs(JobStatus.PENDING), jobs(JobStatus.RUNNING), jobs(JobStatus.FINISHED))
    assert event(trigger()) == {"status": "done"}


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_it_says_that_a_job_failed(status: JobStatus, looks: Callable[..., None]) -> None:
    looks(jobs(JobStatus.RUNNING), jobs(status))
    assert event(trigger()) == {"status": "failed"}


def test_a_server_that_is_away_for_a_while_does_not_end_the_waiting(looks: Callable[..., None]) -> None:
    looks(ConnectionLostError("gone"), ConnectionLostError("gone"), jobs(JobStatus.FINISHED))
    assert event(trigger()) == {"status": "done"}


def test_any_other_error_becomes_an_event(looks: Callable[..., None]) -> None:
    looks(RuntimeError("broken"))
    assert event(trigger()) == {"status": "error", "message": "broken"}


def test_its_log_tells_phase_rows_and_size_once_for_each_change(
    looks: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    waiting = trigger()
    looks(jobs(JobStatus.RUNNING), jobs(JobStatus.RUNNING), jobs(JobStatus.FINISHED))
    caplog.set_level("INFO")
    said: list[str] = []
    waiting._log = Recorder(said)  # type: ignore[assignment]
    event(waiting)
    assert said.count("job 17 of s.a: running, importing, 5 rows, 100B") == 1
    assert said[-1] == "1 of 1 tables imported, 0 jobs at work"


def test_its_error_holds_no_value_of_a_row_where_they_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object) -> ShareJobs:
        raise RowError("Duplicate entry 'canary' for key 'v'", errno=1062)

    monkeypatch.setattr("airflow_dm_loader.loader.look_at_jobs", look)
    waiting = trigger()
    waiting.config = CONFIG.model_copy(update={"hide_values": True}).to_json()
    told = event(waiting)
    assert told["status"] == "error"
    assert "Duplicate entry '(hidden)' for key 'v'" in told["message"]


class Recorder:
    """Takes the place of a trigger's logger."""

    def __init__(self, said: list[str]) -> None:
        self._said = said

    def info(self, text: str, *values: object) -> None:
        self._said.append(text % values)

    warning = info


def test_a_user_s_kill_cancels_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[LoadConfig, int]] = []

    def cancel(config: LoadConfig, _target: object, share: int) -> int:
        asked.append((config, share))
        return 1

    monkeypatch.setattr(import_jobs, "_cancel", cancel)
    asyncio.run(trigger().on_kill())
    assert asked == [(CONFIG, 3)]


def test_it_never_blocks_the_other_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    look: BlockingCall[ShareJobs] = BlockingCall(jobs(JobStatus.FINISHED))
    monkeypatch.setattr(import_jobs, "_look", look)
    look.run_beside(trigger())
    assert look.others_ran
