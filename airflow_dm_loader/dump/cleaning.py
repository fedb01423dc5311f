"""Removes a dump that was loaded: its own files, and its folder if nothing else is in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory
from airflow_dm_loader.dump.routed import Routed
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import LoaderError


@dataclass(frozen=True, slots=True)
class CleaningReport:
    """What was removed, and what could not be, in words."""

    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def clean_dump(
    storage: DumpStorage,
    is_ours: Callable[[DumpInventory], bool],
    *,
    keep_schema: bool,
    max_metadata_bytes: int | None = None,
    loaded: Collection[str] = (),
    routed: Routed | None = None,
    beside: Collection[str] = (),
) -> CleaningReport:
    """Remove a dump; another one in its folder is left alone, and so are files that no load reads, such as triggers.

    The metadata goes last, so that a removal that is cut short can be taken up again.

    Args:
        is_ours: whether an inventory is of the dump that was loaded, or of what is left of it.
        keep_schema: keep the metadata and the schema files, as DM does where replication follows.
        loaded: files of kinds that a load may leave out, and that this one has loaded whole.
        routed: what the rules of ``files`` say of the folder, whose storage it is then.
        beside: files in the folder that were made for this load alone; they go with the dump.
        max_metadata_bytes: as of :func:`~airflow_dm_loader.dump.inventory.read_inventory`.
    """
    try:
        inventory = read_inventory(
            storage, require_finished=False, max_metadata_bytes=max_metadata_bytes, routed=routed, beside=beside
        )
    except LoaderError as error:
        return CleaningReport(warnings=(f"nothing was removed: {error.message}",))
    # A LOAD DATA statement goes after the files that it reads: without it, what is left of them could not be told.
    by_kind = sorted(inventory.data_files, key=lambda file: not file.kind.holds_rows)
    data = tuple(file.name for file in by_kind)
    if not is_ours(inventory):
        return CleaningReport(warnings=("nothing was removed: this is not the dump that was loaded any more",))
    not_loaded = {
        what: stays
        for what, names in inventory.not_loaded.items()
        if (stays := [name for name in names if name not in loaded])
    }
    unread = {name for stays in not_loaded.values() for name in stays}
    kept = {*data, *unread, "metadata"}
    rest = () if keep_schema else tuple(name for name in inventory.all_files if name not in kept)
    if not keep_schema:
        rest += tuple(file.name for file in storage.list() if file.name in beside)
    last = () if keep_schema or "metadata" not in inventory.all_files else ("metadata",)
    problems: list[str] = []
    for names in (data, rest, last):
        if not problems:
            problems += storage.remove(names)
    left = {file.name for file in storage.list()}
    removed = tuple(name for name in (*data, *rest, *last) if name not in left)
    if not keep_schema and not problems:
        problems += _unread_files_stay(not_loaded) if unread else _remove_folder(storage)
    return CleaningReport(removed, tuple(problems))


def _unread_files_stay(not_loaded: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    kinds = ", ".join(f"{what}: {len(names)}" for what, names in sorted(not_loaded.items()))
    return (f"files that were not loaded stay, since the dump may be the only copy ({kinds})",)


def _remove_folder(storage: DumpStorage) -> tuple[str, ...]:
    try:
        gone = storage.remove_folder_if_empty()
    except LoaderError as error:
        return (error.message,)
    return () if gone else ("the folder was kept: it holds files that are not of the dump",)
