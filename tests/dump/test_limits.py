"""What a dump may hold of what is kept in memory: each limit is an error with the setting that raises it."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import pytest

from airflow_dm_loader.attempts import Attempts
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.heads import read_head
from airflow_dm_loader.dump.lexer import StatementReader
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import LoaderError, LoadInterruptedError
from airflow_dm_loader.run import Dump, LoadRun
from tests.dumps import Table, load_config, write_dump

ROW = Table("t", rows=['(1,"a")'])


def opened(config: LoadConfig) -> Dump:
    return LoadRun.of(config, TargetConfig()).open_dump()


def names(error: pytest.ExceptionInfo[LoaderError], setting: str, limit: int) -> bool:
    return f"{limit}" in error.value.message and setting in error.value.message and setting in error.value.remedy


def test_a_schema_file_that_unpacks_to_much_is_not_read(tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", ROW)
    plain = folder / "s.t-schema.sql"
    (folder / "s.t-schema.sql.gz").write_bytes(gzip.compress(plain.read_bytes() + b"-- \n" * (2 << 20)))
    plain.unlink()

    with pytest.raises(LoaderError) as caught:
        opened(load_config(folder)).read_schema("s.t-schema.sql.gz")

    assert names(caught, "max_schema_file_bytes", 4 << 20)
    assert opened(load_config(folder, max_schema_file_bytes=16 << 20)).read_schema("s.t-schema.sql.gz").create


def test_a_statement_of_many_words_is_not_looked_at(tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", ROW)
    columns = ",".join(f"c{at} int" for at in range(3000))
    (folder / "s.t-schema.sql").write_text(f"CREATE TABLE `t` ({columns}) ENGINE=InnoDB;\n")

    with pytest.raises(LoaderError, match="max_schema_file_bytes"):
        opened(load_config(folder, max_schema_file_bytes=64 << 10)).read_schema("s.t-schema.sql")

    assert opened(load_config(folder)).read_schema("s.t-schema.sql").create


def test_metadata_may_grow_with_the_files(tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", ROW)
    metadata = (folder / "metadata").read_bytes()
    (folder / "metadata").write_bytes(metadata + b"# " + b"x" * 1_200_000 + b"\n")

    with pytest.raises(LoaderError) as caught:
        opened(load_config(folder))

    assert "max_metadata_bytes" in caught.value.message
    assert "max_metadata_bytes" in caught.value.remedy
    assert opened(load_config(folder, max_metadata_bytes=2 << 20)).plan.tables
    for number in range(400):
        (folder / f"s.t.{number + 1:09}.sql").write_bytes((folder / ROW.data_file).read_bytes())
    assert opened(load_config(folder)).plan.tables


@pytest.mark.parametrize(
    "content",
    [
        b"SET NAMES binary;\n" * 300 + b"INSERT INTO `t` VALUES (1,'a');\n",
        b"INSERT INTO `t` (" + b",".join(b"`%d`" % at for at in range(1000)) + b") VALUES (1,'a');\n",
    ],
)
def test_a_head_is_short(content: bytes, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", ROW)
    (folder / ROW.data_file).write_bytes(content)
    dump = opened(load_config(folder))
    (file,) = dump.inventory.data_files

    with pytest.raises(LoaderError) as caught:
        read_head(dump.storage, file, 4096)

    assert names(caught, "max_head_bytes", 4096)
    read_head(dump.storage, file, 1 << 20)


def test_a_statement_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "f.sql").write_bytes(b"INSERT INTO `t` VALUES ('" + b"x" * 10_000)
    with (
        open_decoded(open_storage(str(tmp_path)), "f.sql", Compression.NONE) as decoded,
        pytest.raises(LoaderError) as caught,
    ):
        next(StatementReader(decoded, file="f.sql", max_statement_bytes=4096))

    assert names(caught, "max_statement_bytes", 4096)


@pytest.mark.parametrize(
    ("content", "compression"),
    [
        (gzip.compress(bytes(64 << 20)), Compression.GZIP),
        (gzip.compress(b"") * 1000, Compression.GZIP),
        (b"\x28\xb5\x2f\xfd\x00\x58" + b"\x02\x00\x10\x00" * 100_000, Compression.ZSTD),
        (b"x" * 1000, Compression.NONE),
    ],
)
def test_a_stop_is_answered_while_a_file_is_decoded(content: bytes, compression: Compression, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    stop = threading.Event()
    storage = open_storage(str(tmp_path), attempts=Attempts(stop.is_set))
    with open_decoded(storage, "f", compression) as decoded:
        stop.set()
        with pytest.raises(LoadInterruptedError):
            decoded.read(1 << 40)
