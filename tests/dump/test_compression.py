from __future__ import annotations

import gzip
import random
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import cramjam
import lz4.frame
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_dm_loader.dump.compression import DecodedFile, open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.errors import ConfigError, DumpFormatError, DumpNotFoundError

CONTENT = random.Random(7).randbytes(300_000) + b"INSERT INTO `t` VALUES (1);\n" * 20_000
STORED = {
    Compression.NONE: CONTENT,
    Compression.GZIP: gzip.compress(CONTENT, mtime=0),
    Compression.ZSTD: zstd.compress(CONTENT, options={zstd.CompressionParameter.checksum_flag: 1}),
    Compression.SNAPPY: bytes(cramjam.snappy.compress(CONTENT)),
    Compression.LZ4: lz4.frame.compress(CONTENT, content_checksum=True, block_size=lz4.frame.BLOCKSIZE_MAX64KB),
}
COMPRESS: dict[Compression, Callable[[bytes], bytes]] = {
    Compression.GZIP: gzip.compress,
    Compression.ZSTD: zstd.compress,
    Compression.SNAPPY: lambda content: bytes(cramjam.snappy.compress(content)),
    Compression.LZ4: lz4.frame.compress,
}
COMPRESSED = [Compression.GZIP, Compression.ZSTD, Compression.SNAPPY, Compression.LZ4]


def snappy_ends(stored: bytes) -> list[bytes]:
    """What stands behind each chunk: framed snappy has no end of its own."""
    ends, at = [], 0
    while at < len(stored):
        at += 4 + int.from_bytes(stored[at + 1 : at + 4], "little")
        ends.append(stored[at:])
    return ends


SNAPPY_ENDS = snappy_ends(STORED[Compression.SNAPPY])


def opened(folder: Path, stored: bytes, compression: Compression) -> DecodedFile:
    (folder / "file").write_bytes(stored)
    return open_decoded(LocalStorage(folder), "file", compression)


def read_all(file: DecodedFile, n: int = 1 << 16) -> bytes:
    pieces = []
    while piece := file.read(n):
        assert len(piece) <= n
        pieces.append(piece)
    return b"".join(pieces)


def read_into(content: bytearray, file: DecodedFile) -> None:
    while piece := file.read(100_000):
        content += piece


@pytest.mark.parametrize("compression", STORED)
@pytest.mark.parametrize("n", [999, 1 << 16, 1 << 24])
def test_content_comes_back_in_pieces_of_the_asked_size(tmp_path: Path, compression: Compression, n: int) -> None:
    with opened(tmp_path, STORED[compression], compression) as file:
        assert read_all(file, n) == CONTENT
        assert file.offset == len(CONTENT)
        assert file.file_bytes_read == len(STORED[compression])
        assert file.read(1) == b""


@pytest.mark.parametrize("compression", STORED)
def test_a_piece_is_short_only_at_the_end(tmp_path: Path, compression: Compression) -> None:
    with opened(tmp_path, STORED[compression], compression) as file:
        for _ in range(len(CONTENT) // 70_000):
            assert len(file.read(70_000)) == 70_000
        assert len(file.read(70_000)) == len(CONTENT) % 70_000


@pytest.mark.parametrize("compression", COMPRESSED)
def test_several_members_and_frames_are_one_content(tmp_path: Path, compression: Compression) -> None:
    compress = COMPRESS[compression]
    stored = compress(b"one,") + compress(b"") + compress(b"two,") + STORED[compression]
    with opened(tmp_path, stored, compression) as file:
        assert read_all(file) == b"one,two," + CONTENT


def test_zeros_after_a_gzip_member_are_padding(tmp_path: Path) -> None:
    stored = gzip.compress(b"one,") + bytes(200_000) + gzip.compress(b"two") + bytes(3)
    with opened(tmp_path, stored, Compression.GZIP) as file:
        assert read_all(file) == b"one,two"


def test_a_zstd_frame_to_skip_is_skipped(tmp_path: Path) -> None:
    skippable = (0x184D2A50).to_bytes(4, "little") + (4).to_bytes(4, "little") + b"note"
    with opened(tmp_path, skippable + zstd.compress(b"rows"), Compression.ZSTD) as file:
        assert read_all(file) == b"rows"


def test_an_empty_plain_file_is_empty(tmp_path: Path) -> None:
    with opened(tmp_path, b"", Compression.NONE) as file:
        assert file.read(10) == b""


@pytest.mark.parametrize("compression", COMPRESSED)
def test_an_empty_compressed_file_was_cut(tmp_path: Path, compression: Compression) -> None:
    with opened(tmp_path, b"", compression) as file, pytest.raises(DumpFormatError, match="cut short") as caught:
        file.read(10)
    assert (caught.value.code, caught.value.file, caught.value.offset) == (34006, "file", 0)


@pytest.mark.parametrize("compression", COMPRESSED)
@settings(deadline=None)
@given(data=st.data())
def test_a_cut_file_gives_sound_bytes_and_then_the_error(
    tmp_path_factory: pytest.TempPathFactory, compression: Compression, data: st.DataObject
) -> None:
    stored = STORED[compression]
    cut = data.draw(st.integers(0, len(stored) - 1))
    sound = bytearray()
    with opened(tmp_path_factory.getbasetemp(), stored[:cut], compression) as file:
        if compression is Compression.SNAPPY and stored[cut:] in SNAPPY_ENDS:  # what is missing is known to nobody
            read_into(sound, file)
            assert CONTENT.startswith(sound)
            return
        with pytest.raises(DumpFormatError) as caught:
            read_into(sound, file)
        assert CONTENT.startswith(sound)
        assert caught.value.offset == len(sound)
        with pytest.raises(DumpFormatError):
            file.read(1)


@pytest.mark.parametrize("compression", COMPRESSED)
@pytest.mark.parametrize("at", [0, 200_000, -3])
def test_a_changed_byte_is_an_error(tmp_path: Path, compression: Compression, at: int) -> None:
    stored = bytearray(STORED[compression])
    stored[at] ^= 0xFF
    with opened(tmp_path, bytes(stored), compression) as file, pytest.raises(DumpFormatError) as caught:
        read_all(file)
    assert "corrupt" in str(caught.value)
    assert caught.value.offset is not None


@pytest.mark.parametrize("compression", COMPRESSED)
def test_text_after_the_end_is_an_error(tmp_path: Path, compression: Compression) -> None:
    stored = STORED[compression] + b"INSERT INTO"
    with opened(tmp_path, stored, compression) as file, pytest.raises(DumpFormatError) as caught:
        read_all(file)
    assert caught.value.offset == len(CONTENT)


@pytest.mark.parametrize("compression", COMPRESSED)
def test_a_bomb_is_decoded_only_as_far_as_asked(tmp_path: Path, compression: Compression) -> None:
    if compression in (Compression.SNAPPY, Compression.LZ4):
        stored = b"".join([COMPRESS[compression](bytes(1 << 24))] * 16)
    elif compression is Compression.ZSTD:
        packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 20})
        stored = b"".join(packer.compress(bytes(1 << 24)) for _ in range(16)) + packer.flush()
    else:
        packed = zlib.compressobj(1, wbits=31)
        stored = b"".join(packed.compress(bytes(1 << 24)) for _ in range(16)) + packed.flush()
    with opened(tmp_path, stored, compression) as file:
        tracemalloc.start()
        content = file.read(1 << 20)
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert content == bytes(1 << 20)
        assert file.offset == 1 << 20
        assert file.file_bytes_read <= 64 << 10
        assert peak_bytes < 8 << 20


