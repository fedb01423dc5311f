"""The key of ``mask = sha2``: asked for before the first row, and the same from then on to the load's end."""

from __future__ import annotations

from airflow_dm_loader.engines.logical.column_rules import hashes
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.rules.mask_key import MaskKey
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import chunks
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta

_NOTE = "mask_key"  # what tells the key from others


def mask_key_of(run: LoadRun, load: Load, plan: LoadPlan) -> MaskKey | None:
    """The key of a load whose tables are made; None: nothing of it is hashed.

    Raises:
        ConfigError: there is none, or a weak one.
        CheckpointError: it is another one than that which the load began with.
    """
    if not hashes(plan):
        return None
    key = MaskKey.of(run.mask_key.secret if run.mask_key is not None else None)
    if load.notes.get(_NOTE) != key.mark:
        raise CheckpointError(
            "mask: the key is another one than that which this load began with, so equal values would get two hashes",
            remedy="Put the former key back into the connection that mask_conn_id names. To load by the new one, use "
            "another task_name, or empty the tables and set remove_meta.",
        )
    return key


def key_note(run: LoadRun, meta: Meta, load: Load, plan: LoadPlan) -> dict[str, object]:
    """What tells the key from others, for the load's notes; while no row is in, it may still be another one.

    Raises as :func:`mask_key_of`.
    """
    if not hashes(plan):
        return {}
    if chunks.committed_files(meta, load.load_id):
        mask_key_of(run, load, plan)
    key = MaskKey.of(run.mask_key.secret if run.mask_key is not None else None)
    return {_NOTE: key.mark}
