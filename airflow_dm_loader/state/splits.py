"""What scripts were split into, stored with the load: later phases and attempts need not read them whole again."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.mysqldump.pieces import Split
from airflow_dm_loader.state.batches import batches
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_bytes, as_text

_SINCE = 10  # the version of the meta schema that has them
_PART_BYTES = 256 << 10  # of a row, below what any server takes in a packet


def find(meta: Meta, config: LoadConfig, keys: Collection[str]) -> dict[str, Split]:
    """Those of the load that are stored, by :func:`~airflow_dm_loader.dump.routed.script_key`."""
    version = meta.version
    if version is None or version < _SINCE:
        return {}
    parts: dict[str, list[bytes]] = {}
    for some in batches(sorted(keys)):
        places = ", ".join(["%s"] * len(some))
        for key, part in meta.db.query(
            f"SELECT s.script_key, s.pieces FROM {meta['split']} s JOIN {meta['load']} l ON l.load_id = s.load_id "
            f"WHERE l.task_name = %s AND l.source_id = %s AND s.script_key IN ({places}) "
            "ORDER BY s.script_key, s.part",
            (config.what.task_name, config.what.source_id, *some),
            shape=(as_text, as_bytes),
        ):
            parts.setdefault(key, []).append(part)
    return {key: Split.from_bytes(b"".join(found)) for key, found in parts.items()}


def keep(meta: Meta, load_id: int, splits: Mapping[str, Split]) -> None:
    """Write them; what was stored of others of the load goes. The caller commits."""
    stored = {
        key
        for (key,) in meta.db.query(
            f"SELECT DISTINCT script_key FROM {meta['split']} WHERE load_id = %s", (load_id,), shape=(as_text,)
        )
    }
    for key in stored - splits.keys():
        meta.db.execute(f"DELETE FROM {meta['split']} WHERE load_id = %s AND script_key = %s", (load_id, key))
    for key in sorted(splits.keys() - stored):
        whole = splits[key].to_bytes()
        for part, at in enumerate(range(0, len(whole), _PART_BYTES)):
            meta.db.execute(
                f"INSERT INTO {meta['split']} (load_id, script_key, part, pieces) VALUES (%s, %s, %s, %s)",
                (load_id, key, part, whole[at : at + _PART_BYTES]),
            )
