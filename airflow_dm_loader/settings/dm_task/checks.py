"""What DM checks across the keys of a task file, in DM's order and with DM's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.choices import Mode
from airflow_dm_loader.settings.dm_task.decode import Values

Fail: TypeAlias = Callable[[int, str, int], ConfigError]  # line, message, DM's number

# Where a block's names are used: key of an instance, whether it is a list, DM's number for a name that is not there.
_USED_IN = {
    "routes": ("route-rules", True, 20023),
    "filters": ("filter-rules", True, 20024),
    "expression-filter": ("expression-filters", True, 20040),
    "mydumpers": ("mydumper-config-name", False, 20027),
    "loaders": ("loader-config-name", False, 20029),
    "syncers": ("syncer-config-name", False, 20030),
    "validators": ("validator-config-name", False, 20056),
}
_EITHER = {"mydumper": 20015, "loader": 20016, "syncer": 20017}
# What a load is to be followed by, and whether DM makes its dump.
MODES = {"full": Mode.FULL, "all": Mode.ALL, "load": Mode.FULL, "load&sync": Mode.ALL}
OTHERS_DUMP = ("load", "load&sync")
_MODES_IN_WORDS = "full, all, load or load&sync"


def check_task(task: Values, fail: Fail) -> None:
    """Raises ConfigError for the first thing that is wrong."""
    if not task.get("name"):
        raise fail(task.at("name"), "name: a task needs a name", 20019)
    _check_modes(task, fail)
    if "target-database" not in task:
        raise fail(task.line, "target-database is missing", 20021)
    if task.get("column-mappings"):
        raise fail(task.at("column-mappings"), "column-mappings are not supported any more, as in DM", 20064)
    instances = task.get("mysql-instances", [])
    if not instances:
        raise fail(task.at("mysql-instances"), "mysql-instances: at least one is needed", 20013)
    seen: dict[str, int] = {}
    for instance in instances:
        _check_instance(instance, fail)
        source = instance.get("source-id")
        if source in seen:
            raise fail(instance.at("source-id"), f"this source-id stands in line {seen[source]} too", 20014)
        seen[source] = instance.at("source-id")
    _check_names(task, instances, fail)


def _check_modes(task: Values, fail: Fail) -> None:
    mode = task.get("task-mode")
    if mode in ("incremental", "dump"):
        raise fail(task.at("task-mode"), f"task-mode {mode!r} has no load: use {_MODES_IN_WORDS}", 20020)
    if mode not in MODES:
        raise fail(task.at("task-mode"), f"task-mode must be {_MODES_IN_WORDS}", 20020)
    sharding = task.get("shard-mode") or ("pessimistic" if task.get("is-sharding") else "")
    if sharding not in ("", "pessimistic", "optimistic"):
        raise fail(task.at("shard-mode"), "shard-mode must be pessimistic or optimistic", 20033)
    if task.get("strict-optimistic-shard-mode") and sharding != "optimistic":
        line = task.at("strict-optimistic-shard-mode")
        raise fail(line, "strict-optimistic-shard-mode needs shard-mode optimistic", 20066)
    if task.get("collation_compatible") not in (None, "", "loose", "strict"):
        raise fail(task.at("collation_compatible"), "collation_compatible must be loose or strict", 20052)
    if task.get("online-ddl-scheme") not in (None, "", "gh-ost", "pt"):
        raise fail(task.at("online-ddl-scheme"), "online-ddl-scheme must be gh-ost or pt", 20007)


def _check_instance(instance: Values, fail: Fail) -> None:
    if not instance.get("source-id"):
        raise fail(instance.line, "source-id: an instance needs one", 20005)
    meta = instance.get("meta")
    if meta is not None and not meta.get("binlog-name") and not meta.get("binlog-gtid"):
        raise fail(meta.line, "meta needs binlog-name or binlog-gtid", 20011)
    for name, code in _EITHER.items():
        if instance.get(f"{name}-config-name") and name in instance:
            raise fail(instance.at(name), f"{name} and {name}-config-name can't both be said", code)
    if instance.get("column-mapping-rules"):
        line = instance.at("column-mapping-rules")
        raise fail(line, "column-mapping-rules are not supported any more, as in DM", 20064)


def _check_names(task: Values, instances: Iterable[Values], fail: Fail) -> None:
    used: dict[str, set[str]] = {block: set() for block in _USED_IN}
    for instance in instances:
        for block, (key, is_list, code) in _USED_IN.items():
            names = _names(instance, key, is_list=is_list)
            for name in names:
                if name not in task.get(block, {}):
                    raise fail(instance.at(key), f"{key}: a name that is not in {block}", code)
            if len(set(names)) < len(names):
                raise fail(instance.at(key), f"{key} says a name twice", 20032)
            used[block].update(names)
        listed = instance.get("block-allow-list") or instance.get("black-white-list")
        if listed and listed not in block_allow_lists(task):
            key = "block-allow-list" if instance.get("block-allow-list") else "black-white-list"
            raise fail(instance.at(key), f"{key}: a name that is not in block-allow-list", 20026)
    for block, names_used in used.items():
        unused = [rule.line for name, rule in task.get(block, {}).items() if name not in names_used]
        if unused:
            lines = ", ".join(map(str, sorted(unused)))
            raise fail(task.at(block), f"{block}: no instance uses what stands in line {lines}", 20038)


def block_allow_lists(task: Values) -> dict[str, Values]:
    """The named lists; those under the older name only where the newer one has none, as in DM."""
    found: dict[str, Values] = task.get("block-allow-list") or task.get("black-white-list", {})
    return found


def _names(instance: Values, key: str, *, is_list: bool) -> list[str]:
    said = instance.get(key)
    if is_list:
        return list(said or ())
    return [said] if said else []
