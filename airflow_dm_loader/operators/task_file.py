"""Settings from a DM task file (``dm_task_file``), and which of the other settings come before it.

- Each setting that ``config`` names comes before the file.
- A trigger form always names all of them. There, one that has its default, or is empty, is left to the file.
- ``source_id`` chooses the file's instance. A form's default chooses none, unless the file has that source.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.settings.dm_task import DmTask

DM_TASK_FILE = "dm_task_file"
REQUIRED = ("task_name", "dump_uri")  # a form with a task file leaves them empty where that says them


def load_config(raw: Mapping[str, Any]) -> LoadConfig:
    """The settings, from the task file where one is named. Raises ConfigError."""
    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.settings.table import SETTINGS

    said = {name: value for name, value in _flat(raw).items() if name != DM_TASK_FILE}
    is_form = SETTINGS.keys() <= raw.keys()
    said = {name: value for name, value in said.items() if value is not None or not (is_form or name in REQUIRED)}
    task = _read(raw)
    if task is None:
        return LoadConfig(**said)
    source_id, said = _source_and_changes(task, said, is_form=is_form)
    return LoadConfig.from_dm_task(task, source_id, **said)


def task_file_notes(raw: Mapping[str, Any], config: LoadConfig) -> tuple[str, ...]:
    """What the task file says and the load does not use; empty where there is no file."""
    task = _read(raw)
    if task is None:
        return ()
    return (
        *(f"{task.origin}: {note}" for note in task.notes(config.what.source_id, config.what.import_mode)),
        f"{task.origin}: target-database is not used: the target is the Airflow connection target_conn_id",
    )


def _flat(raw: Mapping[str, Any]) -> dict[str, Any]:
    from airflow_dm_loader.errors import ConfigError
    from airflow_dm_loader.settings.grouping import flat

    try:
        return flat(raw)
    except ValueError as error:  # a setting that is said twice
        raise ConfigError(str(error)) from None


def _read(raw: Mapping[str, Any]) -> DmTask | None:
    from airflow_dm_loader.errors import ConfigError
    from airflow_dm_loader.settings.dm_task import read_dm_task

    path = raw.get(DM_TASK_FILE)
    if path in (None, ""):
        return None
    if not isinstance(path, str) or "\n" in path or "\0" in path:
        raise ConfigError(
            f"{DM_TASK_FILE} must be the path of a file",
            remedy="Put the task file where every worker can read it: its text would stand in Airflow's database, with "
            "the password that is in it.",
        )
    return read_dm_task(readable_path(path))


def readable_path(path: str) -> Path:
    """Where a task file really is, links followed; a relative path is one in the DAGs folder.

    Who may trigger a DAG names the file, and who may read logs sees what is wrong in it. So it must be in the DAGs
    folder, or in one that ``[dm_loader] task_file_folders`` of airflow.cfg adds.

    Raises:
        ConfigError: it is elsewhere (20018), whether or not there is such a file.
    """
    from airflow.configuration import conf

    from airflow_dm_loader.errors import ConfigError

    dags = Path(conf.get_mandatory_value("core", "dags_folder"))
    more = str(conf.get("dm_loader", "task_file_folders", fallback="") or "")
    folders = [dags, *(Path(folder.strip()) for folder in more.split(",") if folder.strip())]
    found = (dags / path).resolve()
    if not any(found.is_relative_to(folder.resolve()) for folder in folders):
        raise ConfigError(
            f"{DM_TASK_FILE}: {path!r} is in none of the folders that task files are read from",
            code=20018,
            remedy="Put it into the DAGs folder, or have its folder added to task_file_folders in the section "
            "dm_loader of airflow.cfg.",
        )
    return found


def _source_and_changes(task: DmTask, said: Mapping[str, Any], *, is_form: bool) -> tuple[str | None, dict[str, Any]]:
    from airflow_dm_loader.settings.fields import plain_default

    changes = dict(said)
    source_id = changes.pop("source_id", None)
    if is_form:
        changes = {name: value for name, value in changes.items() if name in REQUIRED or value != plain_default(name)}
        if source_id == plain_default("source_id") and source_id not in task.sources:
            source_id = None
    return source_id, changes
