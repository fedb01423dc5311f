"""A compressed file whose name does not say so is refused for just that."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from backports import zstd

from airflow_dm_loader.dump.compression import compression_of, open_decoded
from airflow_dm_loader.dump.data_formats import Compression
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import DumpFormatError

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


@cache
def compressed(what: str, rows: bytes) -> bytes:
    return COMPRESS[what](rows)


@pytest.mark.parametrize("what", COMPRESS)
@pytest.mark.parametrize("name", ["s.t.sql", "s.t.csv", "s.t-schema.sql"])
@pytest.mark.parametrize("rows", [b"INSERT INTO `t` VALUES (1);\n", b"INSERT INTO `t` VALUES (1);\n" * 100_000, b""])
def test_it_is_refused_by_its_name(tmp_path: Path, what: str, name: str, rows: bytes) -> None:
    (tmp_path / name).write_bytes(compressed(what, rows))
    with (
        open_decoded(open_storage(str(tmp_path)), name, Compression.NONE) as file,
        pytest.raises(DumpFormatError, match=f"compressed with {what}") as caught,
    ):
        file.read(1 << 16)
    assert caught.value.file == name


@pytest.mark.parametrize("what", COMPRESS)
def test_members_one_behind_the_other_are_it_too(what: str) -> None:
    assert compression_of(COMPRESS[what](b"a") + COMPRESS[what](b"b")) == what


@pytest.mark.parametrize("what", ["gzip", "zstd"])
def test_a_row_that_begins_with_a_compressed_blob_is_none(what: str) -> None:
    assert compression_of(COMPRESS[what](b"blob") + b"\t7\n") is None
    escaped = COMPRESS[what](bytes(range(256)) * 9).replace(b"\\", b"\\\\").replace(b"\0", b"\\0")
    assert compression_of(escaped + b"\t7\n") is None


@pytest.mark.parametrize("text", [b"", b"\x1f", b"BZh", b"INSERT", b"\xef\xbb\xbfINSERT"])
def test_other_beginnings_are_none(text: bytes) -> None:
    assert compression_of(text) is None
