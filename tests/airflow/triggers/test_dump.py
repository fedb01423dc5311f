from __future__ import annotations

import asyncio
import json
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.access import S3Access
from airflow_dm_loader.errors import ConnectionLostError, DumpRefusedError
from airflow_dm_loader.loader import DumpLook
from airflow_dm_loader.triggers import dump
from airflow_dm_loader.triggers.dump import DumpFinishedTrigger
from tests.airflow.blocking import BlockingCall

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = LoadConfig(task_name="t", dump_uri="s3://bucket/night")
YET_TO_COME, THERE = DumpLook(None, "no metadata"), DumpLook("2026-11-23 17:29:14")


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"conn_type": "aws", "login": "k", "password": "secret", "extra": {"endpoint_url": "http://h.example"}}
    monkeypatch.setenv("AIRFLOW_CONN_DUMPS", json.dumps(fields))


def trigger(*, seconds: float = 60.0, dump_conn_id: str | None = None) -> DumpFinishedTrigger:
    return DumpFinishedTrigger(
        config=CONFIG.to_json(), dump_conn_id=dump_conn_id, deadline=time.time() + seconds, poll_interval_s=0.02
    )


def event(waiting: DumpFinishedTrigger) -> dict[str, Any]:
    async def first() -> Any:
        return await anext(waiting.run())

    payload: dict[str, Any] = asyncio.run(first()).payload
    return payload


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Sets what is found, look by look; the last one stays. Gives the accesses that were used."""

    def show(*answers: DumpLook | Exception) -> list[Any]:
        left, accesses = list(answers), []

        def look(config: str, access: Any) -> DumpLook:
            assert config == CONFIG.to_json()
            accesses.append(access)
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(dump, "_look", look)
        return accesses

    return show


def test_it_comes_back_from_its_serialised_form_without_a_secret() -> None:
    path, kwargs = trigger(dump_conn_id="dumps").serialize()
    module, _, name = path.rpartition(".")
    again = getattr(import_module(module), name)(**kwargs)
    assert again.serialize() == (path, kwargs)
    assert "secret" not in str(kwargs)


def test_it_fires_when_the_dump_has_finished(looks: Callable[..., list[Any]]) -> None:
    accesses = looks(YET_TO_COME, YET_TO_COME, THERE)
    assert event(trigger()) == {"status": "finished", "finished_at": "2026-11-23 17:29:14"}
    assert accesses == [None, None, None]


def test_it_looks_with_the_connection_s_access_and_asks_anew_after_an_error(looks: Callable[..., list[Any]]) -> None:
    accesses = looks(YET_TO_COME, YET_TO_COME, ConnectionLostError("gone"), THERE)
    assert event(trigger(dump_conn_id="dumps"))["status"] == "finished"
    assert all(isinstance(access, S3Access) and access.endpoint == "http://h.example" for access in accesses)
    first, second, third, fourth = accesses
    assert first is second is third
    assert fourth is not third


def test_it_says_what_is_missing_at_the_deadline(looks: Callable[..., list[Any]]) -> None:
    looks(YET_TO_COME)
    assert event(trigger(seconds=0.1)) == {"status": "timeout", "waiting_for": "no metadata"}


def test_a_storage_that_is_away_at_the_deadline_is_told(looks: Callable[..., list[Any]]) -> None:
    looks(ConnectionLostError("gone"))
    found = event(trigger(seconds=0.1))
    assert (found["status"], found["retriable"]) == ("error", True)
    assert "gone" in found["message"]


def test_what_a_person_must_mend_ends_the_waiting(looks: Callable[..., list[Any]]) -> None:
    looks(DumpRefusedError("403"))
    found = event(trigger())
    assert (found["status"], found["retriable"]) == ("error", False)
    assert "[34014] 403" in found["message"]


def test_a_connection_that_is_missing_becomes_an_event(looks: Callable[..., list[Any]]) -> None:
    looks(THERE)
    found = event(trigger(dump_conn_id="nowhere"))
    assert found["status"] == "error"
    assert "nowhere" in found["message"]


def test_it_never_blocks_the_other_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    look: BlockingCall[DumpLook] = BlockingCall(THERE)
    monkeypatch.setattr(dump, "_look", look)
    look.run_beside(trigger(dump_conn_id="dumps"))
    assert look.others_ran
