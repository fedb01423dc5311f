"""A schema file is read in the charset that its tool wrote it in."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.metadata import parse_metadata
from airflow_dm_loader.dump.schema_charset import SchemaOrigin, as_utf8
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.settings.choices import DumpTool

NAMES, KEYS = "/*!40101 SET NAMES binary*/;\n", "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n"
MYDUMPER = NAMES + KEYS + "/*!40103 SET TIME_ZONE='+00:00' */;\n"
OLD_MYDUMPER = NAMES + KEYS + "\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
DUMPLING = KEYS + NAMES
DROPS = "DROP TABLE IF EXISTS `v`;\nDROP VIEW IF EXISTS `v`;\nSET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT;\n"
NEW = SchemaOrigin(DumpTool.MYDUMPER, in_table_charset=True)
OLD = SchemaOrigin(DumpTool.MYDUMPER)
UNKNOWN = SchemaOrigin()
INI = """# Started dump at: 2026-11-23 08:18:43
[config]
quote-character = BACKTICK
{}
# Finished dump at: 2026-11-23 08:18:46
"""


def table(text: str, charset: str) -> str:
    return (
        f"CREATE TABLE `t` (\n  `v` varchar(9) DEFAULT '{text}' COMMENT '\\n) ENGINE=x CHARSET=gbk'\n"
        f") ENGINE=InnoDB DEFAULT CHARSET={charset} COMMENT='CHARSET=sjis';\n"
    )


def view(text: str, client: str) -> str:
    return f"{DROPS}SET character_set_client = {client};\nCREATE VIEW `v` AS select '{text}';\n"


@pytest.mark.parametrize(
    ("written", "codec", "origin"),
    [
        (MYDUMPER + table("né š x", "latin1"), "cp1252", NEW),
        (MYDUMPER + table("Ã©", "latin1"), "cp1252", NEW),  # which is UTF-8 too
        (MYDUMPER + table("表ソ", "cp932"), "cp932", NEW),  # whose second bytes are backslashes
        (MYDUMPER + table("日本", "utf8mb4"), "utf-8", NEW),
        (MYDUMPER + table("日本", "utf16"), "utf-8", NEW),  # no client speaks utf16, so mydumper stays in binary
        (OLD_MYDUMPER + table("né", "latin1"), "utf-8", OLD),
        (OLD_MYDUMPER + table("né", "latin1"), "cp1252", OLD),  # as no version should have written it
        (MYDUMPER.replace("binary", "utf8mb4") + table("né", "latin1"), "utf-8", UNKNOWN),
        (MYDUMPER.replace("binary", "cp1251") + table("Привет", "utf8mb4"), "cp1251", NEW),
        (DUMPLING + table("né", "latin1"), "utf-8", UNKNOWN),
        (table("né", "latin1"), "utf-8", UNKNOWN),
        ("CREATE DATABASE `größe`;\n", "utf-8", NEW),
        (MYDUMPER + view("né", "latin1"), "cp1252", NEW),
        (MYDUMPER + view("Ã©", "latin1"), "cp1252", UNKNOWN),
        (NAMES + view("né", "latin1"), "cp1252", UNKNOWN),
        (DUMPLING + view("né", "latin1"), "utf-8", UNKNOWN),
        (NAMES + view("né", "latin1"), "utf-8", SchemaOrigin(DumpTool.DUMPLING)),
    ],
)
def test_the_text_is_the_sources(written: str, codec: str, origin: SchemaOrigin) -> None:
    assert as_utf8(written.encode(codec), origin, file="f").decode() == written


@pytest.mark.parametrize(
    ("raw", "origin", "problem"),
    [
        ((DUMPLING + table("é", "latin1")).encode("latin-1"), UNKNOWN, "can't be read as utf8mb4"),
        ((MYDUMPER + table("é", "dec8")).encode("latin-1"), NEW, "can't be read as dec8: letters beyond ASCII"),
        ((MYDUMPER + table("é", "gbk")).encode("latin-1"), OLD, "as utf8mb4: .*, nor as gbk"),
    ],
)
def test_bytes_that_the_charset_does_not_have_are_an_error(raw: bytes, origin: SchemaOrigin, problem: str) -> None:
    with pytest.raises(DumpFormatError, match=problem) as caught:
        as_utf8(raw, origin, file="s.t-schema.sql")

    assert caught.value.file == "s.t-schema.sql"


@pytest.mark.parametrize(
    ("config", "tool", "origin"),
    [
        ("max-statement-size = 95729", DumpTool.AUTO, NEW),
        ("", DumpTool.AUTO, OLD),
        ("max-statement-size = 95729", DumpTool.DUMPLING, SchemaOrigin(DumpTool.DUMPLING)),
    ],
)
def test_metadata_tells_the_tool_and_its_age(config: str, tool: DumpTool, origin: SchemaOrigin) -> None:
    assert SchemaOrigin.of(parse_metadata(INI.format(config).encode(), require_finished=True), tool) == origin
