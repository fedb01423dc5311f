"""What an import knows of the comparison that comes after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.progress.forecast import ComparisonForecast, TableReading
from airflow_dm_loader.report import LoadStatus
from airflow_dm_loader.verify.expected import forecast_comparison
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import SAMPLES, WITH_KEY, import_all, load_config, numbered, prepare, run_of, write_dump
from tests.tables import query

INDEXED = WITH_KEY.replace("PRIMARY KEY (`id`)", "PRIMARY KEY (`id`), KEY `v` (`v`)")


def forecast_of(config: LoadConfig, target: TargetConfig, *, with_source: bool = False) -> ComparisonForecast | None:
    run = run_of(config, target, compare_with=target if with_source else None)
    with run.open_stored() as (meta, load):
        return forecast_comparison(run, meta, load, run.open_dump().plan)


def readings(config: LoadConfig, target: TargetConfig) -> dict[str, TableReading]:
    forecast = forecast_of(config, target)
    assert forecast is not None
    return {".".join(table): reading for table, reading in forecast.tables.items()}


def statuses(config: LoadConfig, target: TargetConfig) -> list[LoadStatus]:
    """What a load says until its import ends."""
    said: list[LoadStatus] = []
    load_dump(config, target, said.append, progress_interval_s=0)
    return [status for status in said if status.compared_bytes is None]


def test_rows_are_counted_and_the_dump_s_checksums_are_compared(target: TargetConfig) -> None:
    config = load_config(SAMPLES / "mydumper-1.0")
    prepare(config, target)
    found = readings(config, target)
    size = (SAMPLES / "mydumper-1.0" / "shop.customers.00000.sql").stat().st_size
    assert found["shop.customers"] == TableReading(size, rows=1200, readings=2)

    older = load_config(SAMPLES / "mydumper-0.10", task_name="older")  # its metadata has neither
    prepare(older, target)
    assert (readings(older, target)["shop.customers"].rows, readings(older, target)["shop.customers"].readings) == (
        None,
        1,
    )


def test_a_table_that_had_rows_before_is_not_read(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    server.client(
        b"CREATE DATABASE s; CREATE TABLE s.a (id int PRIMARY KEY, v varchar(40)); INSERT INTO s.a VALUES (0,'x')"
    )
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 10), numbered("b", 10)))
    prepare(config, target)
    assert {name: reading.readings for name, reading in readings(config, target).items()} == {"s.a": 0, "s.b": 1}


def test_a_table_that_another_source_loads_into_is_not_read(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("a", 10))
    sources = {"sources": ("one", "two"), "dump_uri": str(folder)}
    one, two = (load_config(folder, source_id=name, **sources) for name in ("one", "two"))
    prepare(one, target)
    assert readings(one, target)["s.a"].readings == 1
    loader.prepare_checkpoint(run_of(two, target))
    assert readings(one, target)["s.a"].readings == 0


def test_no_comparison_takes_no_time(target: TargetConfig, tmp_path: Path) -> None:
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 10)), checksum="off")
    said = statuses(config, target)
    assert {status.comparison_s for status in said} == {0}
    assert forecast_of(config, target) is None


def test_the_first_load_does_not_know_what_its_comparison_takes_and_the_next_does(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 2000), numbered("b", 500)))
    assert {status.comparison_s for status in statuses(config, target)} == {None}
    [(seconds,)] = query(server, "SELECT seconds FROM dm_meta.dm_loader_pace WHERE step = 'comparison'")

    server.client(b"DROP DATABASE s")
    said = statuses(config.model_copy(update={"remove_meta": True}), target)

    for status in said:
        assert status.comparison_s is not None
        assert 0 < status.comparison_s <= seconds
        assert status.eta_s is None or status.eta_s >= status.comparison_s
    assert said[-1].eta_s == said[-1].comparison_s


def test_what_a_comparison_with_the_source_took_is_told_by_one_only(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 300)))
    load_dump(config, target)
    with_source = forecast_of(config, target, with_source=True)
    alone = forecast_of(config, target)
    assert with_source is not None
    assert alone is not None
    assert with_source.estimate({}, None).seconds is None
    assert alone.estimate({}, None).seconds is not None

    loader.verify(loader.LoadRun.of(config, target, compare_with=target))

    with_source = forecast_of(config, target, with_source=True)
    assert with_source is not None
    assert with_source.estimate({}, None).seconds is not None
    assert {step for (step,) in query(server, "SELECT step FROM dm_meta.dm_loader_pace")} == {
        "comparison",
        "with source",
    }


def test_the_building_of_indexes_tells_what_the_comparison_takes(
    target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_dm_loader.plan.load_plan.LARGE_TABLE_BYTES", 1)
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 100, INDEXED), numbered("b", 2000)))

    said = statuses(config, target)

    assert said[0].comparison_s is None
    assert said[-1].comparison_s
    assert said[-1].indexes_s == 0


def test_the_next_load_knows_what_its_indexes_take_before_one_is_built(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_dm_loader.plan.load_plan.LARGE_TABLE_BYTES", 1)
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 2000, INDEXED)))
    first = [status for status in statuses(config, target) if status.indexes_waiting]
    assert {status.indexes_s for status in first} == {None}

    server.client(b"DROP DATABASE s")
    again = statuses(config.model_copy(update={"remove_meta": True}), target)

    for status in again:
        if status.indexes_waiting:
            assert status.indexes_s is not None
            assert status.eta_s is None or status.eta_s >= status.indexes_s
    assert again[-1].indexes_s == 0


def test_a_comparison_that_was_done_before_knows_how_long_it_takes(
    target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(write_dump(tmp_path / "dump", numbered("a", 2000)))
    import_all(config, target)
    loader.verify(run_of(config, target))
    monkeypatch.setattr("airflow_dm_loader.verify.comparison._TICK_S", 0)
    said: list[LoadStatus] = []

    loader.verify(loader.LoadRun.of(config, target, on_progress=said.append, progress_interval_s=0))

    assert said
    for status in said:  # one table: only the comparison before can tell
        assert status.eta_s is not None
        assert all(table.eta_s is not None for table in status.tables)
