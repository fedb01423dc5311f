"""The form and the task group with a DM task file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader.config import Level, LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.operators.base import parse_config
from airflow_dm_loader.operators.params import task_file_params
from airflow_dm_loader.operators.task_file import task_file_notes
from dev.dag_runs import Run, register

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from tests.airflow.conftest import MakeDump, Query

CANARY = "c4n4ry-p4ssw0rd"


@pytest.fixture
def task_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__DM_LOADER__TASK_FILE_FOLDERS", f"/nowhere, {tmp_path}")
    path = tmp_path / "task.yaml"
    path.write_text(f"""
name: shop
task-mode: all
target-database: {{host: elsewhere, port: 1, user: u, password: {CANARY}}}
loaders:
  here: {{dir: {tmp_path}/dump, pool-size: 2, checksum-physical: optional}}
mysql-instances:
  - source-id: north
    loader-config-name: here
    syncer-thread: 4
""")
    return path


def form(**changes: Any) -> str:
    """What a form sends: every param."""
    params = task_file_params(dm_task_file="")
    return json.dumps({name: param.value for name, param in params.items()} | changes)


def test_a_form_s_defaults_are_left_to_the_file_and_its_changes_are_not(task_file: Path) -> None:
    config = parse_config(form(dm_task_file=str(task_file), pool_size=3, dump_uri="/other"))
    assert (config.what.task_name, config.what.source_id, config.what.mode) == ("shop", "north", "all")
    assert (config.work.pool_size, config.what.dump_uri, config.verify.checksum) == (3, "/other", Level.OPTIONAL)


def test_what_a_task_group_says_comes_before_the_file_even_a_default(task_file: Path) -> None:
    config = parse_config({"dm_task_file": str(task_file), "pool_size": 4, "checksum": "required"})
    assert (config.work.pool_size, config.verify.checksum, config.what.source_id) == (4, Level.REQUIRED, "north")
    with pytest.raises(ConfigError, match="there is no source-id 'west'"):
        parse_config({"dm_task_file": str(task_file), "source_id": "west"})


def test_a_form_chooses_among_several_sources(task_file: Path) -> None:
    task_file.write_text(task_file.read_text() + "  - source-id: mysql-replica-01\n    loader-config-name: here\n")
    assert parse_config(form(dm_task_file=str(task_file))).what.source_id == "mysql-replica-01"
    assert parse_config(form(dm_task_file=str(task_file), source_id="north")).what.source_id == "north"
    with pytest.raises(ConfigError, match="say which source_id"):
        parse_config({"dm_task_file": str(task_file)})


def test_what_a_form_leaves_empty_is_left_to_the_file(task_file: Path) -> None:
    config = parse_config(form(dm_task_file=str(task_file), pool_size=None, checksum=None, sources=None))
    assert (config.work.pool_size, config.verify.checksum) == (2, Level.OPTIONAL)
    with pytest.raises(ConfigError, match="pool_size"):
        parse_config({"dm_task_file": str(task_file), "pool_size": None})  # no form: somebody wrote it


def test_a_form_without_a_file_needs_a_name_and_a_dump() -> None:
    with pytest.raises(ConfigError, match="task_name: is required; dump_uri: is required"):
        parse_config(form())
    assert parse_config(form(task_name="t", dump_uri="/d")) == LoadConfig(task_name="t", dump_uri="/d")


def test_a_setting_of_another_engine_is_refused_from_the_form_and_from_a_task_group() -> None:
    said = {"task_name": "t", "dump_uri": "/d", "pd_addr": "pd:2379"}
    grouped = {"what": {"task_name": "t", "dump_uri": "/d"}, "physical": {"pd_addr": "pd:2379"}}
    for raw in (form(**said), said, grouped):
        with pytest.raises(ConfigError, match="pd_addr: it is for import_mode physical, and import_mode is logical"):
            parse_config(raw)


def test_a_setting_of_another_engine_is_left_out_of_the_file_but_not_of_what_comes_before_it(task_file: Path) -> None:
    task_file.write_text(task_file.read_text().replace("pool-size: 2", "pool-size: 2, pd-addr: 'pd:1'"))
    raw = json.loads(form(dm_task_file=str(task_file)))
    config = parse_config(raw)
    assert config.physical.pd_addr is None
    left_out = f"{task_file}, line 6: pd-addr is for import-mode physical; it is left out"
    assert left_out.replace(", line", ": line") in task_file_notes(raw, config)
    assert parse_config(form(dm_task_file=str(task_file), import_mode="physical")).physical.pd_addr == "pd:1"
    with pytest.raises(ConfigError, match="pd_addr: it is for import_mode physical"):
        parse_config(form(dm_task_file=str(task_file), pd_addr="pd:2"))
    with pytest.raises(ConfigError, match="pd_addr: it is for import_mode physical"):
        parse_config({"dm_task_file": str(task_file), "physical": {"pd_addr": "pd:2"}})


def test_a_task_group_may_say_settings_by_group(task_file: Path) -> None:
    config = parse_config({"dm_task_file": str(task_file), "what": {"source_id": "north"}, "work": {"pool_size": 5}})
    assert (config.what.source_id, config.work.pool_size) == ("north", 5)
    with pytest.raises(ConfigError, match="pool_size: it is said twice"):
        parse_config({"dm_task_file": str(task_file), "pool_size": 4, "work": {"pool_size": 5}})


@pytest.mark.parametrize("wrong", [f"name: x\npassword: {CANARY}\n", f"{CANARY}\0", 3, ["a"]])
def test_a_file_s_text_is_no_path_and_is_not_repeated(wrong: object) -> None:
    with pytest.raises(ConfigError, match="must be the path of a file") as caught:
        parse_config({"dm_task_file": wrong})
    assert CANARY not in str(caught.value)


# Which files are read


@pytest.fixture
def dags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dags"
    folder.mkdir()
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(folder))
    return folder


def test_a_file_in_the_dags_folder_is_read_also_by_its_relative_path(dags: Path, task_file: Path) -> None:
    (dags / "tasks").mkdir()
    task_file.rename(dags / "tasks" / "task.yaml")
    for path in ("tasks/task.yaml", f"{dags}/tasks/../tasks/task.yaml"):
        assert parse_config({"dm_task_file": path}).what.task_name == "shop"


def test_a_link_is_read_where_it_leads_into_a_folder_that_may_be_read(
    dags: Path, task_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dags / "task.yaml").symlink_to(task_file)
    assert parse_config({"dm_task_file": "task.yaml"}).what.task_name == "shop"
    monkeypatch.delenv("AIRFLOW__DM_LOADER__TASK_FILE_FOLDERS")
    with pytest.raises(ConfigError, match="in none of the folders"):
        parse_config({"dm_task_file": "task.yaml"})


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/none-such", "../outside.yaml", "x/../../outside.yaml", "/proc/self/environ"]
)
def test_a_file_elsewhere_is_refused_whether_it_exists_or_not(dags: Path, path: str) -> None:
    (dags.parent / "outside.yaml").write_text(CANARY)
    with pytest.raises(ConfigError) as caught:
        parse_config({"dm_task_file": path})
    assert caught.value.code == 20018
    assert caught.value.message == f"dm_task_file: {path!r} is in none of the folders that task files are read from"


def test_a_folder_whose_name_only_begins_so_is_another(dags: Path) -> None:
    other = dags.with_name("dags2")
    other.mkdir()
    (other / "task.yaml").write_text(CANARY)
    with pytest.raises(ConfigError, match="in none of the folders"):
        parse_config({"dm_task_file": str(other / "task.yaml")})


def test_in_python_any_file_is_read(task_file: Path, dags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__DM_LOADER__TASK_FILE_FOLDERS")
    assert LoadConfig.from_dm_task(task_file).what.task_name == "shop"


def test_the_dag_runs_from_a_task_file_and_tells_what_it_does_not_use(
    dm_load_task_file: DAG,
    make_dump: MakeDump,
    query: Query,
    task_file: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_dump({"t": [(1, "one")]}, name="dump.shop")
    run = Run.start(register(dm_load_task_file), {"dm_task_file": str(task_file)})
    assert run.state == "success", run.states()
    assert query("SELECT * FROM s.t") == ((1, "one"),)
    assert query("SELECT task_name, source_id FROM dm_meta.dm_loader_load") == (("shop", "north"),)
    said = caplog.text + capsys.readouterr().out
    assert "line 10: mysql-instances[0].syncer-thread belongs to DM's sync unit" in said
    assert "target-database is not used" in said
    assert CANARY not in said
