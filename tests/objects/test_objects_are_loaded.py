"""Triggers, routines and events of real dumps, made at real servers, through kills, and compared in the end."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import ConfigError, NotCreateStatementError, RowError, TargetError
from airflow_dm_loader.report import LoadReport
from dev.private_mariadb import PrivateMariaDB
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, run_of, write_dump
from tests.faults.attempts import Attempt
from tests.tables import count, one, query

OBJECTS = Path(__file__).parents[1] / "data" / "objects"
ALL = {"triggers": "load", "routines": "load", "events": "load"}
MADE = {"function": 3, "procedure": 3, "event": 3, "trigger": 4}
TRIGGERS = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 'office' ORDER BY 1"
EVENTS = "SELECT event_name, status FROM information_schema.events WHERE event_schema = 'office' ORDER BY 1"
ROUTINES = "SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = 'office'"
ON = [("nightly", "ENABLED"), ("off_one", "DISABLED"), ("once", "ENABLED")]


def config_of(folder: Path, **changes: Any) -> LoadConfig:
    return load_config(folder, **{"objects": ALL, "definer": "drop", **changes})


@pytest.fixture
def folder(server: PrivateServer, tmp_path: Path) -> Path:
    """What mydumper 0.10 wrote of a server of this kind."""
    is_mysql = "mariadb" not in str(one(server, "SELECT LOWER(VERSION())"))
    return Path(copytree(OBJECTS / ("mysql" if is_mysql else "mariadb"), tmp_path / "dump"))


def kinds(report: LoadReport) -> set[str]:
    return {finding.kind for finding in report.findings}


@pytest.mark.servers
def test_all_objects_are_made_after_the_rows_and_work(
    server: PrivateServer, target: TargetConfig, folder: Path
) -> None:
    report = load_dump(config_of(folder, clean_dump_files=True), target)

    assert (report.status, report.outcome, report.objects) == ("finished", "clean", MADE)
    assert kinds(report) - {"create_warning"} == {
        "sql_mode_of_objects", "time_zone_of_events", "texts_of_objects",
    }  # fmt: skip
    assert count(server, "office.audit") == 0  # no trigger ran for a row of the dump
    assert query(server, EVENTS) == ON
    assert [row[0] for row in query(server, TRIGGERS)] == ["aa_second", "orders_ai", "orders_bd", "orders_bi"]
    query(server, "INSERT INTO office.orders (id, qty, note) VALUES (9, 5, '')")
    assert query(server, "SELECT qty, note, total FROM office.orders WHERE id = 9")[0][:2] == (6, "none; given")
    assert one(server, "SELECT g FROM office.dear WHERE id = 9") > 0  # a view that calls a function of the dump
    assert count(server, "office.a_dear_one") == 4
    assert one(server, "SELECT what FROM office.audit") == "new 9"
    latin = (
        "SELECT routine_definition, character_set_client FROM information_schema.routines WHERE routine_name = 'latin'"
    )
    assert query(server, latin) == [("SELECT 'café; latin1' AS x", "latin1")]
    assert not folder.exists()  # nothing of it was left out, so nothing stays


@pytest.mark.servers
def test_what_is_not_said_to_be_loaded_is_told_by_its_files(
    server: PrivateServer, target: TargetConfig, folder: Path
) -> None:
    (folder / "office.dear-schema-view.sql").unlink()
    (folder / "office.a_dear_one-schema-view.sql").unlink()

    report = load_dump(load_config(folder), target)

    left_out = [finding.text for finding in report.findings if finding.kind == "objects_left_out"]
    assert (report.outcome, report.objects, query(server, TRIGGERS), one(server, ROUTINES)) == ("clean", {}, [], 0)
    assert any("office.orders-schema-triggers.sql" in text for text in left_out)
    assert any("office-schema-post.sql" in text for text in left_out)
    assert report.not_loaded == {"triggers": 1, "routines and events": 1}


def test_events_stay_off_where_replication_follows(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    report = load_dump(config_of(folder, mode="all"), target)

    assert "events_off" in kinds(report)
    assert {status for _, status in query(server, EVENTS)} == {"DISABLED"}


@pytest.mark.parametrize("nth", [1, 7, 13])
def test_a_process_killed_between_two_objects_makes_each_once(
    nth: int, server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    config = config_of(folder)
    with Attempt(config, target, point="between two objects", nth=nth) as attempt:
        assert attempt.dies()
    assert {status for _, status in query(server, EVENTS)} <= {"DISABLED"}  # none runs before the load is accepted

    report = load_dump(config, target)

    assert (report.outcome, report.objects, count(server, "office.orders")) == ("clean", MADE, 3)
    assert query(server, EVENTS) == ON
    assert len(query(server, TRIGGERS)) == 4
    assert count(server, "office.audit") == 0


def test_an_object_that_somebody_changed_is_told(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    config = config_of(folder)
    load_until_verified(config, target)
    query(server, "DROP TRIGGER office.orders_ai")
    query(server, "DROP FUNCTION office.vat")
    query(server, "CREATE FUNCTION office.vat(p DECIMAL(10,2)) RETURNS DECIMAL(10,2) DETERMINISTIC RETURN p * 0.3")

    outcome = loader.verify(run_of(config, target))

    told = {finding.kind: finding for finding in outcome.findings}
    assert outcome.verdict == "checksum_differs"
    assert told["missing_object"].pauses
    assert "trigger office.orders_ai" in told["missing_object"].text
    assert "function office.vat" in told["other_definition"].text


def load_until_verified(config: LoadConfig, target: TargetConfig) -> None:
    loader.prepare_checkpoint(run_of(config, target))
    loader.create_tables(run_of(config, target))
    loader.run_import(run_of(config, target))
    loader.create_objects(run_of(config, target))


def test_triggers_do_not_run_for_rows_that_come_later(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    """As where a file is loaded again once the load had come so far."""
    config = config_of(folder)
    load_until_verified(config, target)
    query(server, "DELETE FROM dm_meta.dm_loader_chunk")
    query(server, "UPDATE dm_meta.dm_loader_file SET done = 0")
    query(server, "TRUNCATE TABLE office.orders")

    report = load_dump(config, target)

    assert (report.rows_sent, report.objects, len(query(server, TRIGGERS))) == (3, MADE, 4)
    assert count(server, "office.audit") == 0


def test_an_object_of_the_same_name_stops_the_load_before_its_first_row(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    query(server, "CREATE DATABASE office")
    query(server, "CREATE PROCEDURE office.log_it(w INT) SELECT w")

    with pytest.raises(TargetError, match=r"the target has another procedure office\.log_it"):
        load_dump(config_of(folder), target)

    assert query(server, "SHOW TABLES FROM office") == []


def test_an_equal_object_stays_as_it_is(server: PrivateMariaDB, target: TargetConfig, folder: Path) -> None:
    procedure = "CREATE PROCEDURE office.log_it(w VARCHAR(100)) INSERT INTO audit (what) VALUES (w)"
    charset = "utf8mb4 COLLATE utf8mb4_general_ci"  # as the source had it; not every server's first choice
    server.client(f"SET NAMES {charset}; CREATE DATABASE office CHARACTER SET {charset}; {procedure}")
    made = "SELECT created FROM information_schema.routines WHERE routine_name = 'log_it'"
    before = one(server, made)

    report = load_dump(config_of(folder), target)

    assert (report.outcome, report.objects, one(server, made)) == ("clean", MADE, before)


def test_a_kind_that_is_refused_stops_the_load_by_name(target: TargetConfig, folder: Path) -> None:
    config = load_config(folder, objects={"events": "refuse"})
    with pytest.raises(TargetError, match=r"the dump has the event office\.nightly, and objects refuses events"):
        load_dump(config, target)
    assert "event office.nightly" in loader.plan_dump(config, target).problems[0]


def test_missing_privileges_are_told_before_the_first_row(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    query(server, "CREATE USER less@'%' IDENTIFIED BY 'pw'")
    query(server, "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, CREATE VIEW ON *.* TO less@'%'")
    less = TargetConfig(host=server.host, port=server.port, user="less", password="pw")

    with pytest.raises(TargetError) as caught:
        load_dump(config_of(folder, definer="keep"), less)

    message = caught.value.message
    definer = {"mariadb": "SET USER", "mysql": "SET_ANY_DEFINER"}[server.flavour]
    assert [word for word in ("CREATE ROUTINE", "EVENT", "TRIGGER", definer) if word not in message] == []
    assert query(server, "SHOW DATABASES LIKE 'office'") == []


def test_objects_are_made_in_the_name_that_is_asked_for(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    query(server, "CREATE USER app@localhost")
    query(server, "GRANT ALL ON office.* TO app@localhost")

    load_dump(config_of(folder, definer="replace:app@localhost"), target)

    names = [
        one(server, f"SELECT DISTINCT definer FROM information_schema.{what} WHERE {what[:-1]}_schema = '{schema}'")
        for what, schema in [("triggers", "office"), ("routines", "office"), ("events", "office")]
    ]
    assert names == ["app@localhost"] * 3
    assert one(server, "SELECT DISTINCT definer FROM information_schema.views WHERE table_schema = 'office'") == (
        "app@localhost"
    )


def test_triggers_of_tables_that_go_elsewhere_are_told(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), Table("u", rows=['(1,"a")']))
    for table in ("t", "u"):
        trigger = f"CREATE TRIGGER `on_{table}` BEFORE INSERT ON `{table}` FOR EACH ROW SET NEW.v = 'no';\n"
        (folder / f"s.{table}-schema-triggers.sql").write_text(trigger)
    route = {"schema-pattern": "s", "table-pattern": "t", "target-schema": "s", "target-table": "renamed"}

    report = load_dump(config_of(folder, routes=[route]), target)

    assert report.objects == {"trigger": 1}
    assert any("s.t-schema-triggers.sql" in finding.text for finding in report.findings)
    assert one(server, "SELECT v FROM s.u") == "a"


def test_a_hostile_file_is_refused_before_anything_runs(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    with (folder / "office-schema-post.sql").open("a") as file:
        file.write("GRANT ALL ON *.* TO evil;\n")

    with pytest.raises(NotCreateStatementError):
        load_dump(config_of(folder), target)

    assert query(server, "SHOW DATABASES LIKE 'office'") == []


def test_an_object_that_the_server_refuses_is_told_with_its_place(
    server: PrivateMariaDB, target: TargetConfig, folder: Path
) -> None:
    file = folder / "office-schema-post.sql"
    file.write_bytes(file.read_bytes().replace(b"INSERT INTO audit (what) VALUES (w);", b"INSERT SO audit VALUES (w);"))

    with pytest.raises((TargetError, RowError)) as caught:
        load_dump(config_of(folder), target)

    error = caught.value
    assert (error.file, error.errno) == ("office-schema-post.sql", 1064)
    assert "procedure office.log_it" in error.message
    assert count(server, "office.orders") == 3


def test_definer_must_be_said() -> None:
    with pytest.raises(ConfigError, match="definer must be said"):
        LoadConfig(task_name="t", dump_uri="/d", objects={"events": "load"})
