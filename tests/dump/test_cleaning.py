from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from airflow_dm_loader.dump.cleaning import CleaningReport, clean_dump
from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory
from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.errors import FatalError

DUMPS = Path(__file__).parents[1] / "data" / "dumps"
NAMES = sorted(path.name for path in DUMPS.iterdir() if path.is_dir())


class Stubborn(LocalStorage):
    """A folder in which one file can't be removed."""

    kept = ""

    def remove(self, names: Iterable[str]) -> tuple[str, ...]:
        names = tuple(names)
        problems = (f"{self.kept!r} was not removed: Permission denied",) if self.kept in names else ()
        return super().remove(name for name in names if name != self.kept) + problems


class StubbornFolder(LocalStorage):
    """A folder that can't be removed."""

    def remove_folder_if_empty(self) -> bool:
        raise FatalError("the dump's empty folder was not removed: Permission denied")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return without_unread(copy_of("mydumper-1.0", tmp_path))


def copy_of(name: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(DUMPS / name, tmp_path / "dump"))


def without_unread(folder: Path) -> Path:
    """The folder without files that no load reads, which would stay."""
    for files in inventory_of(folder).not_loaded.values():
        for unread in files:
            (folder / unread).unlink()
    return folder


def inventory_of(folder: Path) -> DumpInventory:
    return read_inventory(LocalStorage(folder), require_finished=True)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def clean(folder: Path, *, keep_schema: bool = False, kind: type[LocalStorage] = LocalStorage) -> CleaningReport:
    return clean_dump(kind(folder), is_dump(inventory_of(folder).fingerprint), keep_schema=keep_schema)


def is_dump(fingerprint: str) -> Callable[[DumpInventory], bool]:
    return lambda inventory: inventory.fingerprint == fingerprint


@pytest.mark.parametrize("name", NAMES)
def test_a_dump_that_was_loaded_goes_with_its_folder(tmp_path: Path, name: str) -> None:
    folder = without_unread(copy_of(name, tmp_path))
    names = names_in(folder)
    report = clean(folder)
    assert not folder.exists()
    assert set(report.removed) == names
    assert report.removed[-1] == "metadata"
    assert report.warnings == ()
    assert tmp_path.exists()


@pytest.mark.parametrize("name", [name for name in NAMES if (DUMPS / name / "shop-schema-post.sql").exists()])
def test_files_that_no_load_reads_stay(tmp_path: Path, name: str) -> None:
    folder = copy_of(name, tmp_path)
    report = clean(folder)
    assert names_in(folder) == {"shop-schema-post.sql", "shop.orders-schema-triggers.sql"}
    (warning,) = report.warnings
    assert "not loaded stay" in warning
    assert "routines and events: 1, triggers: 1" in warning


@pytest.mark.parametrize("name", NAMES)
def test_metadata_and_schemas_stay_where_replication_follows(tmp_path: Path, name: str) -> None:
    folder = copy_of(name, tmp_path)
    names, inventory = names_in(folder), inventory_of(folder)
    report = clean(folder, keep_schema=True)
    data = {file.name for file in inventory.data_files}
    assert data
    assert set(report.removed) == data
    assert names_in(folder) == names - data
    assert {"metadata", *inventory.table_schemas.values(), *inventory.views.values()} <= names_in(folder)
    assert report.warnings == ()


def test_files_that_are_not_of_the_dump_stay_and_keep_the_folder(folder: Path) -> None:
    fingerprint = inventory_of(folder).fingerprint
    (folder / "notes.txt").write_text("keep me")
    (folder / "more").mkdir()
    (folder / "more" / "orders.txt").write_text("keep me")
    report = clean_dump(LocalStorage(folder), is_dump(fingerprint), keep_schema=False)
    assert names_in(folder) == {"notes.txt", "more"}
    assert names_in(folder / "more") == {"orders.txt"}
    assert report.warnings == ("the folder was kept: it holds files that are not of the dump",)


def test_another_dump_in_the_folder_is_left_alone(folder: Path) -> None:
    loaded = inventory_of(folder).fingerprint
    shutil.rmtree(folder)
    shutil.copytree(DUMPS / "mydumper-0.10", folder)
    names = names_in(folder)
    report = clean_dump(LocalStorage(folder), is_dump(loaded), keep_schema=False)
    assert names_in(folder) == names
    assert report.removed == ()
    assert report.warnings == ("nothing was removed: this is not the dump that was loaded any more",)


def test_a_file_that_changed_since_makes_it_another_dump(folder: Path) -> None:
    loaded = inventory_of(folder).fingerprint
    with (folder / "shop.orders.00000.sql").open("ab") as file:
        file.write(b"\n")
    names = names_in(folder)
    assert clean_dump(LocalStorage(folder), is_dump(loaded), keep_schema=False).removed == ()
    assert names_in(folder) == names


@pytest.mark.parametrize("metadata", [None, b"nonsense\n"])
def test_a_folder_that_can_not_be_read_is_left_alone(folder: Path, metadata: bytes | None) -> None:
    loaded = inventory_of(folder).fingerprint
    (folder / "metadata").unlink()
    if metadata is not None:
        (folder / "metadata").write_bytes(metadata)
    names = names_in(folder)
    report = clean_dump(LocalStorage(folder), is_dump(loaded), keep_schema=False)
    assert names_in(folder) == names
    assert report.removed == ()
    assert report.warnings[0].startswith("nothing was removed: ")


def test_a_dump_that_is_gone_is_a_warning(tmp_path: Path) -> None:
    report = clean_dump(LocalStorage(tmp_path / "gone"), is_dump("f"), keep_schema=False)
    assert report.removed == ()
    assert "there is no dump folder" in report.warnings[0]


def test_a_file_that_stays_is_a_warning_and_keeps_what_would_come_after(folder: Path) -> None:
    inventory = inventory_of(folder)
    Stubborn.kept = inventory.data_files[0].name
    report = clean(folder, kind=Stubborn)
    assert report.warnings == (f"{Stubborn.kept!r} was not removed: Permission denied",)
    assert Stubborn.kept in names_in(folder)
    assert Stubborn.kept not in report.removed
    assert {"metadata", *inventory.table_schemas.values()} <= names_in(folder)
    assert {file.name for file in inventory.data_files} - {Stubborn.kept} == set(report.removed)


def test_a_folder_that_stays_is_a_warning(folder: Path) -> None:
    report = clean(folder, kind=StubbornFolder)
    assert names_in(folder) == set()
    assert "metadata" in report.removed
    assert report.warnings == ("the dump's empty folder was not removed: Permission denied",)
