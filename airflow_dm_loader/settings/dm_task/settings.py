"""What a task file says of the load of one source, as fields of LoadConfig."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from airflow_dm_loader.settings.choices import ImportMode
from airflow_dm_loader.settings.dm_task.checks import MODES, OTHERS_DUMP, Fail, block_allow_lists
from airflow_dm_loader.settings.dm_task.decode import Values
from airflow_dm_loader.settings.session_variables import OURS, is_name
from airflow_dm_loader.settings.table import SETTINGS, DmKey

_DIR = "./dumped_data"  # DM's default
_LOGICAL = ("sql", "loader")  # older names of it
TLS = {"ssl-ca": "ca", "ssl-cert": "cert", "ssl-key": "key"}
# Keys that are taken as they are. What is empty or 0 is DM's way to say nothing.
_AS_WRITTEN = {row.dm.path: row.name for row in SETTINGS.values() if isinstance(row.dm, DmKey)}
_LOADER = {path.removeprefix("loaders.*."): name for path, name in _AS_WRITTEN.items() if path.startswith("loaders.*.")}
_TASK = {path: name for path, name in _AS_WRITTEN.items() if "." not in path}

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[KMGTP])?(?:i?B)?", re.IGNORECASE)


class Settings:
    """Fields of LoadConfig, and the line that each comes from."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.lines: dict[str, int] = {}
        self.left_out: list[tuple[int, str]] = []  # line, and what is said there and why it is not taken

    def take(self, setting: str, value: Any, line: int) -> None:
        """Set a field. One that the file does not say is left to LoadConfig's default."""
        self.fields[setting] = value
        self.lines[setting] = line

    def of_other_engines(self, engine: ImportMode | None) -> tuple[tuple[str, int], ...]:
        """Names and lines of those that this engine does not look at; None: the one that the file names.

        None at all where it names one that does not exist, which is refused by name later.
        """
        engine = engine or ImportMode.meant_by(self.fields.get("import_mode", ImportMode.LOGICAL))
        if engine is None:
            return ()
        return tuple((name, line) for name, line in self.lines.items() if engine not in SETTINGS[name].engines)


def load_settings(task: Values, instance: Values, fail: Fail) -> Settings:
    """The settings of one instance's load. ``task`` was checked."""
    settings = Settings()
    settings.take("mode", MODES[task.get("task-mode")], task.at("task-mode"))
    settings.take("source_id", instance.get("source-id"), instance.at("source-id"))
    sources = tuple(other.get("source-id") for other in task.get("mysql-instances"))
    settings.take("sources", sources if len(sources) > 1 else (), task.at("mysql-instances"))
    for key, setting in _TASK.items():
        if task.get(key) not in (None, ""):
            settings.take(setting, task.get(key), task.at(key))
    _take_loader(settings, task, instance, fail)
    _take_rules(settings, task, instance)
    _take_session(settings, task, fail)
    _take_cluster_tls(settings, task)
    return settings


def _take_loader(settings: Settings, task: Values, instance: Values, fail: Fail) -> None:
    loader: Values = instance.get("loader") or Values(line=instance.line)
    if name := instance.get("loader-config-name"):
        loader = task.get("loaders")[name]
    for key, setting in _LOADER.items():
        if loader.get(key) not in (None, "", 0):
            settings.take(setting, loader.get(key), loader.at(key))
    if instance.get("loader-thread"):
        settings.take("pool_size", instance.get("loader-thread"), instance.at("loader-thread"))
    if mode := loader.get("import-mode"):
        mode = "logical" if mode.lower() in _LOGICAL else mode.lower()
        settings.take("import_mode", mode, loader.at("import-mode"))
        if mode == "import-into" and (task.get("shard-mode") or task.get("is-sharding")):
            raise fail(
                loader.at("import-mode"), "import-mode import-into can't merge shards (shard-mode is set)", 20068
            )
    if quota := size_text(loader.get("disk-quota-physical", "")):
        settings.take("disk_quota_physical", quota, loader.at("disk-quota-physical"))
    _take_on_duplicate(settings, loader, fail)
    folder = loader.get("dir") or _DIR
    if task.get("task-mode") not in OTHERS_DUMP:  # there the dump was made by somebody else, who named its folder
        folder = dump_folder(folder, task.get("name"), instance.get("source-id"))
    settings.take("dump_uri", folder, loader.at("dir"))


