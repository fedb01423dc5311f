"""The asset events of a load that has finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.operators.assets import table_uri
from airflow_dm_loader.operators.clean import CleanDumpFilesOperator
from airflow_dm_loader.operators.importing import CreateTablesOperator, RunImportOperator
from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from airflow_dm_loader.operators.state import FinishLoadOperator, PrepareCheckpointOperator
from airflow_dm_loader.operators.verify import AnalyzeOperator, ChecksumOperator
from airflow_dm_loader.task_group import DumpLoadTaskGroup
from tests.airflow.task_runs import TaskRun, a_dag, run_task

if TYPE_CHECKING:
    from pathlib import Path

    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump


def load(dump: Path, **settings: Any) -> TaskRun:
    config = {"task_name": "shop", "dump_uri": str(dump), "on_duplicate_logical": "manual", **settings}
    with a_dag():
        return run_task(LoadDumpOperator(task_id="load", config=config, asset_alias="loaded"))


def finish(dump: Path) -> TaskRun:
    """The end of a load that was verified, by the group's last operators."""
    config = {"task_name": "shop", "dump_uri": str(dump)}
    with a_dag():
        steps = [
            PrepareCheckpointOperator(task_id="prepare", config=config),
            CreateTablesOperator(task_id="create", config=config),
            RunImportOperator(task_id="import", share=0, config=config),
            ChecksumOperator(task_id="checksum", config=config),
        ]
        # What follows it is skipped, by an exception of Airflow's: its events must not be lost with that.
        end = FinishLoadOperator(task_id="finish", config=config, asset_alias="loaded", clean_task_id="clean")
        end >> [
            CleanDumpFilesOperator(task_id="clean", config=config),
            AnalyzeOperator(task_id="skipped", config=config),
        ]
    for step in steps:
        run = run_task(step)
        assert run.state == "success", run.error
    return run_task(end)


def events(run: TaskRun) -> list[dict[str, Any]]:
    bodies = [body for body in run.requests.values() if isinstance(body, dict)]
    return [event for body in bodies for event in body.get("outlet_events") or ()]


@pytest.mark.usefixtures("dm_target")
def test_each_table_of_a_finished_load_has_an_event(make_dump: MakeDump, server: PrivateMariaDB) -> None:
    run = load(make_dump({"t": [(1, "one"), (2, "two")], "u": [(1, "one")]}))
    assert run.state == "success", run.error
    found = {event["dest_asset_key"]["uri"]: event for event in events(run)}
    place = f"mysql://{server.host}:{server.port}/s"
    assert set(found) == {f"{place}/t", f"{place}/u"}
    event = found[f"{place}/t"]
    assert event["source_alias_name"] == "loaded"
    load_id = event["extra"].pop("load_id")
    assert load_id == run.xcoms["return_value"]["load_id"]
    assert isinstance(load_id, int)
    assert event["extra"] == {
        "rows": 2,
        "row_count": "passed",
        "checksum": "not_compared",
        "outcome": "clean",
        "accepted": False,  # nobody had to
        "binlog_name": "vm-bin.000001",
        "binlog_pos": 606443,
        "gtid": "0-7-28",
        "task_name": "shop",
        "source_id": "mysql-replica-01",
    }


@pytest.mark.usefixtures("dm_target")
def test_the_last_task_of_a_group_emits_them_once(make_dump: MakeDump, server: PrivateMariaDB) -> None:
    dump = make_dump({"t": [(1, "one"), (2, "two")]})
    run = finish(dump)
    assert run.state == "success", run.error
    place = f"mysql://{server.host}:{server.port}/s"
    assert [event["dest_asset_key"]["uri"] for event in events(run)] == [f"{place}/t"]
    assert events(run)[0]["extra"]["rows"] == 2
    assert any("skip" in path for path in run.requests)


@pytest.mark.usefixtures("dm_target")
def test_a_load_that_was_not_accepted_has_none_and_one_that_was_has_them(make_dump: MakeDump) -> None:
    dump = make_dump({"t": [(1, "first"), (1, "second")]})
    paused = load(dump)
    assert (paused.state, events(paused)) == ("failed", [])
    accepted = load(dump, on_conflict="accept")
    assert accepted.state == "success", accepted.error
    assert [event["extra"]["outcome"] for event in events(accepted)] == ["has_duplicates"]


def test_a_table_s_name_is_quoted_in_its_uri() -> None:
    target = TargetConfig(host="db.example", port=4000)
    assert table_uri(target, "my shop.größe/x") == "mysql://db.example:4000/my%20shop/gr%C3%B6%C3%9Fe%2Fx"
    assert table_uri(TargetConfig(host="::1", port=1), "s.t") == "mysql://[::1]:1/s/t"


def test_a_group_s_events_come_through_an_alias_of_its_own() -> None:
    with a_dag() as dag:
        DumpLoadTaskGroup("shop", config={"task_name": "t", "dump_uri": "/d"})
    (alias,) = dag.get_task("shop.finish").outlets
    assert alias.name == "dm:unit.shop"
