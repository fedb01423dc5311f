"""The load's own row: DM's checkpoint list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.report import LoadStage
from airflow_dm_loader.rules.skips import Skips
from airflow_dm_loader.state.meta import Meta, check_version
from airflow_dm_loader.target.answers import as_number, as_text, maybe, read_stored

ARRIVING = "arriving"  # in place of the fingerprint of a dump that is not whole yet
_NOTES: Mapping[str, object] = {"warnings": [], "not_loaded": {}, "target_warnings": []}


@dataclass(frozen=True, slots=True)
class Load:
    """One load as it is stored. ``notes`` holds what the report repeats: warnings, what is not loaded."""

    load_id: int
    status: LoadStage
    fingerprint: str
    chunk_bytes: int
    binlog_name: str
    binlog_pos: int | None
    binlog_gtid: str
    notes: Mapping[str, object]
    config: str  # LoadConfig.to_json() of the last run that took it up

    @property
    def fresh(self) -> bool:
        """DM's IsFreshTask: nothing was done yet."""
        return self.status == "init"

    @property
    def is_sealed(self) -> bool:
        """Whether its dump is whole, so that it is known which files are of it."""
        return self.fingerprint != ARRIVING

    @property
    def meta_binlog(self) -> str:
        """The position as DM writes it: ``(mysql-bin.000001, 4)``."""
        return f"({self.binlog_name}, {self.binlog_pos})" if self.binlog_name else ""


def find(meta: Meta, config: LoadConfig, *, for_update: bool = False) -> Load | None:
    """The stored load of this task and source, or None."""
    row = meta.db.one(
        "SELECT load_id, status, fingerprint, chunk_bytes, binlog_name, binlog_pos, binlog_gtid, notes, row_version, "
        f"config FROM {meta['load']} WHERE task_name = %s AND source_id = %s" + (" FOR UPDATE" if for_update else ""),
        (config.what.task_name, config.what.source_id),
        shape=(as_number, as_text, as_text, as_number, as_text, maybe(as_number), as_text, as_text, as_number, as_text),
    )
    if row is None:
        return None
    what = f"load {config.what.task_name!r} of source {config.what.source_id!r}"
    check_version(row[8], what)
    if row[1] not in get_args(LoadStage):
        raise CheckpointError(f"{what} has the unknown status {row[1]!r}")
    notes = read_stored(dict[str, Any], row[7], f"{what}: its notes")
    return Load(row[0], row[1], row[2], row[3], row[4], row[5], row[6], notes, row[9])


def get(meta: Meta, config: LoadConfig) -> Load:
    """The stored load; an error if there is none."""
    load = find(meta, config)
    if load is None:
        raise not_stored(meta, config)
    return load


def not_stored(meta: Meta, config: LoadConfig) -> CheckpointError:
    """The error of whoever looks for a load before it is registered."""
    return CheckpointError(
        f"no load {config.what.task_name!r} of source {config.what.source_id!r} is stored in {meta.schema}",
        remedy="Clear prepare_checkpoint: it registers the load.",
    )


def register(
    meta: Meta,
    config: LoadConfig,
    *,
    fingerprint: str,
    binlog_name: str,
    binlog_pos: int | None,
    binlog_gtid: str,
    notes: Mapping[str, object],
) -> None:
    """DM's RegisterCheckPoint: write the row, with status init, where there is none."""
    meta.db.execute(
        f"INSERT IGNORE INTO {meta['load']} (task_name, source_id, fingerprint, chunk_bytes, config, binlog_name, "
        "binlog_pos, binlog_gtid, notes, created_at, updated_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
        (
            config.what.task_name,
            config.what.source_id,
            fingerprint,
            config.logical.chunk_bytes,
            config.to_json(),
            binlog_name,
            binlog_pos,
            binlog_gtid,
            json.dumps({**_NOTES, **notes}),
        ),
    )


