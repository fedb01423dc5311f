"""What each command does, what it prints, and how it exits."""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_dm_loader.command_line.arguments import parse
from airflow_dm_loader.command_line.server import MASK_KEY_VARIABLE, target
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import ConfigError, LoaderError, PausedError, RetriableError, visible

if TYPE_CHECKING:
    from rich.console import Console

    from airflow_dm_loader.loader import LoadRun
    from airflow_dm_loader.report import StoredLoad
    from airflow_dm_loader.rules.mask_key import MaskKey

DONE, MUST_ACT, WRONG, WAITS, LATER = range(5)
_HEADS = ("task", "source", "status", "progress", "rows", "begun (UTC)", "changed (UTC)", "by", "waits for")
_TABLE_WIDTH = 160  # from which on their table can be read


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; its exit code."""
    said = parse(arguments)
    try:
        return _COMMANDS[said.command](said)
    except LoaderError as error:
        _tell_error(error, as_json=said.json)
        return exit_code(error)


def exit_code(error: LoaderError) -> int:
    """The exit code of an error, by what recovers from it."""
    kinds = {PausedError: WAITS, ConfigError: WRONG, RetriableError: LATER}
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), MUST_ACT)


def _status(said: Namespace) -> int:
    from airflow_dm_loader.loader import load_status

    found = load_status(target(said), meta_schema=said.meta_schema, task_name=said.task_name)
    if said.json:
        _print_json([load.model_dump() for load in found])
    else:
        _show(found)
    return WAITS if any(load.status == "paused" for load in found) else DONE


def _show(found: Sequence[StoredLoad]) -> None:
    """As a table where it has room, else in lines: a table of nine columns is not to be read in a narrow window."""
    from rich.console import Console

    console = Console()
    if not found:
        console.print("no load is stored")
    elif console.width >= _TABLE_WIDTH:
        _table(console, _HEADS, map(_row, found))
    else:
        for load in found:
            _print(_lines(load))


def _row(load: StoredLoad) -> tuple[str, ...]:
    rows = f"{load.rows:,}" if load.rows is not None else ""
    moments = (load.begun_at[:19], load.changed_at[:19])
    return (load.task_name, load.source_id, load.status, load.progress, rows, *moments, load.by, load.waits_for)


def _lines(load: StoredLoad) -> Iterator[str]:
    task, source, status, progress, rows, begun, changed, by, waits_for = _row(load)
    so_far = ", ".join(filter(None, (status, progress, f"{rows} rows" if rows else "")))
    yield f"{task} / {source}: {so_far}"
    yield f"  begun {begun}, last changed {changed} (UTC)"
    if by:
        yield f"  by {by}"
    if waits_for:
        yield f"  waits for {waits_for}"


def _plan(said: Namespace) -> int:
    from airflow_dm_loader.loader import plan_load
    from airflow_dm_loader.progress.words import describe_plan

    plan = plan_load(_run(said))
    if said.json:
        _print_json(plan.model_dump())
    else:
        problems = [f"problem: {text}" for text in plan.problems]
        _print([*describe_plan(plan), *(f"warning: {text}" for text in plan.warnings), *problems])
    return MUST_ACT if plan.problems else DONE


def _load(said: Namespace) -> int:
    from dataclasses import replace

    from airflow_dm_loader.loader import load
    from airflow_dm_loader.progress.live_bar import live_bar
    from airflow_dm_loader.progress.words import describe_report

    run = _run(said)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: run.stop.set())
    shown = nullcontext() if said.json or not sys.stdout.isatty() else live_bar()
    with shown as on_progress:
        report = load(replace(run, on_progress=on_progress, progress_interval_s=0.5))
    if said.json:
        _print_json(report.model_dump(mode="json"))
    else:
        _print([*(f"warning: {text}" for text in report.warnings), *describe_report(report)])
    return DONE


def _forget(said: Namespace) -> int:
    from airflow_dm_loader.loader import forget_load

    found = forget_load(
        target(said), said.task_name, said.source_id, meta_schema=said.meta_schema, unfinished_too=said.yes
    )
    return _tell_removed(said, found, "forgotten")


def _prune(said: Namespace) -> int:
    from airflow_dm_loader.loader import prune

    found = prune(
        target(said),
        keep_loads=said.keep_loads,
        keep_days=said.keep_days,
        meta_schema=said.meta_schema,
        dry_run=said.dry_run,
    )
    return _tell_removed(said, found, "would be removed" if said.dry_run else "removed")


def _tell_removed(said: Namespace, loads: Iterable[tuple[str, str]], what: str) -> int:
    found = list(loads)
    if said.json:
        _print_json([{"task_name": task, "source_id": source} for task, source in found])
    else:
        _print([f"{what}: {task} / {source}" for task, source in found] or ["there is nothing to remove"])
    return DONE


def _replay(said: Namespace) -> int:
    from dataclasses import asdict

    from airflow_dm_loader.loader import replay_conflicts

    found = replay_conflicts(
        target(said),
        said.task_name,
        said.source_id,
        meta_schema=said.meta_schema,
        replace=said.replace,
        hide_values=said.hide_values,
    )
    if said.json:
        _print_json(asdict(found))
    else:
        _print([f"still set aside: {text}" for text in found.errors])
        _print([f"{found.loaded} rows were loaded, {found.left} are still set aside"])
    return MUST_ACT if found.left else DONE


def _restore(said: Namespace) -> int:
    from airflow_dm_loader.loader import restore_previous

    tables = restore_previous(
        target(said), said.task_name, meta_schema=said.meta_schema, swap_rebuild=said.swap_rebuild
    )
    if said.json:
        _print_json(list(tables))
    else:
        _print([f"put back: {table}" for table in tables])
    return DONE


def _run(said: Namespace) -> LoadRun:
    from airflow_dm_loader.coordination.backends import backend_of
    from airflow_dm_loader.loader import LoadRun

    config = _config(said)
    etcd, dump, source = said.etcd_conn_id, said.dump_conn_id, said.compare_with_conn_id
    access, compare_with, coordination = None, None, None
    replicas: list[TargetConfig] = []
    if dump is not None:
        from airflow_dm_loader.hooks.dump import dump_access

        access = dump_access(dump)
    if source is not None:
        from airflow_dm_loader.hooks.target_config import target_of

        compare_with = target_of(source)
    if said.replica_conn_id:
        from airflow_dm_loader.hooks.target_config import target_of

        replicas = [target_of(name) for name in said.replica_conn_id]
    if etcd is not None:
        from airflow_dm_loader.hooks.etcd import etcd_config

        coordination = backend_of(config.coordination.barrier, etcd_config(config, etcd))
    return LoadRun.of(
        config,
        _target(said),
        access=access,
        compare_with=compare_with,
        coordination=coordination,
        replicas=replicas,
        mask_key=_mask_key(said),
    )


def _mask_key(said: Namespace) -> MaskKey | None:
    """The key of values that are hashed; None: nobody has said one."""
    if said.mask_conn_id is not None:
        from airflow_dm_loader.hooks.mask_key import mask_key

        return mask_key(said.mask_conn_id)
    from airflow_dm_loader.rules.mask_key import MaskKey

    secret = os.environ.get(MASK_KEY_VARIABLE)
    return MaskKey.of(secret) if secret else None


def _target(said: Namespace) -> TargetConfig:
    """The server that is said; else the one of DM's task file."""
    options = (said.conn_id, said.option_file, said.host, said.port, said.user, said.socket)
    if said.dm_task is not None and all(option is None for option in options):
        import os

        from airflow_dm_loader.command_line.server import PASSWORD_VARIABLE

        password = os.environ.get(PASSWORD_VARIABLE)
        return TargetConfig.from_dm_task(Path(said.dm_task), **({} if password is None else {"password": password}))
    return target(said)


