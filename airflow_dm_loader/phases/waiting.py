"""What a load waits for: that its dump has come, and that the other sources of its task have come as far."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_dm_loader.attempts import PATIENT, Attempts
from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.coordination.base import BarrierState
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.dump.data_formats import Compression
from airflow_dm_loader.dump.file_routing import route_files
from airflow_dm_loader.dump.inventory import METADATA_LIMIT_BYTES
from airflow_dm_loader.dump.metadata import METADATA_NAME, parse_metadata
from airflow_dm_loader.dump.mysqldump.forms import completed_in
from airflow_dm_loader.dump.storage import DumpStorage, open_storage
from airflow_dm_loader.errors import (
    CheckpointError,
    ConfigError,
    DumpFormatError,
    DumpMetadataError,
    DumpNotFoundError,
    DumpRefusedError,
)
from airflow_dm_loader.rules.file_rules import FileRule
from airflow_dm_loader.run import LoadRun

_LAST_BYTES = 4 << 10  # of a script, in which its last line is


@dataclass(frozen=True, slots=True)
class DumpLook:
    """What a look at the dump's ``metadata`` found."""

    finished_at: str | None  # as the dump tool's clock said it
    waiting_for: str = ""  # in words, where it has not finished


def look_for_dump(config: LoadConfig, *, access: DumpAccess | None = None, attempts: Attempts = PATIENT) -> DumpLook:
    """Look once whether the dump has finished: whether its ``metadata`` has its last line, which tools write last.

    A dump that is not there, or whose ``metadata`` is being written, may still come. No target is needed yet, so that
    it takes no run of a load.

    Raises:
        DumpRefusedError: we may not look (34014).
        ConfigError: the URI or the access is wrong.
        RetriableError: the storage failed.
    """
    rules = config.where.files
    storage = open_storage(
        config.what.dump_uri, access, attempts=attempts, follow_links=config.reading.follow_links, deep=bool(rules)
    )
    try:
        if rules and (found := _look_for_scripts(storage, rules)) is not None:
            return found
        raw = storage.read(METADATA_NAME, config.reading.max_metadata_bytes or METADATA_LIMIT_BYTES)
        finished_at = parse_metadata(raw, require_finished=False).finished_at
    except DumpRefusedError:
        raise
    except DumpNotFoundError:
        return DumpLook(None, f"there is no {METADATA_NAME!r} in {storage.where} yet")
    except (DumpMetadataError, DumpFormatError) as error:  # half of it, perhaps
        return DumpLook(None, f"the {METADATA_NAME!r} in {storage.where} is not whole: {error.message}")
    except CheckpointError:
        return DumpLook(None, f"the {METADATA_NAME!r} in {storage.where} is just being written")
    if finished_at is None:
        return DumpLook(None, f"the {METADATA_NAME!r} in {storage.where} has no 'Finished dump at' line yet")
    return DumpLook(finished_at)


def _look_for_scripts(storage: DumpStorage, rules: Sequence[FileRule]) -> DumpLook | None:
    """Look at the last lines of scripts; None: there is a ``metadata``, which says it for all."""
    names = [file.name for file in storage.list()]
    if METADATA_NAME in names:
        return None
    routing = route_files(names, rules)
    if not routing.readings and not routing.scripts:
        return DumpLook(None, f"there is no file in {storage.where} yet that the rules of files are for")
    finished = []
    for script in routing.scripts:
        if script.compression is not Compression.NONE:
            raise _not_waited_for(f"{script.name} is compressed")
        with storage.open(script.name) as file:
            file.seek(max(0, file.seek(0, io.SEEK_END) - _LAST_BYTES))
            finished.append(completed_in(file.read()))
        if finished[-1] is None:
            return DumpLook(None, f"{script.name} in {storage.where} does not end in '-- Dump completed' yet")
    if not finished:
        raise _not_waited_for("there are no scripts, and no metadata")
    return DumpLook(max(one or "" for one in finished))


def _not_waited_for(why: str) -> ConfigError:
    return ConfigError(
        f"the dump can't be waited for: {why}, so nothing in it says that it has finished",
        remedy="Leave out wait_for_dump, and start the load when the export is whole; or let the export put a metadata "
        "file there as its last act.",
    )


def arrive(run: LoadRun, state: BarrierState) -> tuple[str, ...]:
    """Say that this source has come so far, and look whom it waits for; nobody: it may go on.

    The beginning of DM's ``readyAndWait`` and ``finishAndWait``.
    """
    with run.coordination() as coordination:
        coordination.put(run.config.what.source_id, state)
        return coordination.missing(state) if run.config.waits_for_sources else ()


def missing_sources(run: LoadRun, state: BarrierState) -> tuple[str, ...]:
    """Look again whom this source waits for."""
    if not run.config.waits_for_sources:
        return ()
    with run.coordination() as coordination:
        return coordination.missing(state)