def seal(
    meta: Meta,
    load_id: int,
    *,
    fingerprint: str,
    binlog_name: str,
    binlog_pos: int | None,
    binlog_gtid: str,
    notes: Mapping[str, object],
) -> None:
    """Write down what only the whole dump says."""
    meta.db.execute(
        f"UPDATE {meta['load']} SET fingerprint = %s, binlog_name = %s, binlog_pos = %s, binlog_gtid = %s, notes = %s "
        "WHERE load_id = %s",
        (fingerprint, binlog_name, binlog_pos, binlog_gtid, json.dumps({**_NOTES, **notes}), load_id),
    )


def lock(meta: Meta, load_id: int) -> None:
    """Keep the load's row for this transaction: whoever else wants to change the load waits."""
    if not meta.db.query(f"SELECT 1 FROM {meta['load']} WHERE load_id = %s FOR UPDATE", (load_id,), shape=(as_number,)):
        raise CheckpointError(f"load {load_id} is not stored any more: somebody started it afresh")


def lock_arriving(meta: Meta, load_id: int) -> None:
    """The same, for who takes up files of a dump that is not whole.

    Raises:
        CheckpointError: the load is not stored any more, or its dump is whole, and another attempt goes on with it.
    """
    row = meta.db.one(
        f"SELECT fingerprint FROM {meta['load']} WHERE load_id = %s FOR UPDATE", (load_id,), shape=(as_text,)
    )
    if row is None or row[0] != ARRIVING:
        raise CheckpointError(
            f"load {load_id} does not wait for its dump any more: it goes on with all of it, or was started afresh",
            remedy="Nothing to fix: the newer attempt loads the rows.",
        )


def set_status(meta: Meta, load_id: int, status: LoadStage) -> None:
    """DM's UpdateStatus."""
    result = meta.db.execute(
        f"UPDATE {meta['load']} SET status = %s, updated_at = UTC_TIMESTAMP(6) WHERE load_id = %s", (status, load_id)
    )
    if result.affected != 1:
        raise CheckpointError(f"load {load_id} is not stored any more: somebody started it afresh")


def begin(meta: Meta, load: Load) -> None:
    """The import is at work: DM's status running, where nothing has been done yet or a person had to decide."""
    if load.status in {"init", "stopped", "paused"}:
        set_status(meta, load.load_id, "running")


def skips(meta: Meta, load_id: int) -> Skips:
    """What the settings of the last run leave out of tables."""
    row = meta.db.one(f"SELECT config FROM {meta['load']} WHERE load_id = %s", (load_id,), shape=(as_text,))
    stored = read_stored(dict[str, Any], row[0], "the settings of the load") if row is not None else {}
    return Skips(indexes=stored.get("skip_indexes") is True, foreign_keys=stored.get("skip_foreign_keys") is True)


def update_settings(meta: Meta, load_id: int, config: LoadConfig, *, chunk_bytes: int) -> None:
    """Keep the settings of the run that takes the load up."""
    meta.db.execute(
        f"UPDATE {meta['load']} SET config = %s, chunk_bytes = %s WHERE load_id = %s",
        (config.to_json(), chunk_bytes, load_id),
    )


def update_notes(meta: Meta, load_id: int, notes: Mapping[str, object]) -> None:
    """Keep what the report repeats."""
    meta.db.execute(
        f"UPDATE {meta['load']} SET notes = %s WHERE load_id = %s", (json.dumps({**_NOTES, **notes}), load_id)
    )


def renumber(meta: Meta, load_id: int, unique_name: str) -> int:
    """Give the load a new ``load_id``, so that attempts that know the old one can do nothing more; returns it."""
    moment = "UTC_TIMESTAMP(6)"
    meta.db.execute(  # the server alone gives numbers that are given once
        f"INSERT INTO {meta['load']} (task_name, source_id, fingerprint, chunk_bytes, config, binlog_name, "
        f"binlog_gtid, notes, created_at, updated_at) VALUES (%s, '', '', 0, '', '', '', '', {moment}, {moment})",
        (unique_name,),
    )
    row = meta.db.sure(
        f"SELECT load_id FROM {meta['load']} WHERE task_name = %s AND source_id = ''",
        (unique_name,),
        shape=(as_number,),
    )
    meta.db.execute(f"DELETE FROM {meta['load']} WHERE load_id = %s", (row[0],))
    meta.renumber(load_id, int(row[0]))
    return int(row[0])
