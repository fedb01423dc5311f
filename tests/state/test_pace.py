from __future__ import annotations

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.progress.table_clock import Pace
from airflow_dm_loader.state import pace
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.pace import Step
from airflow_dm_loader.target.connection import Database


def test_the_last_comparison_of_each_source_and_kind_is_kept(target: TargetConfig) -> None:
    north, south = (LoadConfig(task_name="t", source_id=name, dump_uri="/d") for name in ("north", "south"))
    with Database.open(target) as db:
        meta = Meta(db, "dm_meta")
        meta.create()
        assert pace.last(meta, north, Step.COMPARISON) is None

        pace.keep(meta, north, Step.COMPARISON, Pace(1e15, 7.25))
        pace.keep(meta, north, Step.COMPARISON, Pace(123_456_789.5, 0.125))
        pace.keep(meta, north, Step.COMPARISON_WITH_SOURCE, Pace(5.0, 6.0))

        assert pace.last(meta, north, Step.COMPARISON) == Pace(123_456_789.5, 0.125)
        assert pace.last(meta, north, Step.COMPARISON_WITH_SOURCE) == Pace(5.0, 6.0)
        assert pace.last(meta, south, Step.COMPARISON) is None
