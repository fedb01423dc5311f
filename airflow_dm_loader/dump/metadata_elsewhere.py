"""Where the dump may be when the folder that dump_uri names holds no metadata file."""

from __future__ import annotations

from airflow_dm_loader.dump.metadata_types import METADATA_NAME
from airflow_dm_loader.dump.storage import DumpStorage, StoredFile
from airflow_dm_loader.errors import DumpMetadataError, LoaderError

_LOOKED_INTO = 30  # folders; names with dates sort the newest last
_SHOWN = 3


def no_metadata(storage: DumpStorage, listing: list[StoredFile]) -> DumpMetadataError:
    """The error of a folder without metadata; it names the folders in it that hold one."""
    names = [file.name for file in listing]
    message = f"there is no {METADATA_NAME!r} file among the {len(names)} in {storage.where}"
    if started := sorted(name for name in names if name.startswith(f"{METADATA_NAME}.")):
        return DumpMetadataError(
            f"{message}; there is {started[0]!r}, so the dump did not finish or was not put together"
        )
    if inside := _folders_with_metadata(storage):
        shown = ", ".join(map(repr, inside[:_SHOWN]))
        return DumpMetadataError(
            f"{message}; in it, {shown} {'has' if len(inside) == 1 else 'have'} one",
            remedy=f"Let dump_uri name the folder of the dump itself: {storage.where.rstrip('/')}/{inside[0]}",
        )
    return DumpMetadataError(message)


def _folders_with_metadata(storage: DumpStorage) -> list[str]:
    """The newest by name first. A folder that can't be looked into is passed over: this only helps an error."""
    folders = [name.rstrip("/") for name in storage.list_others() if name.endswith("/")]
    return [folder for folder in folders[::-1][:_LOOKED_INTO] if _has_metadata(storage, folder)]


def _has_metadata(storage: DumpStorage, folder: str) -> bool:
    try:
        return storage.is_in_folder(folder, METADATA_NAME)
    except LoaderError:
        return False
