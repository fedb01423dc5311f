from __future__ import annotations

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.progress.table_clock import Pace
from airflow_dm_loader.report import TableReport
from airflow_dm_loader.state import history, loads, pace
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.pace import Step
from airflow_dm_loader.target.connection import Database

TABLE = TableName("s", "t")


def last(meta: Meta, config: LoadConfig, step: Step) -> Pace | None:
    return pace.last(meta, config, step, [TABLE], load_id=None)


def test_the_last_comparison_of_each_source_and_kind_is_kept(target: TargetConfig) -> None:
    north, south = (LoadConfig(task_name="t", source_id=name, dump_uri="/d") for name in ("north", "south"))
    with Database.open(target) as db:
        meta = Meta(db, "dm_meta")
        meta.create()
        assert last(meta, north, Step.COMPARISON) is None

        pace.keep(meta, north, Step.COMPARISON, Pace(1e15, 7.25))
        pace.keep(meta, north, Step.COMPARISON, Pace(123_456_789.5, 0.125))
        pace.keep(meta, north, Step.COMPARISON_WITH_SOURCE, Pace(5.0, 6.0))

        assert last(meta, north, Step.COMPARISON) == Pace(123_456_789.5, 0.125)
        assert last(meta, north, Step.COMPARISON_WITH_SOURCE) == Pace(5.0, 6.0)
        assert last(meta, south, Step.COMPARISON) is None


def test_a_load_of_another_name_goes_by_the_last_one_of_its_tables(target: TargetConfig) -> None:
    monday, tuesday = (LoadConfig(task_name=name, dump_uri="/d") for name in ("monday", "tuesday"))
    with Database.open(target) as db:
        meta = Meta(db, "dm_meta")
        meta.create()
        loads.register(meta, monday, fingerprint="", binlog_name="", binlog_pos=None, binlog_gtid="", notes={})
        pace.keep(meta, monday, Step.INDEXES, Pace(10.0, 2.0))
        assert last(meta, tuesday, Step.INDEXES) is None

        load_id = loads.get(meta, monday).load_id
        report = TableReport(table="s.t", rows=5, data_bytes=60, seconds=3.0)
        entry = history.Entry(TABLE, report, file_bytes=60)
        history.keep(meta, monday, load_id, [entry], verdict="clean", accepted=False, token="")

        assert last(meta, tuesday, Step.INDEXES) == Pace(10.0, 2.0)
        assert last(meta, tuesday, Step.COMPARISON) is None
        pace.keep(meta, tuesday, Step.INDEXES, Pace(7.0, 7.0))
        assert last(meta, tuesday, Step.INDEXES) == Pace(7.0, 7.0)
