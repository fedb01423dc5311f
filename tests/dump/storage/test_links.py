"""Whoever can write a dump must not get at what the worker can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_dm_loader.dump.inventory import read_inventory
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import DumpFormatError, DumpNotFoundError, DumpRefusedError

CREATE = "CREATE TABLE `t` (a int);\n"


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "metadata").write_text("Started dump at: 2026-01-01 00:00:00\nFinished dump at: 2026-01-01 00:00:00\n")
    (folder / "s.t-schema.sql").write_text(CREATE)
    (tmp_path / "secret").write_text("4711")
    return folder


@pytest.mark.parametrize("name", ["s.t.csv", "s.t.sql", "s.u-schema.sql", "s-schema-create.sql", "notes.txt"])
@pytest.mark.parametrize("relative", [False, True])
def test_a_link_out_of_the_folder_is_refused(dump: Path, name: str, relative: bool) -> None:
    (dump / name).symlink_to("../secret" if relative else dump.parent / "secret")
    with pytest.raises(DumpRefusedError, match="link to a file outside") as caught:
        read_inventory(open_storage(str(dump)), require_finished=True)
    assert "4711" not in str(caught.value)


def test_metadata_that_is_a_link_is_refused(dump: Path) -> None:
    (dump / "metadata").rename(dump.parent / "metadata")
    (dump / "metadata").symlink_to(dump.parent / "metadata")
    with pytest.raises(DumpRefusedError, match="link to a file outside"):
        open_storage(str(dump)).read("metadata", 1000)


def test_a_chain_of_links_leads_out_too(dump: Path) -> None:
    (dump / "within").symlink_to(dump.parent / "secret")
    (dump / "s.t.csv").symlink_to("within")
    with pytest.raises(DumpRefusedError, match="link to a file outside"):
        open_storage(str(dump)).list()


def test_a_file_that_becomes_a_link_after_the_listing_is_not_read(dump: Path) -> None:
    storage = open_storage(str(dump))
    storage.list()
    (dump.parent / "other").write_text(CREATE)
    (dump / "s.t-schema.sql").unlink()
    (dump / "s.t-schema.sql").symlink_to(dump.parent / "other")
    with pytest.raises(DumpRefusedError, match="link to a file outside"):
        storage.open("s.t-schema.sql")


def test_links_are_followed_where_the_setting_says_so(dump: Path) -> None:
    (dump / "s.t.csv").symlink_to(dump.parent / "secret")
    storage = open_storage(str(dump), follow_links=True)
    found = read_inventory(storage, require_finished=True)
    assert [file.name for file in found.data_files] == ["s.t.csv"]
    assert storage.read("s.t.csv", 10) == b"4711"


def test_links_within_the_folder_and_to_the_folder_are_fine(dump: Path) -> None:
    (dump / "more").mkdir()
    (dump / "more" / "rows").write_text("1\n")
    (dump / "s.t.csv").symlink_to("more/rows")
    (dump.parent / "today").symlink_to(dump)
    storage = open_storage(str(dump.parent / "today"))
    assert [file.name for file in storage.list()] == ["metadata", "s.t-schema.sql", "s.t.csv"]
    assert storage.read("s.t.csv", 10) == b"1\n"


@pytest.mark.parametrize("follow_links", [False, True])
def test_pipes_and_devices_are_no_files_of_a_dump(dump: Path, follow_links: bool) -> None:
    storage = open_storage(str(dump), follow_links=follow_links)
    os.mkfifo(dump / "s.t.csv")
    with pytest.raises(DumpFormatError, match="a pipe"):
        read_inventory(storage, require_finished=True)
    (dump / "s.t.csv").unlink()
    (dump / "s.t.csv").symlink_to("/dev/zero")
    with pytest.raises(DumpFormatError, match="a device"):
        read_inventory(storage, require_finished=True)


def test_links_in_a_circle_are_named(dump: Path) -> None:
    (dump / "s.t.csv").symlink_to("s.t.csv")
    with pytest.raises(DumpNotFoundError, match=r"s\.t\.csv"):
        open_storage(str(dump)).list()
