from __future__ import annotations

import json

from airflow_dm_loader.errors import ConfigError, RowError
from airflow_dm_loader.triggers.events import error_event, error_of


def test_an_error_comes_back_from_json_whole() -> None:
    error = RowError("it broke", remedy="Fix it.", table="s.t", file="f", offset=3, errno=1406, statement="(1)")
    again = error_of(json.loads(json.dumps(error_event(error))))
    assert type(again) is RowError
    assert (str(again), vars(again)) == (str(error), vars(error) | {"code": 34019})


def test_the_number_of_a_setting_comes_back_too() -> None:
    again = error_of(json.loads(json.dumps(error_event(ConfigError("x", code=20058)))))
    assert isinstance(again, ConfigError)
    assert again.code == 20058


def test_an_error_of_a_class_below_ours_comes_back_as_ours() -> None:
    class OfAnEngineError(RowError):
        pass

    assert type(error_of(error_event(OfAnEngineError("x")))) is RowError


def test_what_is_none_of_ours_has_a_message_alone() -> None:
    event = error_event(RuntimeError("broken"))
    assert event == {"status": "error", "message": "broken"}
    assert error_of(event) is None
