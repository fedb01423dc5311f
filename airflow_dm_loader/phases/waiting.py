"""What a load waits for: that its dump has come, and that the other sources of its task have come as far."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.attempts import PATIENT, Attempts
from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.coordination.base import BarrierState
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.dump.inventory import METADATA_LIMIT_BYTES
from airflow_dm_loader.dump.metadata import METADATA_NAME, parse_metadata
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import (
    CheckpointError,
    DumpFormatError,
    DumpMetadataError,
    DumpNotFoundError,
    DumpRefusedError,
)
from airflow_dm_loader.run import LoadRun


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
    storage = open_storage(config.what.dump_uri, access, attempts=attempts, follow_links=config.reading.follow_links)
    try:
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
