from __future__ import annotations

import asyncio
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConnectionLostError
from airflow_dm_loader.triggers import barrier
from airflow_dm_loader.triggers.barrier import LoadBarrierTrigger
from tests.airflow.blocking import BlockingCall

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = LoadConfig(task_name="t", source_id="a", sources=("a", "b"), dump_uri="/d", wait_for_sources=True)


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", "mysql://u:secret@db.example/")


def trigger(*, seconds: float = 60.0) -> LoadBarrierTrigger:
    return LoadBarrierTrigger(
        config=CONFIG.to_json(),
        target_conn_id="dm_target",
        wait_for="ready",
        deadline=time.time() + seconds,
        poll_interval_s=0.02,
    )


def event(waiting: LoadBarrierTrigger) -> dict[str, Any]:
    async def first() -> Any:
        return await anext(waiting.run())

    payload: dict[str, Any] = asyncio.run(first()).payload
    return payload


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what the barrier shows, look by look; the last one stays."""

    def show(*answers: tuple[str, ...] | Exception) -> None:
        left = list(answers)

        def look(config: LoadConfig, *_: object) -> tuple[str, ...]:
            assert config == CONFIG
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(barrier, "_missing", look)

    return show


def test_it_comes_back_from_its_serialised_form_without_a_password() -> None:
    path, kwargs = trigger().serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**kwargs)
    assert again.serialize() == (path, kwargs)
    assert "secret" not in str(kwargs)
    assert "db.example" not in str(kwargs)


def test_it_fires_when_nobody_is_missing(looks: Callable[..., None]) -> None:
    looks(("b",), ("b",), ())
    assert event(trigger()) == {"status": "arrived"}


def test_it_names_who_is_missing_at_the_deadline(looks: Callable[..., None]) -> None:
    looks(("b",))
    assert event(trigger(seconds=0.1)) == {"status": "timeout", "missing": ["b"]}


def test_a_server_that_is_away_for_a_while_does_not_end_the_waiting(looks: Callable[..., None]) -> None:
    looks(ConnectionLostError("gone"), ConnectionLostError("gone"), ())
    assert event(trigger()) == {"status": "arrived"}


def test_a_server_that_is_away_at_the_deadline_is_told(looks: Callable[..., None]) -> None:
    looks(ConnectionLostError("gone"))
    found = event(trigger(seconds=0.1))
    assert found["status"] == "error"
    assert "gone" in found["message"]


def test_any_other_error_becomes_an_event(looks: Callable[..., None]) -> None:
    looks(RuntimeError("broken"))
    assert event(trigger()) == {"status": "error", "message": "broken"}


def test_it_never_blocks_the_other_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    look: BlockingCall[tuple[str, ...]] = BlockingCall(())
    monkeypatch.setattr(barrier, "_missing", look)
    look.run_beside(trigger())
    assert look.others_ran
