"""clean_dump_files: what goes with a load that is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, copy_sample, import_all, load_config, run_of, write_dump
from tests.tables import count


def small(folder: Path) -> Path:
    return write_dump(folder, Table("t", rows=['(1,"a")']), views={"v": "SELECT id FROM t"})


def test_a_dump_is_kept_unless_it_is_told_to_go(target: TargetConfig, tmp_path: Path) -> None:
    folder = small(tmp_path / "dump")
    before = sorted(folder.iterdir())

    load_dump(load_config(folder), target)

    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("name", ["mydumper-0.10", "mydumper-1.0", "mydumper-1.0-zstd"])
def test_mode_full_removes_the_dump_and_its_folder(name: str, target: TargetConfig, tmp_path: Path) -> None:
    folder = copy_sample(name, tmp_path / "dump")

    unread = {path.name for path in folder.iterdir() if "-schema-triggers" in path.name or "-schema-post" in path.name}
    for file in unread:
        (folder / file).rename(tmp_path / file)

    load_dump(load_config(folder, clean_dump_files=True), target)

    assert not folder.exists()


def test_files_that_no_load_reads_stay_with_a_warning(target: TargetConfig, tmp_path: Path) -> None:
    folder = small(tmp_path / "dump")
    (folder / "s.t-schema-triggers.sql").write_text("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1;\n")
    config = load_config(folder, clean_dump_files=True)
    import_all(config, target)
    loader.verify(loader.LoadRun.of(config, target))
    loader.finish(run_of(config, target, loader.Worker("here")))

    report = loader.clean_dump_files(run_of(config, target))

    assert [path.name for path in folder.iterdir()] == ["s.t-schema-triggers.sql"]
    assert "(triggers: 1)" in str(report["warnings"])


def test_mode_all_keeps_metadata_and_schema_files(target: TargetConfig, tmp_path: Path) -> None:
    folder = copy_sample("mydumper-0.10", tmp_path / "dump")
    kept = sorted(path.name for path in folder.iterdir() if "-schema" in path.name or path.name == "metadata")

    load_dump(load_config(folder, clean_dump_files=True, mode="all"), target)

    assert sorted(path.name for path in folder.iterdir()) == kept


def test_foreign_files_and_their_folder_stay_with_a_warning(target: TargetConfig, tmp_path: Path) -> None:
    folder = small(tmp_path / "dump")
    (folder / "notes.txt").write_text("mine")
    config = load_config(folder, clean_dump_files=True)
    import_all(config, target)
    loader.verify(loader.LoadRun.of(config, target))
    loader.finish(run_of(config, target, loader.Worker("here")))

    report = loader.clean_dump_files(run_of(config, target))

    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert report["warnings"]
    assert "notes.txt" not in report["removed"]  # type: ignore[operator]


def test_a_dump_that_changed_meanwhile_is_not_removed(target: TargetConfig, tmp_path: Path) -> None:
    folder = small(tmp_path / "dump")
    load_dump(load_config(folder), target)
    with (folder / "s.t.sql").open("a") as file:
        file.write('INSERT INTO `t` VALUES (2,"b");\n')
    before = sorted(folder.iterdir())

    report = loader.clean_dump_files(run_of(load_config(folder, clean_dump_files=True), target))

    assert sorted(folder.iterdir()) == before
    assert (report["removed"], len(report["warnings"])) == ([], 1)  # type: ignore[arg-type]


def test_cleaning_again_does_no_harm(target: TargetConfig, tmp_path: Path) -> None:
    folder = small(tmp_path / "dump")
    config = load_config(folder, clean_dump_files=True)
    load_dump(config, target)

    report = loader.clean_dump_files(run_of(config, target))

    assert report["removed"] == []
    assert report["warnings"]


def test_a_load_that_is_not_finished_keeps_its_dump(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = small(tmp_path / "dump")
    config = load_config(folder, clean_dump_files=True)
    import_all(config, target)

    with pytest.raises(CheckpointError, match="not finished"):
        loader.clean_dump_files(run_of(config, target))

    assert (folder / "s.t.sql").exists()
    assert count(server, "s.t") == 1
