from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_dm_loader.dump.storage import StoredFile, open_storage
from airflow_dm_loader.errors import DumpFormatError, DumpNotFoundError


def test_files_are_listed_by_name_with_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "b.sql").write_bytes(b"12345")
    (tmp_path / "a.sql").touch()
    assert open_storage(str(tmp_path)).list() == [StoredFile("a.sql", 0), StoredFile("b.sql", 5)]


def test_subfolders_and_pipes_are_named_but_not_listed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inner.sql").touch()
    os.mkfifo(tmp_path / "pipe.sql")
    storage = open_storage(str(tmp_path))
    assert storage.list() == []
    assert storage.list_others() == ("pipe.sql", "sub/")


@pytest.mark.parametrize("name", ["a b", "100%25", "qu?ery#frag", "ü"])
def test_file_uris_are_percent_decoded_and_paths_are_not(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "metadata").touch()
    assert open_storage(folder.as_uri()).list() == [StoredFile("metadata", 0)]
    assert open_storage(str(folder)).list() == [StoredFile("metadata", 0)]


def test_a_relative_path_is_taken_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dump").mkdir()
    monkeypatch.chdir(tmp_path)
    assert open_storage("dump").where == str(tmp_path / "dump")


def test_a_file_uri_of_this_host_by_name(tmp_path: Path) -> None:
    assert open_storage(f"file://localhost{tmp_path}").where == str(tmp_path)


def test_a_missing_folder_is_dm_34014(tmp_path: Path) -> None:
    with pytest.raises(DumpNotFoundError) as caught:
        open_storage(str(tmp_path / "nowhere")).list()
    assert caught.value.code == 34014
    assert "nowhere" in str(caught.value)


def test_a_file_in_place_of_the_folder_is_dm_34014(tmp_path: Path) -> None:
    (tmp_path / "dump").touch()
    with pytest.raises(DumpNotFoundError):
        open_storage(str(tmp_path / "dump")).list()


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    with pytest.raises(DumpNotFoundError) as caught:
        storage.open("gone.sql")
    assert caught.value.file == "gone.sql"


def test_a_broken_link_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.sql").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DumpNotFoundError) as caught:
        open_storage(str(tmp_path)).list()
    assert caught.value.file == "broken.sql"


@pytest.mark.parametrize(
    "name", ["db.t.00000.sql.gz", "db.qu?ery#.sql", "db.s3:x.sql", "db.50%25.sql", "-", "~", "$HOME"]
)
def test_bytes_come_as_they_are_stored_whatever_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b stored \r\n")
    storage = open_storage(str(tmp_path))
    with storage.open(name) as file:
        assert file.read() == b"\x1f\x8b stored \r\n"
    assert storage.read(name, 100) == b"\x1f\x8b stored \r\n"


def test_a_file_over_the_limit_is_refused_not_cut(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    storage = open_storage(str(tmp_path))
    assert storage.read("f", 5) == b"12345"
    with pytest.raises(DumpFormatError) as caught:
        storage.read("f", 4)
    assert caught.value.file == "f"


@pytest.mark.parametrize("name", ["../f", "sub/f", "/etc/passwd", "..", ".", ""])
def test_only_names_in_the_folder_are_touched(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    (tmp_path / "f").touch()
    storage = open_storage(str(folder))
    with pytest.raises(ValueError, match="no name of a file"):
        storage.open(name)
    with pytest.raises(ValueError, match="no name of a file"):
        storage.remove([name])
    assert (tmp_path / "f").exists()


def test_only_the_named_files_are_removed(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).touch()
    assert open_storage(str(tmp_path)).remove(["a", "gone", "c"]) == ()
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_what_a_link_leads_to_is_not_removed(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    (tmp_path / "outside.sql").write_bytes(b"mine")
    (folder / "db.t.sql").symlink_to(tmp_path / "outside.sql")
    assert open_storage(str(folder)).remove(["db.t.sql"]) == ()
    assert (tmp_path / "outside.sql").read_bytes() == b"mine"
    assert list(folder.iterdir()) == []


def test_what_could_not_be_removed_is_told_and_the_rest_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").touch()
    problems = open_storage(str(tmp_path)).remove(["a", "b"])
    assert len(problems) == 1
    assert "'a' was not removed" in problems[0]
    assert not (tmp_path / "b").exists()


def test_only_an_empty_folder_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "mine.txt").touch()
    storage = open_storage(str(folder))
    assert not storage.remove_folder_if_empty()
    (folder / "mine.txt").unlink()
    assert storage.remove_folder_if_empty()
    assert not folder.exists()
    assert storage.remove_folder_if_empty()


def test_a_folder_that_is_a_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "dump").symlink_to(tmp_path / "real")
    assert not open_storage(str(tmp_path / "dump")).remove_folder_if_empty()
    assert (tmp_path / "real").exists()
