from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from airflow_dm_loader.engines.import_into.jobs import JobStatus, read_job
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.errors import TargetError

# As in TiDB's documentation.
ROW: dict[str, Any] = {
    "job_id": 17,
    "data_source": "s3://b/p/s.t.*.sql?access-key=xxxxxx",
    "target_table": "`s`.`t`",
    "table_id": 116,
    "phase": "importing",
    "status": "running",
    "source_file_size": "11GB",
    "imported_rows": 950000,
    "result_message": "",
    "create_time": "2023-06-26 11:23:59.281257",
    "start_time": None,
    "end_time": None,
    "created_by": "root@%",
}


def test_a_row_is_read_by_its_columns_names() -> None:
    job = read_job(ROW, Redactor())
    assert (job.job_id, job.table, job.status, job.rows) == (17, ("s", "t"), JobStatus.RUNNING, 950000)
    assert job.describe() == "job 17 of s.t: running, importing, 950,000 rows, 11GB"
    assert job.source == "s3://b/p/s.t.*.sql?access-key=***"


@pytest.mark.parametrize(
    ("said", "status", "ended"),
    [
        ("pending", JobStatus.PENDING, False),
        ("cancelling", JobStatus.RUNNING, False),
        ("finished", JobStatus.FINISHED, True),
        ("FAILED", JobStatus.FAILED, True),
        ("canceled", JobStatus.CANCELLED, True),
        ("cancelled", JobStatus.CANCELLED, True),
        (b"cancelled", JobStatus.CANCELLED, True),
    ],
)
def test_statuses_are_known_in_every_spelling(said: object, status: JobStatus, ended: bool) -> None:
    job = read_job({**ROW, "status": said}, Redactor())
    assert (job.status, job.status.ended) == (status, ended)


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("`s`.`t`", ("s", "t")),
        ("s.t", ("s", "t")),
        ("`a.b`.`c``d`", ("a.b", "c`d")),
        ("`s`.t", ("s", "t")),
    ],
)
def test_tables_are_known_however_they_are_quoted(text: str, table: tuple[str, str]) -> None:
    assert read_job({**ROW, "target_table": text}, Redactor()).table == table


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "teleported"}, "the status 'teleported', which is not known"),
        ({"target_table": "t"}, "the target table 't', which is not known"),
    ],
)
def test_what_is_not_understood_is_an_error_and_no_guess(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(TargetError, match=said):
        read_job({**ROW, **changes}, Redactor())


@pytest.mark.parametrize("column", ["job_id", "target_table", "status", "imported_rows", "result_message"])
def test_a_column_that_is_missing_is_named(column: str) -> None:
    with pytest.raises(TargetError, match=f"has no column {column}"):
        read_job({name: value for name, value in ROW.items() if name != column}, Redactor())


def test_seconds_come_from_start_and_end() -> None:
    start, end = datetime(2026, 1, 1, 12, 0, 0), datetime(2026, 1, 1, 12, 1, 30)  # noqa: DTZ001
    assert read_job({**ROW, "start_time": start, "end_time": end}, Redactor()).seconds == 90.0
    assert read_job(ROW, Redactor()).seconds == 0.0
