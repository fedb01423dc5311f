"""``python -m airflow_dm_loader``, as a process of its own and in this one, at a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.command_line.commands import main
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, import_all, load_config, numbered, write_dump
from tests.tables import count, one, query

Said = Callable[..., tuple[int, Any]]


@pytest.fixture
def options(server: PrivateMariaDB, tmp_path: Path) -> list[str]:
    file = tmp_path / "my.cnf"
    file.write_text(
        f"[client]\nhost={server.host}\nport={server.port}\nuser={server.user}\npassword='{server.password}'\n"
    )
    return ["--option-file", str(file)]


@pytest.fixture
def say(options: list[str], capsys: pytest.CaptureFixture[str]) -> Said:
    """A command with --json; its exit code and what it said."""

    def run(command: str, *more: str) -> tuple[int, Any]:
        code = main([command, "--json", *options, *more])
        told = capsys.readouterr()
        return code, json.loads(told.out or told.err)

    return run


def test_a_load_from_planning_to_forgetting(server: PrivateMariaDB, say: Said, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("a", 100))
    settings = tmp_path / "load.yaml"
    settings.write_text(f"task_name: shop\ndump_uri: {folder}\nlogical:\n  chunk_bytes: 4096\n")
    config = ("--config", str(settings))
    assert say("status") == (0, [])

    code, plan = say("plan", *config)
    assert (code, plan["problems"], [table["exists"] for table in plan["tables"]]) == (0, [], [False])
    code, report = say("load", *config, "--set", "on_conflict=accept", "--set", "pool_size=2")
    assert (code, report["rows_sent"], report["outcome"]) == (0, 100, "clean")
    code, report = say("load", *config)
    assert (code, report["skipped"]) == (0, True)
    code, (status,) = say("status", "--task-name", "shop")
    assert (code, status["status"], status["progress"], status["rows"]) == (0, "finished", "100.00 %", 100)
    assert say("forget", "--task-name", "shop") == (0, [{"task_name": "shop", "source_id": "mysql-replica-01"}])
    assert say("status") == (0, [])
    code, told = say("forget", "--task-name", "shop")
    assert (code, told["error"]["code"]) == (1, 34018)
    assert count(server, "s.a") == 100


def test_a_process_says_it_in_a_table_or_in_lines_and_waits_exit_with_3(
    server: PrivateMariaDB, target: TargetConfig, say: Said, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(1,"b")']))
    code, told = say("load", "--set", "task_name=shop", "--set", f"dump_uri={folder}")
    assert (code, told["error"]["code"]) == (3, 34020)

    reached = ("--host", server.host, "--port", str(server.port), "--user", server.user)

    def status(columns: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "airflow_dm_loader", "status", *reached],
            env={**os.environ, "DM_LOADER_PASSWORD": server.password, "COLUMNS": str(columns)},
            capture_output=True,
            text=True,
            check=False,
        )

    done = status(250)
    assert done.returncode == 3, done.stderr
    assert "shop" in done.stdout
    assert "somebody who accepts what was found" in done.stdout
    narrow = status(80).stdout.splitlines()
    assert narrow[0] == "shop / mysql-replica-01: paused, 100.00 %, 2 rows"
    assert narrow[-1] == "  waits for somebody who accepts what was found"
    # MySQL and newer MariaDB make themselves a certificate: there is TLS, and nobody vouches for it.
    has_tls = one(server, "SELECT @@have_ssl") == "YES" if server.flavour == "mariadb" else True
    expected = [r"encrypted, but not verified"] if has_tls else []
    said = done.stderr.splitlines()
    assert [words in line for words, line in zip(expected, said, strict=True)] == [True] * len(expected)


def test_rows_that_were_set_aside_are_replayed(server: PrivateMariaDB, say: Said, tmp_path: Path) -> None:
    create = "(`id` int NOT NULL, `v` varchar(8), PRIMARY KEY (`id`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("t", create, ['(1,"one")', '(2,"far too long")', '(1,"again")']))
    settings = ("task_name=shop", f"dump_uri={folder}", 'max_error_rows={"type":9}', "on_duplicate_logical=manual")
    code, _ = say("load", *(word for setting in settings for word in ("--set", setting)))
    assert code == 3

    code, found = say("replay", "--task-name", "shop", "--hide-values")
    assert (code, found["loaded"], found["left"]) == (1, 0, 2)
    assert "far too long" not in str(found)
    query(server, "ALTER TABLE s.t MODIFY v varchar(20)")
    code, found = say("replay", "--task-name", "shop", "--source-id", "mysql-replica-01")
    assert (code, found["loaded"], found["left"]) == (1, 1, 1)
    code, found = say("replay", "--task-name", "shop", "--replace")
    assert (code, found) == (0, {"loaded": 1, "left": 0, "errors": []})
    assert query(server, "SELECT * FROM s.t ORDER BY 1") == [(1, "again"), (2, "far too long")]
    code, told = say("replay", "--task-name", "other")
    assert (code, told["error"]["code"]) == (1, 34018)


def test_tables_that_were_swapped_in_are_put_back_and_old_loads_are_pruned(
    server: PrivateMariaDB, say: Said, tmp_path: Path
) -> None:
    for night in (1, 2):
        folder = write_dump(tmp_path / f"night{night}", numbered("a", 10 * night))
        settings = (f"task_name=shop-{night}", f"dump_uri={folder}", "on_existing_rows=swap", "swap_rebuild=true")
        code, _ = say("load", *(word for setting in settings for word in ("--set", setting)))
        assert code == 0
    query(server, "CREATE TRIGGER s.watch BEFORE INSERT ON s.a FOR EACH ROW SET NEW.v = 'mine'")

    code, told = say("restore", "--task-name", "shop-2", "--no-swap-rebuild")
    assert (code, "watch on s.a" in told["error"]["message"]) == (1, True)
    assert say("restore", "--task-name", "shop-2") == (0, ["s.a"])
    assert count(server, "s.a") == 10
    assert query(server, "SHOW TRIGGERS FROM s")[0][0] == "watch"
    assert say("restore", "--task-name", "shop-2")[0] == 1
    assert say("prune", "--keep-loads", "1", "--dry-run")[0] == 0


def test_an_airflow_connection_names_the_server(
    server: PrivateMariaDB, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"mysql://{server.user}:{server.password}@{server.host}:{server.port}"
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", uri)
    assert main(["status", "--conn-id", "dm_target"]) == 0
    assert "no load is stored" in capsys.readouterr().out


def test_errors_are_one_line_and_nothing_is_planned_beside_problems(say: Said, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", None, ['(1,"a")']))
    code, plan = say("plan", "--set", "task_name=t", "--set", f"dump_uri={folder}")
    assert (code, len(plan["problems"])) == (1, 1)
    assert say("plan", "--set", "task_name")[0] == 2
    assert say("load", "--set", "task_name=t", "--set", f"dump_uri={tmp_path / 'none'}")[0] == 1
    (tmp_path / "bad.yaml").write_text("{ a: [")
    code, told = say("load", "--config", str(tmp_path / "bad.yaml"))
    assert (code, told["error"]["message"]) == (2, f"{tmp_path / 'bad.yaml'} is neither JSON nor YAML")


def test_views_say_the_same_to_people_with_a_client(
    server: PrivateMariaDB, target: TargetConfig, say: Said, tmp_path: Path
) -> None:
    load_dump(load_config(write_dump(tmp_path / "a", numbered("a", 100)), task_name="first"), target)
    import_all(load_config(write_dump(tmp_path / "b", numbered("b", 30)), task_name="second"), target)

    _, found = say("status")

    assert {
        (load["task_name"], load["status"], load["finished_bytes"], load["total_bytes"], load["rows"], load["begun_at"])
        for load in found
    } == set(
        query(
            server,
            "SELECT task_name, status, CAST(finished_bytes AS UNSIGNED), CAST(total_bytes AS UNSIGNED), "
            "CAST(row_count AS UNSIGNED), CAST(begun_at AS CHAR) FROM dm_meta.dm_loader_status",
        )
    )
    assert query(server, "SELECT task_name, table_name, row_count, verdict FROM dm_meta.dm_loader_history") == [
        ("first", "a", 100, "clean")
    ]
