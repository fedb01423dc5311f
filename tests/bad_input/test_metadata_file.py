"""Metadata that is unfinished, cut, of another dump, or longer than usual; dumps that change."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError, ChecksumMismatchError, DumpMetadataError, LoaderError
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stories import check_message, check_nothing_created, check_whole_chunks_only, refused
from tests.dumps import (
    METADATA,
    Table,
    copy_sample,
    import_all,
    load_config,
    numbered,
    prepare,
    run_of,
    write_dump,
)
from tests.faults import import_until_broken
from tests.tables import count

ROWS = ('(1,"a")', '(2,"b")')


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (METADATA.partition("Finished")[0], "metadata without its finish line: the dump still runs, or was broken off"),
        (METADATA[:40], "metadata that was cut"),
        ("", "metadata that is empty"),
    ],
)
def test_metadata_without_its_end_is_refused(
    text: str, title: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS), metadata=text)

    error = refused(load_config(folder), target, DumpMetadataError)

    assert error.code == 11001
    check_message(title, error, tmp_path)
    check_nothing_created(server, "dm_meta")
    (folder / "metadata").write_text(METADATA)
    assert load_dump(load_config(folder), target).rows == 2


def test_a_folder_without_metadata(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    (folder / "metadata").unlink()

    check_message("a folder without metadata", refused(load_config(folder), target, DumpMetadataError), tmp_path)
    check_nothing_created(server, "dm_meta")


def test_metadata_of_another_dump_pauses_the_load(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = copy_sample("mydumper-1.0", tmp_path / "dump")
    metadata = folder / "metadata"
    text = metadata.read_text()
    at = text.index("rows = ", text.index("`shop`.`orders`"))
    metadata.write_text(text[:at] + "rows = 1" + text[text.index("\n", at) :])

    error = refused(load_config(folder), target, ChecksumMismatchError)

    assert error.code == 34021
    check_message("metadata of another dump: its row counts are not those of the files", error)
    assert count(server, "shop.orders") > 1


def test_two_blocks_and_a_gtid_set_of_several_lines_are_read(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77"
    block = f"SHOW MASTER STATUS:\n\tLog: bin.000003\n\tPos: 4\n\tGTID:{gtid}\n\n"
    after = block.replace("STATUS:", "STATUS: /* AFTER CONNECTION POOL ESTABLISHED */").replace("Pos: 4", "Pos: 99")
    text = f"Started dump at: 2026-11-23 17:29:14\n{block}{after}Finished dump at: 2026-11-23 17:29:15\n"
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS), metadata=text)

    report = load_dump(load_config(folder), target)

    assert (report.binlog_name, report.binlog_pos) == (
        "bin.000003",
        4,
    )  # the earlier one: replaying from there misses nothing
    assert report.binlog_gtid == gtid.replace("\n", "")


# -- dumps that change


@pytest.mark.parametrize("change", ["grows", "shrinks", "appears", "vanishes", "metadata"])
def test_a_dump_that_changes_between_plan_and_import_is_refused(
    change: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 500), numbered("u", 10))
    config = load_config(folder)
    prepare(config, target)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    data = folder / "s.t.sql"
    match change:
        case "grows":
            data.write_bytes(before[data] + b'INSERT INTO `t` VALUES\n(999,"late");\n')
        case "shrinks":
            data.write_bytes(before[data][: before[data].rindex(b"INSERT")])
        case "appears":
            (folder / "s.t.00001.sql").write_text('INSERT INTO `t` VALUES\n(999,"late");\n')
        case "vanishes":
            (folder / "s.u.sql").unlink()
        case _:
            (folder / "metadata").write_text(METADATA.replace("Pos: 606443", "Pos: 606444"))

    with pytest.raises(CheckpointError) as caught:
        loader.run_import(run_of(config, target))

    assert caught.value.code == 34018
    check_message("a dump that was still being written when the load was planned", caught.value)
    assert count(server, "s.t") == 0
    for path in folder.iterdir():
        path.unlink()
    for path, raw in before.items():
        path.write_bytes(raw)
    assert load_dump(config, target).rows == 510


def test_a_dump_that_changes_under_a_load_that_has_begun_keeps_what_is_in(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 2000))
    config = load_config(folder)
    prepare(config, target)
    import_until_broken(config, target, chunks=3)
    committed = check_whole_chunks_only(server)
    whole = (folder / "s.t.sql").read_bytes()
    (folder / "s.t.sql").write_bytes(whole + b"\n")

    error: LoaderError = refused(config, target, CheckpointError)

    assert (error.code, check_whole_chunks_only(server)) == (34018, committed)
    (folder / "s.t.sql").write_bytes(whole)
    import_all(config, target)
    assert (count(server, "s.t"), loader.verify(loader.LoadRun.of(config, target)).verdict) == (2000, "clean")
