"""How long an import still takes, with clocks that are set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from airflow_dm_loader.dump.data_formats import SQL
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.inventory import DataFile
from airflow_dm_loader.engines.logical import outlook as outlook_module
from airflow_dm_loader.engines.logical.file_work import FileWork
from airflow_dm_loader.engines.logical.index_builder import IndexBuilder
from airflow_dm_loader.engines.logical.outlook import Outlook
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.progress.forecast import ComparisonForecast, RowPace, TableReading, reading_work
from airflow_dm_loader.progress.speed import SpeedWindow
from airflow_dm_loader.progress.table_clock import Pace
from airflow_dm_loader.report import IndexStage
from airflow_dm_loader.state.files import FileRow

A, B = TableName("s", "a"), TableName("s", "b")


class Builds:
    """An index builder at some moment."""

    def __init__(
        self, left: Mapping[TableName, float] | None, together: float | None, waiting: tuple[TableName, ...]
    ) -> None:
        self._left = left
        self._together = together
        self.stages: dict[TableName, IndexStage] = dict.fromkeys(waiting, "waiting")
        self.shown: Pace | None = None
        self.asked: Mapping[TableName, float] = {}

    def left(self, readings: Mapping[TableName, float]) -> Mapping[TableName, float] | None:
        self.asked = readings
        return self._left

    def seconds_left(self, readings: Mapping[TableName, float]) -> float | None:
        return self._together

    def pace(self, readings: Mapping[TableName, float]) -> Pace | None:
        return self.shown


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(outlook_module, "SpeedWindow", lambda: SpeedWindow(found))
    return found


def file(table: TableName, file_bytes: int, finished_bytes: int = 0, rows: int = 0) -> FileWork:
    name = f"{table}.sql"
    source = DataFile(name, *table, SQL, Compression.NONE, file_bytes)
    planned = PlannedFile(0, source, *table)
    return FileWork(planned, FileRow(0, name, *table, file_bytes), {}, finished_bytes, rows)


def outlook_of(
    builds: Builds, *work: FileWork, forecast: ComparisonForecast | None = None, before: RowPace | None = None
) -> Outlook:
    return Outlook(work, cast("IndexBuilder", builds), forecast, before)


def test_indexes_of_a_table_that_is_not_begun_are_built_when_all_rows_are_in() -> None:
    look = outlook_of(Builds({A: 7.0}, 7.0, (A,)), file(A, 1000)).look(20.0)
    assert look.index_seconds == 7


def test_indexes_that_are_built_while_other_rows_come_take_no_time_of_their_own(clock: Clock) -> None:
    work = file(A, 1000, 1000), file(B, 9000, 10)
    outlook = outlook_of(Builds({A: 7.0}, 7.0, (A,)), *work)
    assert outlook.look(20.0).index_seconds == 0
    assert outlook.look(5.0).index_seconds == 2


def test_a_table_s_indexes_wait_for_its_own_rows_only(clock: Clock) -> None:
    a, b = file(A, 1000, 100), file(B, 9000, 10)
    outlook = outlook_of(Builds({A: 7.0}, 7.0, (A,)), a, b)
    outlook.look(20.0)
    clock.now_s, a.finished_bytes = 4.0, 500
    assert outlook.look(20.0).index_seconds == 0  # in 5 s its rows are in, and in 12 s its indexes
    assert outlook.look(10.0).index_seconds == 2


def test_more_indexes_than_connections_take_their_turns() -> None:
    builds = Builds({A: 7.0, B: 7.0}, 14.0, (A, B))
    outlook = outlook_of(builds, file(A, 10, 10), file(B, 10, 10))
    assert outlook.look(0.0).index_seconds == 14


def test_builds_that_nothing_is_known_of_are_not_known() -> None:
    outlook = outlook_of(Builds(None, None, (A,)), file(A, 10, 10))
    look = outlook.look(0.0)
    assert look.index_seconds is None
    assert [(table.table, table.indexes, table.eta_s) for table in look.tables] == [("s.a", "waiting", None)]


def test_a_table_s_time_is_of_its_rows_its_indexes_and_its_comparison(clock: Clock) -> None:
    a, b = file(A, 1000, 100, rows=10), file(B, 1000)
    readings = {table: TableReading(1000, None, 1) for table in (A, B)}
    work = reading_work(1000, 100)
    forecast = ComparisonForecast(readings, connections=1, before=Pace(work * 2, 6.0))
    builds = Builds({A: 7.0}, 7.0, (A,))
    outlook = outlook_of(builds, a, b, forecast=forecast)
    [before] = outlook.look(None).tables
    assert before.eta_s is None  # its speed is not known yet

    clock.now_s, a.finished_bytes, a.rows = 4.0, 500, 50
    look = outlook.look(15.0)

    [table] = look.tables
    assert (table.finished_bytes, table.total_bytes) == (500, 1000)
    assert table.eta_s == pytest.approx(5 + 7 + 3)
    assert look.comparison.seconds == pytest.approx(6)
    assert builds.asked == {A: work, B: work}  # the other one is taken for one like it


def test_a_table_that_is_complete_is_not_shown() -> None:
    look = outlook_of(Builds({}, 0.0, ()), file(A, 10, 10), file(B, 10, 5)).look(1.0)
    assert [table.table for table in look.tables] == ["s.b"]
    assert look.index_seconds == 0


def test_until_rows_have_a_speed_they_go_as_fast_as_the_last_time_and_a_stall_is_no_such_time() -> None:
    a = file(A, 1000)
    outlook = outlook_of(Builds({}, 0.0, ()), a, file(B, 500), before=RowPace({A: 0.1, B: 0.2}, connections=2))

    assert outlook.look(None).row_seconds == 100
    a.finished_bytes = 500
    assert outlook.look(None).row_seconds == 75
    assert outlook.look(5.0).row_seconds == 5
    assert outlook.look(None).row_seconds is None
