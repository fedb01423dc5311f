"""The same letters arrive, whichever tool wrote the file and whatever the column's charset is, by both ways."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import DumpTool, TargetConfig
from airflow_dm_loader.errors import DumpFormatError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.tables import count, is_mariadb, one, query

BOTH_WAYS = pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
NAMES, KEYS = "/*!40101 SET NAMES binary*/;\n", "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n"
DUMPLING_HEADS = {"MySQL": KEYS + NAMES, "MariaDB": NAMES + "SET FOREIGN_KEY_CHECKS=0;\n"}
MYDUMPER_HEAD = NAMES + KEYS + "/*!40103 SET TIME_ZONE='+00:00' */;\n"
OPEN_HEAD = NAMES + KEYS
CODECS = {"latin1": "latin-1", "gbk": "gbk", "sjis": "shift_jis", "utf16": "utf-16-be", "utf32": "utf-32-be",
          "utf8mb3": "utf-8", "utf8mb4": "utf-8"}  # fmt: skip
TEXTS = {"latin1": "é" * 20, "gbk": "汉" * 20, "sjis": "表ソ" * 10, "utf8mb4": "🙂" * 20}


def raw(text: str, charset: str) -> str:
    """The text's bytes in a charset, escaped as dump tools do, as a test's dump holds them."""
    data = text.encode(CODECS[charset]).replace(b"\\", b"\\\\").replace(b"'", b"\\'").replace(b'"', b'\\"')
    return data.replace(b"\0", b"\\0").replace(b"\n", b"\\n").decode("utf-8", "surrogateescape")


def columns(charset: str, text: str) -> str:
    label = text[:2]
    return (
        f"(`id` int, `c` char(20), `v` varchar(20), `x` text, `e` enum('a','{label}'), `s` set('b','{label}')) "
        f"ENGINE=InnoDB DEFAULT CHARSET={charset}"
    )


def arrived(server: PrivateMariaDB, text: str) -> None:
    cells = ", ".join(f"CONVERT({name} USING utf8mb4)" for name in "cvxes")
    assert query(server, f"SELECT {cells} FROM s.t") == [(text, text, text, text[:2], f"b,{text[:2]}")]


@pytest.mark.parametrize("charset", ["latin1", "gbk", "sjis", "utf8mb3", "utf8mb4", "utf16", "utf32"])
@pytest.mark.parametrize("source", DUMPLING_HEADS)
@BOTH_WAYS
def test_dumplings_strings_are_utf8(
    load_data: bool, source: str, charset: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    text = TEXTS.get(charset, "Zoë日本ü" + "é" * 14)
    row = f"(1,'{text}','{text}','{text}','{text[:2]}','b,{text[:2]}')"
    table = Table("t", columns(charset, text), [row], head=DUMPLING_HEADS[source])

    report = load_dump(load_config(write_dump(tmp_path / "dump", table), load_data=load_data), target)

    arrived(server, text)
    assert report.tables[0].sent_as == ("load data" if load_data else "statements")


@pytest.mark.parametrize("charset", ["latin1", "gbk", "sjis", "utf8mb3", "utf8mb4", "utf16", "utf32"])
@BOTH_WAYS
def test_mydumpers_strings_are_the_columns_own_bytes(
    load_data: bool, charset: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    text = TEXTS.get(charset, "Zoë日本ü" + "é" * 14)
    comma = raw("b,", charset)
    whole, label = raw(text, charset), raw(text[:2], charset)
    row = f'(1,"{whole}","{whole}","{whole}","{label}","{comma}{label}")'
    table = Table("t", columns(charset, text), [row], head=MYDUMPER_HEAD)

    report = load_dump(load_config(write_dump(tmp_path / "dump", table), load_data=load_data), target)

    arrived(server, text)
    assert report.tables[0].sent_as == ("load data" if load_data else "statements")


@pytest.mark.parametrize(("tool", "text"), [("dumpling", "Zoë"), ("mydumper", "ZoÃ«")])
def test_where_it_is_open_the_setting_says_what_a_string_means(
    tool: str, text: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int, `v` varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=latin1"
    folder = write_dump(tmp_path / "dump", Table("t", create, ["(1,'a')", "(2,'Zoë')"], head=OPEN_HEAD))

    with pytest.raises(DumpFormatError, match="either dumpling or mydumper") as caught:
        load_dump(load_config(folder), target)
    assert "dump_tool" in caught.value.remedy
    assert count(server, "s.t") == 0

    load_dump(load_config(folder, dump_tool=tool), target)
    assert one(server, "SELECT v FROM s.t WHERE id = 2") == text


def test_the_setting_wins_over_the_head(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    create = "(`v` varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=latin1"
    folder = write_dump(tmp_path / "dump", Table("t", create, ["('Zoë')"], head=MYDUMPER_HEAD))

    load_dump(load_config(folder, dump_tool=DumpTool.DUMPLING), target)

    assert one(server, "SELECT v FROM s.t") == "Zoë"


@BOTH_WAYS
def test_where_it_is_open_and_does_not_matter_nothing_is_asked(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int, `l` varchar(20) CHARACTER SET latin1, `v` varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    folder = write_dump(tmp_path / "dump", Table("t", create, ["(1,'a','Zoë')", "(2,NULL,'日')"], head=OPEN_HEAD))

    load_dump(load_config(folder, load_data=load_data), target)

    assert query(server, "SELECT l, v FROM s.t ORDER BY id") == [("a", "Zoë"), (None, "日")]


@pytest.mark.parametrize("heads", [*DUMPLING_HEADS.values(), MYDUMPER_HEAD, OPEN_HEAD], ids=["a", "b", "c", "d"])
@BOTH_WAYS
def test_types_that_take_no_binary_text(
    load_data: bool, heads: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    u, i4, i6 = ("uuid", "inet4", "inet6") if is_mariadb(server) else ("char(36)", "varchar(15)", "varchar(39)")
    create = f"(`id` int, `j` json, `u` {u}, `i4` {i4}, `i6` {i6}, `b` blob) ENGINE=InnoDB DEFAULT CHARSET=latin1"
    uuid = "123e4567-e89b-12d3-a456-426655440000"
    rows = [f"""(1,'{{"a":"é"}}','{uuid}','1.2.3.4','::1',x'ff00')""", "(2,NULL,NULL,NULL,NULL,NULL)"]
    if heads == MYDUMPER_HEAD:
        rows[0] = f"""(1,'{{"a":"é"}}',_binary '{uuid}',_binary '1.2.3.4',_binary '::1',0xff00)"""
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, head=heads))

    load_dump(load_config(folder, load_data=load_data), target)

    answer: Mapping[int, tuple[object, ...]] = {
        row[0]: row[1:] for row in query(server, "SELECT id, j, u, i4, i6, HEX(b) FROM s.t")
    }
    assert answer == {
        1: ('{"a":"é"}' if is_mariadb(server) else '{"a": "é"}', uuid, "1.2.3.4", "::1", "FF00"),
        2: (None, None, None, None, None),
    }
