"""The pieces of a script as files: what is read of them, in any order, plain and compressed."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from backports import zstd

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.data_formats import Compression
from airflow_dm_loader.dump.mysqldump.splitter import split
from airflow_dm_loader.dump.mysqldump.storage import Script, SplitStorage
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import CheckpointError, DumpNotFoundError

RAW = (
    b"/*!40101 SET NAMES utf8mb4 */;\nUSE `shop`;\n"
    + b"".join(
        b"CREATE TABLE `t%d` (a int);\n" % at
        + b"".join(b"INSERT INTO `t%d` VALUES (%d);\n" % (at, row) for row in range(300))
        for at in range(5)
    )
    + b"/*!50003 SET sql_mode = 'ANSI' */ ;\nDELIMITER ;;\nCREATE FUNCTION f() RETURNS int RETURN 1 ;;\nDELIMITER ;\n"
    b"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`r`@`%` SQL SECURITY DEFINER */\n"
    b"/*!50001 VIEW `v` AS select '*/' AS `x` */;\n-- Dump completed\n"
)
PACKED = {
    "all.sql": (Compression.NONE, RAW),
    "all.sql.gz": (Compression.GZIP, gzip.compress(RAW)),
    "all.sql.zst": (Compression.ZSTD, zstd.compress(RAW)),
}


def storage_of(folder: Path, name: str) -> SplitStorage:
    compression, stored = PACKED[name]
    (folder / name).write_bytes(stored)
    (folder / "other").write_bytes(b"x")
    inner = open_storage(str(folder))
    inner.list()
    with open_decoded(inner, name, compression) as decoded:
        found = split(decoded, file=name, rows_bytes=1000)
    return SplitStorage(inner, [Script(inner.find(name), compression, found)])


@pytest.mark.parametrize("name", PACKED)
def test_each_piece_is_a_file_of_the_size_that_is_listed(name: str, tmp_path: Path) -> None:
    storage = storage_of(tmp_path, name)
    listed = {file.name: file.file_bytes for file in storage.list()}
    assert listed.pop("other") == 1
    assert listed.keys() == storage.readings.keys()
    rows = [file for file, reading in storage.readings.items() if reading.kind.is_data]
    assert len(rows) > 20
    random.Random(1).shuffle(rows)

    read = {}
    for file in rows:
        with storage.open(file) as stream:
            read[file] = stream.read()
            assert len(read[file]) == listed[file]
            stream.seek(listed[file] - 5)
            assert stream.read() == read[file][-5:]
            stream.seek(31)
            assert stream.read(6) == b"INSERT"
    in_order = sorted(rows, key=lambda file: int(file.partition("@")[2].partition(" ")[0]))
    head = b"/*!40101 SET NAMES utf8mb4 */;\n"
    assert all(text.startswith(head + b"INSERT INTO `t") for text in read.values())
    inserts = b"".join(read[file].removeprefix(head).replace(b"\n", b"") for file in in_order)
    assert inserts == b"".join(line for line in RAW.split(b"\n") if line.startswith(b"INSERT"))


def test_a_statement_is_read_with_its_session_and_delimiter(tmp_path: Path) -> None:
    storage = storage_of(tmp_path, "all.sql.gz")
    read = {file.partition(" ")[2]: storage.open(file).read() for file in storage.readings}
    head = b"/*!40101 SET NAMES utf8mb4 */;\n"
    assert read["shop.t1-schema.sql"] == head + b"CREATE TABLE `t1` (a int);\n"
    head += b"/*!40101 SET SQL_MODE='ANSI'*/;\n"
    function = b"DELIMITER ;;\nCREATE FUNCTION f() RETURNS int RETURN 1;;\nDELIMITER ;\n"
    assert read["shop.f-schema-post.sql"] == head + function
    view = b"CREATE ALGORITHM=UNDEFINED DEFINER=`r`@`%` SQL SECURITY DEFINER VIEW `v` AS select '*/' AS `x`;\n"
    assert read["shop.v-schema-view.sql"] == head + view


def test_a_script_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    storage = storage_of(tmp_path, "all.sql")
    (tmp_path / "all.sql").write_bytes(RAW + b"\n")
    file = next(file for file, reading in storage.readings.items() if reading.kind.is_data)
    with pytest.raises(CheckpointError), storage.open(file) as stream:
        stream.read()


def test_a_script_goes_once_all_of_it_may_go(tmp_path: Path) -> None:
    storage = storage_of(tmp_path, "all.sql")
    first, *rest = storage.readings
    assert storage.remove([first]) == ()
    assert (tmp_path / "all.sql").exists()
    assert storage.remove([*rest, "other"]) == ()
    assert list(tmp_path.iterdir()) == []
    assert storage.list() == []


def test_a_file_that_is_not_there_is_said_by_its_name(tmp_path: Path) -> None:
    storage = storage_of(tmp_path, "all.sql")
    with pytest.raises(DumpNotFoundError), storage.open("gone") as stream:
        stream.read()
