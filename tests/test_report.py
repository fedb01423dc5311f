from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, ValidationError

from airflow_dm_loader.report import LoadReport, LoadStatus, TableReport, percent

REPORT = LoadReport(
    task_name="test",
    source_id="mysql-replica-01",
    status="finished",
    outcome="has_duplicates",
    outcome_id="o1",
    accepted=True,
    tables=(TableReport(table="s.t", rows=2, data_bytes=30, replaced=1, checksum="passed", seconds=0.5),),
    rows=2,
    binlog_pos=None,
    not_loaded={"triggers": 1},
    warnings=("w",),
)
STATUS = LoadStatus(finished_bytes=1, total_bytes=3, progress="33.33 %", bps=1)


@pytest.mark.parametrize(
    ("finished", "total", "done", "text"),
    [
        (0, 0, False, "0.00 %"),
        (0, 0, True, "100.00 %"),
        (0, 7, False, "0.00 %"),
        (1, 3, False, "33.33 %"),
        (2, 3, False, "66.67 %"),
        (7, 7, False, "100.00 %"),
        (7, 7, True, "100.00 %"),
        (10**15, 3 * 10**15, False, "33.33 %"),
    ],
)
def test_percent_is_dm_s_text(finished: int, total: int, done: bool, text: str) -> None:
    assert percent(finished, total, done) == text


@pytest.mark.parametrize("value", [REPORT, STATUS])
def test_what_a_load_tells_survives_json(value: BaseModel) -> None:
    assert type(value).model_validate_json(value.model_dump_json()) == value
    assert type(value).model_validate(json.loads(json.dumps(value.model_dump(mode="json")))) == value


@pytest.mark.parametrize("value", [REPORT, STATUS, REPORT.tables[0]])
def test_what_a_load_tells_is_frozen_and_knows_its_names(value: BaseModel) -> None:
    name = next(iter(type(value).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(value, name, "other")
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(value).model_validate({**value.model_dump(), "rowz": 1})


@pytest.mark.parametrize(
    ("field", "value"), [("status", "done"), ("outcome", "clear"), ("tables", [{"table": "s.t", "checksum": "ok"}])]
)
def test_words_that_are_not_of_the_vocabulary_are_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        LoadReport.model_validate({**REPORT.model_dump(), field: value})


def test_a_status_has_dm_s_names() -> None:
    assert {"finished_bytes", "total_bytes", "progress", "bps", "meta_binlog", "meta_binlog_gtid"} <= set(
        LoadStatus.model_fields
    )


def test_a_report_says_nothing_that_is_not_known() -> None:
    report = LoadReport(task_name="test", source_id="s", status="paused")
    assert (report.outcome, report.accepted, report.binlog_name, report.binlog_pos) == (None, False, "", None)
    assert (TableReport(table="s.t", rows=0, data_bytes=0).checksum, report.tables) == ("not_compared", ())
