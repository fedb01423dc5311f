"""A folder that is read by the rules of ``files``: its scripts split, and each file with what it is."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.file_routing import Routing, ScriptFile, route_files
from airflow_dm_loader.dump.filenames import DumpFileName
from airflow_dm_loader.dump.metadata_types import METADATA_NAME, DumpMetadata
from airflow_dm_loader.dump.mysqldump.pieces import Split
from airflow_dm_loader.dump.mysqldump.splitter import split
from airflow_dm_loader.dump.mysqldump.storage import Script, SplitStorage
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import DumpMetadataError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.rules.file_rules import FileRule

_log = visible_log(__name__)
MAX_STATEMENT_BYTES = 256 << 20  # in a script, whose target is not asked for its own limit yet
_KEPT = 4  # splits that a process remembers: its phases ask for the same one again and again
_NO_POSITION = "incremental replication can't start from this dump"

KnownSplits = Callable[[Collection[str]], Mapping[str, Split]]  # of keys, those that are stored


def _knows_none(keys: Collection[str]) -> Mapping[str, Split]:
    return {}


@dataclass(frozen=True, eq=False)
class Routed:
    """The folder as the rules have it.

    Attributes:
        storage: the folder with the pieces of its scripts in the place of these.
        readings: what files are that fall under a rule, and pieces.
        ignored: files that a rule leaves out.
        splits: key -> what a script was split into; see :func:`script_key`.
    """

    storage: DumpStorage
    readings: Mapping[str, DumpFileName]
    ignored: frozenset[str]
    scripts: tuple[Script, ...]
    splits: Mapping[str, Split]

    def metadata(self, *, require_finished: bool) -> tuple[DumpMetadata, bytes]:
        """What scripts say in the place of a ``metadata`` file, and the same as bytes, for the fingerprint.

        Raises:
            DumpMetadataError: nothing says that the dump has finished.
        """
        if not self.scripts and require_finished:
            raise DumpMetadataError(
                f"there is no {METADATA_NAME!r} file, which would say that the dump is whole",
                remedy="If all files of the export are there, set require_finished_dump to False.",
            )
        unfinished = [script.file.name for script in self.scripts if script.split.facts.finished_at is None]
        if unfinished and require_finished:
            raise DumpMetadataError(
                "the script does not end in '-- Dump completed': the dump failed, was stopped, or is still being "
                "written; or it was made with --skip-comments or --compact",
                file=unfinished[0],
                remedy="Wait for the dump to finish, or dump again. If it is whole, set require_finished_dump to "
                "False: what is there is loaded.",
            )
        facts = [script.split.facts for script in self.scripts]
        positions = {(one.binlog_name, one.binlog_pos, one.binlog_gtid) for one in facts}
        name, pos, gtid = positions.pop() if len(positions) == 1 else ("", None, "")
        warnings = [warning for one in facts for warning in one.warnings]
        warnings += [f"{name} does not end in '-- Dump completed': it may be cut" for name in unfinished]
        if not (name or gtid):
            why = "the scripts were made at different positions" if positions else "the dump has no binlog position"
            warnings.append(f"{why}: {_NO_POSITION}")
        finished = [one.finished_at for one in facts if one.finished_at is not None]
        metadata = DumpMetadata(
            tool="text",
            finished_at=max(finished) if finished and not unfinished else None,
            binlog_name=name,
            binlog_pos=pos,
            binlog_gtid=gtid,
            warnings=tuple(warnings),
        )
        stored = [[script.file.name, script.file.file_bytes] for script in self.scripts]
        return metadata, json.dumps([stored, name, pos, gtid, finished]).encode()


def open_routed(
    storage: DumpStorage,
    rules: Sequence[FileRule],
    *,
    known: KnownSplits = _knows_none,
    max_statement_bytes: int = MAX_STATEMENT_BYTES,
) -> Routed:
    """List the folder, hold its files against the rules, and split the scripts that are not known.

    Args:
        known: those that are stored with the load; what it gives of a file is of that very version of it.

    Raises:
        LoaderError: as :func:`~airflow_dm_loader.dump.file_routing.route_files`,
            :func:`~airflow_dm_loader.dump.mysqldump.splitter.split`; or the storage failed.
    """
    routing = route_files((file.name for file in storage.list()), rules)
    if not routing.scripts:
        return Routed(storage, routing.readings, routing.ignored, (), {})
    scripts, splits = _split_all(storage, routing, known, max_statement_bytes)
    pieces = SplitStorage(storage, scripts)
    return Routed(pieces, {**routing.readings, **pieces.readings}, routing.ignored, tuple(scripts), splits)


def _split_all(
    storage: DumpStorage, routing: Routing, known: KnownSplits, max_statement_bytes: int
) -> tuple[list[Script], dict[str, Split]]:
    files = {script.name: storage.find(script.name) for script in routing.scripts}
    keys = {
        script.name: script_key(script, files[script.name].file_bytes, files[script.name].version)
        for script in routing.scripts
    }
    remembered = {key: found for key in keys.values() if (found := _MEMORY.get(key)) is not None}
    stored = known([key for key in keys.values() if key not in remembered]) if len(remembered) < len(keys) else {}
    scripts, splits = [], {}
    for script in routing.scripts:
        key = keys[script.name]
        found = remembered.get(key) or stored.get(key) or _split(storage, script, max_statement_bytes)
        _MEMORY.put(key, found)
        splits[key] = found
        scripts.append(Script(files[script.name], script.compression, found))
    return scripts, splits


def _split(storage: DumpStorage, script: ScriptFile, max_statement_bytes: int) -> Split:
    _log.info("Reading %s once to find its tables", script.name)
    with open_decoded(storage, script.name, script.compression) as decoded:
        found = split(decoded, file=script.name, schema=script.schema, max_statement_bytes=max_statement_bytes)
    _log.info("%s has %d pieces", script.name, len(found.pieces))
    return found


def script_key(script: ScriptFile, file_bytes: int, version: str) -> str:
    """SHA-256, hex, of a stored script's name, size and version, and what its rule says of it."""
    said = [script.name, file_bytes, version, script.schema, script.compression.value]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


class _Memory:
    """The last splits of this process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Split] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Split | None:
        with self._lock:
            return self._kept.get(key)

    def put(self, key: str, found: Split) -> None:
        with self._lock:
            self._kept[key] = found
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


_MEMORY = _Memory()
