"""What a load tells Airflow's metrics, as a StatsD server of our own hears it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader import metrics
from airflow_dm_loader.metrics import Metrics
from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from airflow_dm_loader.report import LoadReport, LoadStatus, TableReport, TableStatus
from tests.airflow.task_runs import a_dag, run_task

if TYPE_CHECKING:
    from tests.airflow.conftest import MakeDump

TAGS = {"task": "shop", "source_id": "one"}
DOC = Path(__file__).parents[2] / "docs" / "metrics.md"


class Heard:
    """Takes Airflow's place as what metrics are told: (name, tags) -> value."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def incr(self, stat: str, count: int = 1, *, tags: dict[str, str]) -> None:
        self.gauge(stat, self.values.get(stat, 0) + count, tags=tags)

    def timing(self, stat: str, dt: float, *, tags: dict[str, str]) -> None:
        self.gauge(stat, dt, tags=tags)

    def gauge(self, stat: str, value: float, *, tags: dict[str, str]) -> None:
        self.values[stat] = value
        self.tags[stat] = tags


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()
    monkeypatch.setattr(metrics, "airflow_sink", lambda: heard)
    return heard


def test_a_running_load_tells_how_far_it_is_and_what_its_slowest_table_takes(heard: Heard) -> None:
    tables = [
        TableStatus(table="s.a", finished_bytes=1, total_bytes=2, indexes="none", eta_s=eta)
        for eta in (3.0, 40.0, None)
    ]
    status = LoadStatus(finished_bytes=25, total_bytes=100, progress="25.00 %", bps=7, tables=tuple(tables))
    Metrics(TAGS).running(status)
    assert heard.values == {
        "dm_loader_finished_bytes": 25,
        "dm_loader_total_bytes": 100,
        "dm_loader_bps": 7,
        "dm_loader_progress": 0.25,
        "dm_loader_slowest_table_eta_seconds": 40.0,
    }
    assert all(tags == TAGS for tags in heard.tags.values())


def test_a_load_without_a_byte_has_no_progress_to_divide(heard: Heard) -> None:
    Metrics(TAGS).running(LoadStatus(finished_bytes=0, total_bytes=0, progress="0.00 %", bps=0))
    assert "dm_loader_progress" not in heard.values


def test_a_finished_load_tells_what_this_run_came_to_and_one_that_sent_nothing_does_not(heard: Heard) -> None:
    table = TableReport(table="s.t", rows=9, data_bytes=90, conflicts=2)
    report = LoadReport(
        task_name="shop", source_id="one", status="finished", tables=(table,), rows_sent=9, data_bytes=90, seconds=1.5
    )
    Metrics(TAGS).finished(report.model_copy(update={"skipped": True}))
    assert heard.values == {}
    Metrics(TAGS).finished(report)
    assert heard.values == {
        "dm_loader_rows_count": 9,
        "dm_loader_bytes_count": 90,
        "dm_loader_conflicts_count": 2,
        "dm_loader_duration_time": 1500.0,  # milliseconds
        "dm_loader_progress": 1.0,
    }


@pytest.mark.usefixtures("dm_target")
def test_a_load_in_one_task_is_measured(heard: Heard, make_dump: MakeDump) -> None:
    config = {"task_name": "shop", "source_id": "one", "dump_uri": str(make_dump({"t": [(1, "a"), (2, "b")]}))}
    with a_dag():
        task = LoadDumpOperator(task_id="load", config=config)
    run = run_task(task)
    assert run.state == "success", run.error
    assert (heard.values["dm_loader_rows_count"], heard.values["dm_loader_progress"]) == (2, 1.0)
    assert "dm_loader_barrier_wait_time" not in heard.values  # there is nobody to wait for


def test_airflow_s_own_metrics_take_them() -> None:
    """In a process of its own, since Airflow chooses where metrics go when it is imported."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(60)
        script = (
            "from airflow_dm_loader.metrics import Metrics\n"
            "Metrics({'task': 'shop', 'source_id': 'one'}).waited('ready', 2.5)\n"
        )
        environment = {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(server.getsockname()[1]),
            "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
        }
        subprocess.run([sys.executable, "-c", script], env={**os.environ, **environment}, check=True)
        line = next(line for line in iter(lambda: server.recv(4096).decode(), None) if "dm_loader" in line)
    assert line.startswith("airflow.dm_loader_barrier_wait_time,")
    assert {"task=shop", "source_id=one", "state=ready"} <= set(line.partition(":")[0].split(","))
    assert line.endswith(":2500.000000|ms")


def test_the_page_lists_every_metric() -> None:
    named = set(re.findall(r"^\| `(dm_loader_\w+)` ", DOC.read_text(encoding="utf-8"), re.MULTILINE))
    ours = {value for value in vars(metrics).values() if isinstance(value, str) and value.startswith("dm_loader_")}
    assert named == ours
    assert len(ours) >= 11


def test_the_board_asks_for_metrics_that_there_are() -> None:
    board = json.loads(DOC.with_name("grafana.json").read_text(encoding="utf-8"))
    asked = {
        name for panel in board["panels"] for name in re.findall(r"airflow_(dm_loader_\w+)", str(panel["targets"]))
    }
    assert len(asked) >= 7
    assert asked <= set(re.findall(r"`(dm_loader_\w+)`", DOC.read_text(encoding="utf-8")))
