"""Whatever stands in a file of a dump, or in a task file: it is taken, or refused by an error of our tree."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from airflow_dm_loader.command_line.commands import main
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.coordination.etcd.keys import from_value
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.lexer import StatementReader
from airflow_dm_loader.dump.metadata import parse_metadata
from airflow_dm_loader.dump.row_values import check_values, without_comments
from airflow_dm_loader.dump.schema_charset import SchemaOrigin, as_utf8
from airflow_dm_loader.dump.schema_files import checked, read_schema_file
from airflow_dm_loader.dump.schema_objects import ObjectKind, SchemaObject
from airflow_dm_loader.dump.sql_modes import Quoting
from airflow_dm_loader.dump.statements import Rows, classify, split_rows
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.formats.delimited.companion import parse_companion
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.formats.delimited.record_reader import RecordReader
from airflow_dm_loader.rules.csv_format import CsvFormat
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.settings.dm_task import read_dm_task
from airflow_dm_loader.target.answers import read_stored
from tests.dumps import Table, load_config, write_dump

EXAMPLES = int(os.environ.get("FUZZ", "45"))  # of each reader
# What each reader looks for, so that random bytes come as far as its inner rooms.
PIECES = [
    b"INSERT INTO `t` VALUES (1,'a');\n", b"INSERT INTO", b"`t`", b"VALUES", b"(1,'a')",
    b"CREATE TABLE `t` (`a` int);\n", b"CREATE VIEW `t` AS SELECT 1;\n", b"CREATE DATABASE `s`;\n",
    b"/*!40101 SET NAMES binary*/;\n", b"SET NAMES gbk;\n", b"/*!40101 ", b"*/", b"/*", b"-- ", b"#", b"'", b'"',
    b"`", b"\\", b";", b",", b"(", b")", b"\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"9" * 5000, b"[config]\n",
    b"[`s`.`t`]\n", b"rows = ", b"quote-character = ", b"[source]\n", b"# Started dump at: 2026-01-01 00:00:00\n",
    b"Started dump at: 2026-01-01 00:00:00\n", b"SHOW MASTER STATUS:\n", b"\tLog: x\n", b"\tPos: 4\n",
    b"SOURCE_LOG_POS = ", b"executed_gtid_set = ", b"PARTITION BY", b"DEFINER=`a`@`b`",
    b"LOAD DATA LOCAL INFILE 's.t.dat' INTO TABLE `t` ", b"FIELDS TERMINATED BY ',' ", b"0x", b"x'", b"_binary ",
    b"1e999",
]  # fmt: skip
CONTENTS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=14).map(b"".join)


def told(error: LoaderError) -> None:
    """With a code and a remedy, in a text that can be written."""
    assert f"[{error.code}]" in str(error)
    assert error.remedy
    str(error).encode()


def sql(raw: bytes) -> None:
    for statement in StatementReader.of_bytes(raw, file="s.t.sql"):
        kind = classify(statement, file="s.t.sql")
        if isinstance(kind, Rows):
            plain = without_comments(statement, Quoting())
            check_values(plain, kind.values_at, Quoting(), "s.t.sql")
            list(split_rows(plain.text[kind.values_at :], file="s.t.sql", offset=0))


def schema(raw: bytes) -> None:
    file = read_schema_file(as_utf8(raw, SchemaOrigin(), file="s.t-schema.sql"), "s.t-schema.sql")
    for kind in ObjectKind:
        try:
            checked(file, SchemaObject(kind, "s", None if kind is ObjectKind.DATABASE else "t"))
        except LoaderError:
            continue
        if kind is ObjectKind.TABLE:
            parse_create_table(file.create.decode("utf-8", "surrogateescape"))


def metadata(raw: bytes) -> None:
    for require_finished in (True, False):
        parse_metadata(raw, require_finished=require_finished)


def csv(raw: bytes) -> None:
    for columns in (0, 2):
        reader = RecordReader(io.BytesIO(raw), RecordFormat.of_csv(CsvFormat()), file="s.t.csv", max_record_bytes=4096)
        reader.look()
        reader.expect(columns, ())
        while reader.take(1) is not None:
            pass


def companion(raw: bytes) -> None:
    parse_companion(raw, file="s.t.sql")


READERS: dict[str, Callable[[bytes], None]] = {
    "sql": sql,
    "schema": schema,
    "metadata": metadata,
    "csv": csv,
    "companion": companion,
}
# What came out of longer searches, and what people do.
CORPUS = [
    b"", b"\x00" * 100, b"\xff" * 100, b"\r\n\r\n", b"\xef\xbb\xbf", b"\xff\xfe[\x00",
    b"[`s`.`t`]\nrows = " + b"9" * 6000 + b"\n", b"INSERT INTO `t` VALUES (1,'\\",
    b"CREATE TABLE `t` (`a` decimal(" + b"9" * 6000 + b"));\n", b"/*!40101 ", b"-- ",
    b"Started dump at: 9999-99-99 99:99:99\nSHOW MASTER STATUS:\n\tLog: x\n\tPos: " + b"9" * 6000 + b"\n",
    b"CREATE TABLE `t` (`a` int) AUTO_INCREMENT=" + b"9" * 6000 + b";\n", b"SET NAMES \xff;\n",
    b"SET sql_mode='\xff';\n",
]  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
def test_no_content_of_a_file_makes_a_bare_exception(reader: str) -> None:
    def read(raw: bytes) -> None:
        try:
            READERS[reader](raw)
        except LoaderError as error:
            told(error)

    for raw in CORPUS:
        read(raw)
    settings(max_examples=EXAMPLES)(given(CONTENTS)(read))()


VALUES_OF_YAML = [
    b"a: ", b"task_name: ", b"2026-99-99", b"9" * 5000, b"!!int ", b'""', b"!!bool x", b"!!timestamp x", b"!!float x",
    b"0x_", b"0b_", b"1:2:3", b"2001-01-01t00:00:00+99:99", b"[" * 2000, b"\n", b"- ", b"? ", b"<<: ", b"=", b"&a *a",
    b"!!binary x", b"\xff", b"\x00",
]  # fmt: skip
OF_OPTION_FILES = [
    b"[client]\n", b"[dm_loader]\n", b"port=", b"host", b"=", b"9" * 5000, "\u00b2".encode(), b"\n", b"'",
    b"!include x\n",
    b"ssl-ca=", b"[", b"]", b"\x00", b"\xff", b"%(x)s",
]  # fmt: skip


@pytest.mark.parametrize(
    ("option", "pieces"),
    [("--config", VALUES_OF_YAML), ("--option-file", OF_OPTION_FILES), ("--dm-task", VALUES_OF_YAML)],
)
def test_no_file_of_the_command_line_makes_a_bare_exception(
    option: str, pieces: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends before a server is asked: there is no dump."""
    path = tmp_path / "said"
    said = ["plan", "--host", "127.0.0.1", "--port", "1", "--set", "dump_uri=/nowhere", option, str(path)]

    @example(b"a: 2026-99-99")
    @example(b'a: !!int ""')
    @given(st.lists(st.sampled_from(pieces) | st.binary(max_size=8), max_size=8).map(b"".join))
    @settings(max_examples=EXAMPLES // 3, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def read(raw: bytes) -> None:
        path.write_bytes(raw)
        assert main(said) in {1, 2, 4}
        assert "What to do" in capsys.readouterr().err

    read()


def test_no_text_in_json_makes_a_bare_exception() -> None:
    for text in ("[" * 100_000, "9" * 5000, '{"a": ' * 100_000, "\ud800", "nul"):
        for reader in (partial(from_value, "key"), partial(read_stored, dict[str, int], what="it")):
            with pytest.raises(LoaderError) as caught:
                reader(text)
            told(caught.value)


COMPRESSED: dict[Compression, Callable[[bytes], bytes]] = {
    Compression.NONE: bytes,
    Compression.GZIP: gzip.compress,
    Compression.ZSTD: zstd.compress,
    Compression.BZIP2: bz2.compress,
    Compression.XZ: lzma.compress,
    Compression.LZ4: lambda raw: b"\x04\x22\x4d\x18" + raw,
    Compression.SNAPPY: lambda raw: b"\xff\x06\x00\x00sNaPpY" + raw,
}


@pytest.mark.parametrize("compression", COMPRESSED)
def test_no_compressed_stream_makes_a_bare_exception(compression: Compression, tmp_path: Path) -> None:
    """Cut, changed or random."""
    storage = open_storage(str(tmp_path))
    whole = COMPRESSED[compression](b"INSERT INTO `t` VALUES (1,'a');\n" * 20)

    @given(st.integers(0, len(whole)), st.integers(0, 255), st.binary(max_size=30))
    @settings(max_examples=EXAMPLES // 3)
    def read(at: int, byte: int, more: bytes) -> None:
        for content in (whole[:at], whole[:at] + bytes([byte]) + whole[at + 1 :], whole[:at] + more):
            (tmp_path / "s.t.sql").write_bytes(content)
            try:
                with open_decoded(storage, "s.t.sql", compression) as decoded:
                    while decoded.read(64):
                        pass
            except LoaderError as error:
                told(error)

    read()


def test_no_file_name_makes_a_bare_exception(tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    parts = [
        "s", ".", "t", "-schema", "-schema-create", "-schema-view", ".sql", ".csv", ".gz", ".zst", "00001", "%2E",
        "%", "mydumper_1", "-checksum", "metadata", "\x1b", "\u202e", "\udcff", "9" * 40, "-", "result",
        ".parquet", ".dat", "`",
    ]  # fmt: skip

    @given(st.lists(st.sampled_from(parts), min_size=1, max_size=7).map("".join))
    @settings(max_examples=EXAMPLES)
    def read(name: str) -> None:
        if name in {".", ".."} or (folder / name).exists():
            return
        (folder / name).write_bytes(b"x")
        try:
            assert LoadRun.of(load_config(folder), TargetConfig()).open_dump().plan.tables
        except LoaderError as error:
            told(error)
        finally:
            (folder / name).unlink()

    read()


def test_no_task_file_makes_a_bare_exception(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    pieces = [
        b"name: t\n", b"task-mode: full\n", b"target-database:\n", b"  host: h\n", b"  port: 1\n",
        b"mysql-instances:\n", b"  - source-id: s\n", b"    loader-config-name: l\n", b"loaders:\n", b"  l:\n",
        b"    dir: /x\n", b"&a ", b"*a", b"- ", b"? ", b"{", b"[", b"!!python/object:x ", b"\t", b"9" * 5000,
        b"<<: ", b"2026-99-99", b".inf", b"'", b'"', b": ", b"\xff", b"\x00", b"~\n",
    ]  # fmt: skip

    @example(b"[" * 1000)
    @given(st.lists(st.sampled_from(pieces) | st.binary(max_size=8), max_size=14).map(b"".join))
    @settings(max_examples=EXAMPLES)
    def read(raw: bytes) -> None:
        path.write_bytes(raw)
        try:
            task = read_dm_task(path)
            for source in (*task.sources, None):
                task.settings(source)
                task.notes(source)
            task.target()
        except LoaderError as error:
            told(error)

    read()
