"""CSV in charsets in which a part of a letter looks like a quote or a backslash."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.errors import ChecksumMismatchError, ConfigError, DumpFormatError
from airflow_dm_loader.formats.delimited import utf8_file
from airflow_dm_loader.formats.delimited.utf8_file import Utf8File
from dev.private_server import PrivateServer
from tests.dumps import load_config, load_soon
from tests.record_dumps import CsvTable, write_records
from tests.tables import query

CREATE = "(`id` int PRIMARY KEY, `名` varchar(60) CHARACTER SET utf8mb4) ENGINE=InnoDB"
# Letters whose second bytes are a backslash, a quote of another kind or a sign, and what makes records.
CHARSETS = [("gbk", "gbk", "汉乗誠\\中\"|文'"), ("gb18030", "gb18030", "汉乗誠\\\"é😀|'㐀"),
            ("sjis", "shift_jis", "ソ表十\\\"名'|"),
            ("big5", "big5", "功許蓋\\\"名|'"), ("cp932", "cp932", "ソ表名\\\"|'"), ("euckr", "cp949", "뙕名\\\"|'"),
            ("ujis", "euc_jp", "名表\\\"|'"), ("gb2312", "gb2312", "名中\\\"|'")]  # fmt: skip


def written(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def dump(folder: Path, content: bytes, create: str = CREATE) -> Path:
    write_records(folder, CsvTable("t", create))
    (folder / "s.t.000000000.csv").write_bytes(content)
    return folder


def all_of(path: Path, charset: str, step: int, **more: Any) -> tuple[bytes, Utf8File]:
    with open_decoded(LocalStorage(path.parent), path.name, Compression.NONE) as decoded:
        file = Utf8File(decoded, charset, **{"replacement": None, "most_bytes": 100, **more})
        return b"".join(iter(lambda: file.read(step), b"")), file


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize(("charset", "codec", "text"), CHARSETS)
def test_a_file_is_the_same_text_in_blocks_of_any_size(
    charset: str, codec: str, text: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utf8_file, "_BLOCK_BYTES", block)
    whole = f"id,{text}\r\n{text * 5}{text}"
    (tmp_path / "f").write_bytes(whole.encode(codec))
    for step in (1, 5, 1000):
        assert all_of(tmp_path / "f", charset, step)[0] == whole.encode()


@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_what_is_no_letter_is_refused_with_its_byte_or_replaced(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utf8_file, "_BLOCK_BYTES", block)
    (tmp_path / "f").write_bytes("中".encode("gbk") + b",\xffa\n\xd6\n" + "文".encode("gbk") + b"\xd6")
    with pytest.raises(DumpFormatError, match="can't be read as gbk") as caught:
        all_of(tmp_path / "f", "gbk", 1000)
    assert (caught.value.file, caught.value.offset) == ("f", 3)
    text, file = all_of(tmp_path / "f", "gbk", 1000, replacement="\ufffd")
    assert text.decode() == "中,\ufffda\n\ufffd\n文\ufffd"
    assert file.replaced_before(9) == (4,)
    assert file.replaced_before(100) == (9, 16)
    assert file.replaced_before(100) == ()


def test_a_file_that_never_ends_a_word_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utf8_file, "_BLOCK_BYTES", 10)
    (tmp_path / "f").write_bytes("中".encode("gbk") * 100)
    with pytest.raises(DumpFormatError, match="100 bytes hold no blank"):
        all_of(tmp_path / "f", "gbk", 10)


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False])
@pytest.mark.parametrize(("charset", "codec", "text"), CHARSETS[:3])
def test_a_load_has_the_letters_of_the_file(
    charset: str, codec: str, text: str, load_data: bool, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    lines = ["id,名", *(f"{number},{written(text)}" for number in range(300)), "300,\\N"]
    content = "".join(f"{line}\r\n" for line in lines).encode(codec)
    folder = dump(tmp_path / "d", content)
    (folder / "s.t.000000000.csv").unlink()
    (folder / "s.t.000000000.csv.gz").write_bytes(gzip.compress(content))

    report = load_soon(load_config(folder, data_character_set=charset, load_data=load_data), target)

    found = query(server, "SELECT `名`, COUNT(*) FROM s.t GROUP BY 1 ORDER BY 2")
    assert found == [(None, 1), (text, 300)]
    assert (report.outcome, report.findings) == ("clean", ())


def test_a_load_resumes_in_another_charset(server: PrivateServer, target: TargetConfig, tmp_path: Path) -> None:
    lines = [f"{number},{'汉乗' * 6}\n" for number in range(1000)]
    folder = dump(tmp_path / "d", ("id,名\n" + "".join(lines) + '1000,x"y\n').encode("gbk"))
    config = load_config(folder, csv={"character_set": "gbk"})
    with pytest.raises(DumpFormatError, match="a quote stands inside"):
        load_soon(config, target)
    before = query(server, "SELECT COUNT(*) FROM s.t")[0][0]
    (folder / "s.t.000000000.csv").write_bytes(("id,名\n" + "".join(lines) + "1000,x'y\n").encode("gbk"))

    load_soon(config, target)

    assert 0 < before < 1000
    assert query(server, "SELECT COUNT(*), COUNT(DISTINCT `名`) FROM s.t") == [(1001, 2)]


@pytest.mark.parametrize(("charset", "codec"), [("gb18030", "gb18030"), ("utf8mb4", "utf-8")])
def test_replaced_letters_are_counted_and_wait_for_somebody(
    charset: str, codec: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    lines = [f"{number},中{'x' * 40}\n".encode(codec) for number in range(300)]
    lines[7] = lines[7].replace(b"x", b"\xff", 2)
    lines[250] = lines[250].replace(b"x", b"\xff", 1)
    folder = dump(tmp_path / "d", b"".join(lines))
    settings: dict[str, Any] = {
        "csv": {"header": False},
        "data_character_set": charset,
        "data_invalid_char_replace": "?",
    }

    with pytest.raises(ChecksumMismatchError, match=r"were replaced \(data_invalid_char_replace\) \([12] rows\)"):
        load_soon(load_config(folder, **settings), target)
    report = load_soon(load_config(folder, **settings, on_conflict="accept"), target)

    assert report.outcome != "clean"
    assert [(one.kind, one.table, one.rows) for one in report.findings] == [("replaced_characters", "s.t", 2)]
    found = query(server, "SELECT id, LENGTH(`名`) - LENGTH(REPLACE(`名`, '?', '')) FROM s.t WHERE `名` LIKE '%%?%%'")
    assert found == [(7, 2), (250, 1)]


def test_bytes_do_not_come_from_text_in_another_charset(target: TargetConfig, tmp_path: Path) -> None:
    folder = dump(tmp_path / "d", b"id,b\n1,x\n", "(`id` int PRIMARY KEY, `b` blob) ENGINE=InnoDB")
    with pytest.raises(DumpFormatError, match="columns of bytes"):
        load_soon(load_config(folder, data_character_set="gbk"), target)


def test_settings_beside_csv_are_checked_with_it() -> None:
    with pytest.raises(ConfigError, match="share the character"):
        load_config(Path("/dump"), data_invalid_char_replace=",")
    with pytest.raises(ConfigError, match="must be one of"):
        load_config(Path("/dump"), data_character_set="utf16")