def _config(said: Namespace) -> LoadConfig:
    changes = {**(_from_file(said.config) if said.config is not None else {}), **dict(map(_setting, said.set))}
    if said.dm_task is not None:
        return LoadConfig.from_dm_task(Path(said.dm_task), said.source_id, **changes)
    return LoadConfig(**({**changes, "source_id": said.source_id} if said.source_id is not None else changes))


# What PyYAML raises of a value that is none of its kind: a date that does not exist, 0x_, a word for !!bool.
_OF_VALUES = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


def _from_file(path: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from None
    except (yaml.YAMLError, *_OF_VALUES):  # whose text repeats lines of the file
        raise ConfigError(f"{path} is neither JSON nor YAML") from None
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise ConfigError(f"{path} holds no settings by their names")
    return dict(found)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {name}: say NAME=VALUE")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value


def _table(console: Console, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(*heads)
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    console.print(table)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{visible(line)}\n")


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def _tell_error(error: LoaderError, *, as_json: bool) -> None:
    if not as_json:
        sys.stderr.write(f"{error}\n")
        return
    told = {name: getattr(error, name) for name in ("code", "message", "remedy", "table", "file", "offset", "errno")}
    sys.stderr.write(json.dumps({"error": {"kind": type(error).__name__, **told}}) + "\n")


_COMMANDS: Mapping[str, Callable[[Namespace], int]] = {
    "status": _status,
    "plan": _plan,
    "load": _load,
    "forget": _forget,
    "prune": _prune,
    "replay": _replay,
    "restore": _restore,
}
