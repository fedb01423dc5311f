"""What lies in a dump's folder and is no file: nothing that seems to be of the dump may be passed over."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from airflow_dm_loader.dump.filenames import FileKind, parse
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import DumpFormatError, LoaderError

_MOST_NAMES = 10_000  # that are looked at in subfolders
_TELL_OF_OTHERS = frozenset({FileKind.CHECKSUM_FILE, FileKind.ROW_COUNT, FileKind.METADATA_PART})


def check_special_files(storage: DumpStorage) -> Iterator[str]:
    """A warning for each pipe, device and subfolder that has nothing to do with the dump.

    Raises:
        DumpFormatError: by its name it is a file of the dump, or it is a subfolder that holds one.
    """
    for name in storage.list_others():
        if _is_of_a_dump(name.rstrip("/")):
            raise DumpFormatError(
                "by its name it is a file of the dump, but it is a folder, a pipe, a socket or a device, or a link to "
                "one",
                file=name,
                remedy="Put a file with what it gives in its place.",
            )
    for name in storage.list_others():
        yield (
            _check_subfolder(storage, name)
            if name.endswith("/")
            else f"{name!r} in the dump's folder is no file and was not looked at"
        )


def _check_subfolder(storage: DumpStorage, folder: str) -> str:
    """Look through a folder; one that can't be looked into, or is too large, is told as not looked through."""
    waiting = deque([folder])
    seen = 0
    while waiting and seen <= _MOST_NAMES:
        at = waiting.popleft()
        try:
            names = storage.names_in(at, _MOST_NAMES - seen + 1)
        except LoaderError as error:
            return f"{folder!r} in the dump's folder could not be looked through, and nothing was read of it: {error}"
        seen += len(names)
        for name in names:
            if _is_of_a_dump(name.rstrip("/")):
                raise _in_subfolder(at + name)
        waiting += (at + name for name in names if name.endswith("/"))
    if seen > _MOST_NAMES:
        return f"{folder!r} in the dump's folder holds more than {_MOST_NAMES} names: nothing was read of it"
    return f"{folder!r} in the dump's folder holds no file of a dump and was left alone"


def _is_of_a_dump(name: str) -> bool:
    found = parse(name) or parse(name.lower())
    return found is not None and found.kind not in _TELL_OF_OTHERS


def _in_subfolder(name: str) -> DumpFormatError:
    return DumpFormatError(
        "by its name it is a file of a dump, but it lies in a folder inside of the dump's, and those are not read",
        file=name,
        remedy="Move what belongs to this dump into the folder that dump_uri names, and all else out of it. A dump of "
        "its own is loaded by a dump_uri and a task_name of its own.",
    )