@pytest.mark.parametrize("compression", STORED)
def test_seeking_goes_to_any_decoded_offset(tmp_path: Path, compression: Compression) -> None:
    with opened(tmp_path, STORED[compression], compression) as file:
        assert file.seekable_cheaply is (compression is Compression.NONE)
        for offset in (250_000, 250_000, 800_000, 3, len(CONTENT)):
            file.seek(offset)
            assert file.offset == offset
            assert file.read(10) == CONTENT[offset : offset + 10]


@pytest.mark.parametrize("compression", STORED)
def test_seeking_past_the_end_is_an_error(tmp_path: Path, compression: Compression) -> None:
    with opened(tmp_path, STORED[compression], compression) as file:
        with pytest.raises(DumpFormatError) as caught:
            file.seek(len(CONTENT) + 1)
        assert caught.value.offset == len(CONTENT)


@pytest.mark.parametrize("compression", COMPRESSED)
def test_seeking_over_a_cut_is_an_error(tmp_path: Path, compression: Compression) -> None:
    with opened(tmp_path, STORED[compression][:100_000], compression) as file, pytest.raises(DumpFormatError):
        file.seek(len(CONTENT) - 1)


@pytest.mark.parametrize("compression", [Compression.XZ, Compression.BZIP2, Compression.UNKNOWN])
def test_other_compressions_are_refused_by_name(tmp_path: Path, compression: Compression) -> None:
    with pytest.raises(DumpFormatError) as caught:
        opened(tmp_path, b"x", compression)
    assert caught.value.file == "file"
    assert "gzip or zstd" in caught.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DumpNotFoundError) as caught:
        open_decoded(LocalStorage(tmp_path), "gone.sql", Compression.NONE)
    assert caught.value.file == "gone.sql"


def test_reading_nothing_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with opened(tmp_path, b"x", Compression.NONE) as file, pytest.raises(ValueError, match="above zero"):
        file.read(0)


@pytest.mark.parametrize(
    "stored",
    [
        b"\x00\x00\x00\x04\x00\x00\x00\x06\x04\x0crows",  # Hadoop's
        b"\x04\x0crows",  # a block of its own
        b"\xff\x06\x00\x00sNaPpZ",
        b"\xff\x06\x00\x00sNaPpY\x02\x00\x00\x00",  # a kind that must not be passed over
        b"\xff\x06\x00\x00sNaPpY\x00\xff\xff\xff",  # longer than any
    ],
)
def test_snappy_in_another_form_than_the_framed_one_is_refused(stored: bytes, tmp_path: Path) -> None:
    with opened(tmp_path, stored, Compression.SNAPPY) as file, pytest.raises(DumpFormatError, match="is corrupt"):
        read_all(file)


def test_what_a_reader_of_snappy_may_pass_over_is_passed_over(tmp_path: Path) -> None:
    stored = COMPRESS[Compression.SNAPPY](b"one,")
    padding = b"\xfe\x03\x00\x00..." + b"\x80" + (1 << 20).to_bytes(3, "little") + bytes(1 << 20)
    with opened(tmp_path, stored + padding + stored, Compression.SNAPPY) as file:
        assert read_all(file) == b"one,one,"


@pytest.mark.parametrize(("compression", "package"), [(Compression.SNAPPY, "cramjam"), (Compression.LZ4, "lz4")])
def test_without_its_package_a_compression_is_refused_with_what_to_install(
    compression: Compression, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f"needs the package {package}") as caught:
        opened(tmp_path, b"x", compression)
    assert f"pip install airflow-dm-loader[{compression}]" in caught.value.remedy
