"""Names, values and texts of servers can neither forge a line nor turn one, wherever people read them."""

from __future__ import annotations

import ast
import logging
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.errors import LoaderError, TargetError, visible, visible_parts
from airflow_dm_loader.logs import Lines, visible_log
from airflow_dm_loader.progress.error_block import error_block
from airflow_dm_loader.report import Finding, LoadReport, TableReport
from airflow_dm_loader.triggers.events import error_event
from tests.hostile.our_patterns import sources

FORGED = "t\n\x1b[31mERROR\x1b[0m\u202e\u2066\u200f\u2028\x07\x9b"
SHOWN = r"t\n\x1b[31mERROR\x1b[0m\u202e\u2066\u200f\u2028\x07\x9b"


def is_plain(text: str) -> bool:
    return not any(unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for char in text)


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    assert is_plain(visible(text))


def test_the_log_shows_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log = visible_log("airflow_dm_loader.of_this_test")

    log.info("table %s, %d rows, %.1f s: %s", FORGED, 3, 0.5, ValueError(FORGED))
    log.warning("%s", Lines("two\nlines"))

    assert caplog.messages == [f"table {SHOWN}, 3 rows, 0.5 s: {SHOWN}", "two\nlines"]
    assert {record.funcName for record in caplog.records} == {"test_the_log_shows_them"}


def test_errors_show_them() -> None:
    error = TargetError(FORGED, table=FORGED, file=FORGED, remedy=FORGED, statement=FORGED)

    assert is_plain(str(error))
    assert all(map(is_plain, error_block(error).splitlines()))
    assert is_plain(str(LoaderError(FORGED)))


def test_reports_show_them() -> None:
    report = LoadReport(
        task_name=FORGED, source_id="s", status="finished", tables=(TableReport(table=FORGED, rows=1, data_bytes=1),),
        findings=(Finding(kind="k", text=FORGED, table=FORGED),), warnings=(FORGED,), not_loaded={FORGED: 1},
        replication=f"SET a;\n{FORGED};\n",
    )  # fmt: skip

    told = report.model_dump(mode="json")

    assert told["tables"][0]["table"] == told["warnings"][0] == told["findings"][0]["text"] == SHOWN
    assert told["not_loaded"] == {SHOWN: 1}
    assert told["replication"].count("\n") == 3
    assert is_plain(report.model_dump_json().replace("\\n", ""))


def test_values_that_go_to_airflow_s_database_show_them() -> None:
    assert visible_parts({FORGED: [FORGED, 1, None, (FORGED,)]}) == {SHOWN: [SHOWN, 1, None, (SHOWN,)]}
    assert is_plain(error_event(ValueError(FORGED))["message"])


def test_triggers_write_through_the_door() -> None:
    """A trigger's log is Airflow's own."""
    for module, tree in sources().items():
        if module.startswith("triggers"):
            used = ast.unparse(tree)
            assert used.count("self.log") == used.count("VisibleLog(self.log)"), module


def test_nobody_writes_past_the_door() -> None:
    """Tasks have a log of their own, which ``DumpLoadOperator.log`` makes visible."""
    users = {module for module, tree in sources().items() if "logging.getLogger" in ast.unparse(tree)}

    assert users == {"logs"}