def size_text(text: str) -> str:
    """A size as DM reads it, whose units are all powers of 1024: ``10g`` -> ``10GiB``. Zero is no size."""
    size = _SIZE.fullmatch(text.strip())
    if size is None:
        return text  # LoadConfig says what is wrong with it
    number, unit = size["number"], (size["unit"] or "").upper()
    return f"{number}{unit}{'iB' if unit else 'B'}" if float(number) else ""


def _take_on_duplicate(settings: Settings, loader: Values, fail: Fail) -> None:
    older, newer = loader.get("on-duplicate"), loader.get("on-duplicate-logical")
    if older and newer and older.lower() != newer.lower():
        line = loader.at("on-duplicate")
        raise fail(line, "on-duplicate, an older name, says something else than on-duplicate-logical", 20054)
    for key in ("on-duplicate", "on-duplicate-logical"):
        if loader.get(key):
            settings.take("on_duplicate_logical", loader.get(key), loader.at(key))


def dump_folder(folder: str, task_name: str, source_id: str) -> str:
    """Where DM's dump unit puts the dump of a task's source, given ``dir``.

    A folder gets ``.task`` at its end, an S3 prefix ``/task.source``; not where it ends so already.
    """
    scheme = urlsplit(folder).scheme if "://" in folder else ""
    suffix = f"/{task_name}.{source_id}" if scheme == "s3" else f".{task_name}"
    if not scheme:
        path = folder.rstrip("/")
        return folder if path.endswith(suffix) else path + suffix
    parts = urlsplit(folder)
    path = parts.path.rstrip("/")
    return folder if path.endswith(suffix) else urlunsplit(parts._replace(path=path + suffix))


def _take_rules(settings: Settings, task: Values, instance: Values) -> None:
    if names := instance.get("route-rules"):
        routes = task.get("routes")
        settings.take("routes", [_plain(routes[name]) for name in names], instance.at("route-rules"))
    for key in ("block-allow-list", "black-white-list"):
        if name := instance.get(key):
            settings.take("block_allow_list", _plain(block_allow_lists(task)[name]), instance.at(key))
            break


def _take_cluster_tls(settings: Settings, task: Values) -> None:
    """DM gives Lightning the target's certificates for TiKV and PD, too."""
    target: Values = task.get("target-database")
    security: Values = target.get("security") or Values()
    tls = {name: security.get(key) for key, name in TLS.items() if security.get(key)}
    if tls and settings.fields.get("import_mode") == ImportMode.PHYSICAL.value:
        settings.take("pd_security", tls, target.at("security"))


def _take_session(settings: Settings, task: Values, fail: Fail) -> None:
    """DM: the task's timezone comes before the session's; sql_mode and time_zone are session variables."""
    target: Values = task.get("target-database")
    session: Values = target.get("session") or Values()
    others: dict[str, str | int] = {}
    for name, value in session.values.items():
        if not is_name(name):
            raise fail(session.at(name), "target-database.session: this is not the name of a session variable", 20003)
        if name.lower() in ("sql_mode", "time_zone"):
            settings.take(name.lower(), str(value), session.at(name))
        elif why := OURS.get(name.lower()):
            settings.left_out.append((session.at(name), f"target-database.session.{name} is left out: {why}"))
        else:
            others[name] = value
    if others:
        settings.take("session", others, target.at("session"))
    if task.get("timezone"):
        settings.take("time_zone", task.get("timezone"), task.at("timezone"))


def _plain(value: Any) -> Any:
    """Values as plain mappings; a text that is empty is DM's way to say nothing."""
    if isinstance(value, Values):
        return {key: _plain(item) for key, item in value.values.items() if item != ""}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
