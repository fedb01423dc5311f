"""A password of the connection is kept nowhere: not in Airflow's database, logs, XComs or rendered fields."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from dev.dag_runs import Run
from dev.private_etcd import PrivateEtcd

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump


def files_with(words: set[bytes]) -> list[str]:
    """Files of Airflow's home, its database among them, that hold one of the words."""
    home = Path(os.environ["AIRFLOW_HOME"])
    files = [path for path in home.rglob("*") if path.is_file()]
    assert home / "airflow.db" in files
    return [str(path) for path in files if any(word in path.read_bytes() for word in words)]


def test_a_load_that_ends_well_and_one_that_fails_leave_no_password_behind(
    dm_load: DAG,
    server: PrivateMariaDB,
    make_dump: MakeDump,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    good = make_dump({"t": [(1, "a")]}, name="good")
    bad = make_dump({"t": [(2, "far too long for a column of twenty characters")]}, name="bad")

    assert Run.start(dm_load, {"task_name": "good", "dump_uri": str(good)}).state == "success"
    assert Run.start(dm_load, {"task_name": "bad", "dump_uri": str(bad)}).state == "failed"

    words = {server.password, quote(server.password, safe="")}
    assert files_with({word.encode() for word in words}) == []
    assert files_with({str(bad).encode()})  # the search finds what is there
    said = "".join((caplog.text, *capfd.readouterr()))
    assert "Data too long" in said
    assert not [word for word in words if word in said]


@pytest.mark.parametrize("is_right", [True, False])
def test_neither_does_a_dm_task_file_nor_an_account_of_etcd(
    dm_load_task_file: DAG,
    make_dump: MakeDump,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    is_right: bool,
) -> None:
    in_file, of_etcd = "c4n4ry-in-the-file", "c4n4ry-of-etcd"
    make_dump({"t": [(1, "a")]}, name="dump.shop")
    monkeypatch.setenv("AIRFLOW__DM_LOADER__TASK_FILE_FOLDERS", str(tmp_path))
    (tmp_path / "task.yaml").write_text(f"""
name: shop
task-mode: full
target-database: {{host: elsewhere, port: 1, user: u, password: {in_file}}}
mysql-instances: [{{source-id: north, loader: {{dir: {tmp_path}/dump}}}}]
""")
    with PrivateEtcd() as etcd:
        etcd.ask_for_accounts(of_etcd if is_right else "another")
        monkeypatch.setenv("AIRFLOW_CONN_DM_ETCD", f"etcd://loader:{of_etcd}@127.0.0.1:{etcd.port}")
        run = Run.start(
            dm_load_task_file,
            {"dm_task_file": str(tmp_path / "task.yaml"), "barrier": "etcd", "etcd_conn_id": "dm_etcd"},
        )
    assert run.state == ("success" if is_right else "failed"), run.states()
    assert files_with({in_file.encode(), of_etcd.encode()}) == []
    said = "".join((caplog.text, *capfd.readouterr()))
    assert "target-database is not used" in said
    assert ("refuses this account" in said) is not is_right
    assert "c4n4ry" not in said
