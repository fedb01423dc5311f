"""Loads whose settings come from a task file."""

from __future__ import annotations

from pathlib import Path

from airflow_dm_loader import LoadConfig, TargetConfig, load_dump
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import count


def test_a_task_file_alone_loads_what_dm_dumped(server: PrivateMariaDB, tmp_path: Path) -> None:
    write_dump(tmp_path / "dumped_data.shop", Table("t", rows=['(1,"a"),(2,"b")']))
    task = tmp_path / "task.yaml"
    task.write_text(f"""
name: shop
task-mode: full
meta-schema: dm_state
clean-dump-file: true
target-database:
  host: {server.host}
  port: {server.port}
  user: {server.user}
  password: "{server.password}"
loaders:
  here: {{dir: {tmp_path}/dumped_data, pool-size: 2}}
mysql-instances:
  - source-id: north
    loader-config-name: here
""")
    report = load_dump(LoadConfig.from_dm_task(task), TargetConfig.from_dm_task(task))
    assert (report.status, report.rows) == ("finished", 2)
    assert count(server, "s.t") == 2
    assert count(server, "dm_state.dm_loader_load") == 1
    assert not (tmp_path / "dumped_data.shop").exists()


def test_variables_of_tidb_are_set_on_tidb_alone_and_a_warning_says_so(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    config = load_config(tmp_path / "dump", session={"tidb_retry_limit": 10, "net_retry_count": 11})
    report = load_dump(config, target)
    assert report.rows == 1
    name = {"mariadb": "MariaDB", "mysql": "MySQL"}[server.flavour]
    assert [line for line in report.warnings if line.startswith("session: ")] == [
        f"session: tidb_retry_limit is TiDB's own, and the target is {name}: it is not set"
    ]
