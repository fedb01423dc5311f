"""The LOAD DATA statements that versions of mydumper write, and what no version does."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.delimited.companion import LoadStatement, names_file, parse_companion
from airflow_dm_loader.formats.delimited.record_layout import Function
from tests.dumps import SAMPLES

HEAD = "/*!40101 SET NAMES binary*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
LOAD = "LOAD DATA LOCAL INFILE 'db.t.00000.dat' INTO TABLE `t` "
TABS = "FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' LINES STARTING BY '' TERMINATED BY '\\n' "


def only(text: str) -> LoadStatement:
    (found,) = parse_companion(text.encode(), file="db.t.00000.sql")
    return found


@pytest.mark.parametrize("sample", ["mydumper-1.0-csv", "mydumper-1.0-load-data"])
def test_the_samples_statements_are_understood(sample: str) -> None:
    for path in (SAMPLES / sample).glob("shop.*.00000.sql"):
        (found,) = parse_companion(path.read_bytes(), file=path.name)
        form = found.layout.format
        csv = sample.endswith("csv")
        assert (found.data_file, found.table, found.schema) == (
            path.name.replace(".sql", ".dat"),
            path.name.split(".")[1],
            None,
        )
        assert (form.separator, form.quote, form.header) == ((b",", b'"', True) if csv else (b"\t", b"", False))
        assert (form.escape, form.terminators, form.charset) == (b"\\", (b"\n",), "binary")
        assert found.layout.head["time_zone"] == "+00:00"
        assert found.layout.functions == {}


def test_json_and_hex_go_over_variables_as_mydumper_writes_them() -> None:
    found = only(f"{HEAD}{LOAD}{TABS}(`id`,@j,@b,`x`)SET `j`=CONVERT(@j USING UTF8MB4),`b`=UNHEX(@b);\n")

    assert found.layout.columns == ("id", "j", "b", "x")
    assert found.layout.functions == {"j": Function.AS_UTF8MB4, "b": Function.UNHEX}
    assert found.layout.hex_fields == {2}


@pytest.mark.parametrize(
    ("clause", "charset"),
    [("CHARACTER SET utf8mb4 ", "utf8mb4"), ("CHARACTER SET BINARY ", "binary"), ("CHARACTER SET 'latin1' ", "latin1")],
)
def test_a_charset_of_its_own_comes_before_the_heads(clause: str, charset: str) -> None:
    found = only(f"{HEAD}{LOAD}{clause}{TABS}(`id`);\n")

    assert (found.layout.format.charset, found.layout.head["names"]) == (charset, charset)


def test_what_a_statement_does_not_say_is_as_the_server_has_it() -> None:
    found = only(f"{HEAD}LOAD DATA LOCAL INFILE 'x.dat' REPLACE INTO TABLE `db`.`a``b` (a, `b`);\n")

    form = found.layout.format
    assert (found.schema, found.table, found.layout.columns) == ("db", "a`b", ("a", "b"))
    assert (form.separator, form.quote, form.escape, form.terminators) == (b"\t", b"", b"\\", (b"\n",))


def test_two_statements_may_each_have_a_file() -> None:
    text = f"{HEAD}{LOAD}{TABS}(`id`);\n{LOAD.replace('00000.dat', '00001.dat')}{TABS}(`id`);\n"

    assert [each.data_file for each in parse_companion(text.encode(), file="f")] == ["db.t.00000.dat", "db.t.00001.dat"]


@pytest.mark.parametrize(
    ("written", "name", "compression", "is_it"),
    [
        ("a.dat", "a.dat", Compression.NONE, True),
        ("a.dat.gz", "a.dat.gz", Compression.GZIP, True),
        ("a.dat", "a.dat.gz", Compression.GZIP, True),
        ("a", "a.dat", Compression.NONE, False),
        ("b.dat", "a.dat", Compression.NONE, False),
    ],
)
def test_a_name_may_lack_the_ending_of_the_compression(
    written: str, name: str, compression: Compression, is_it: bool
) -> None:
    assert names_file(written, name, compression) is is_it


@pytest.mark.parametrize(
    "statement",
    [
        "LOAD DATA INFILE 'x' INTO TABLE `t` (`id`)",
        f"{LOAD}PARTITION (p0) {TABS}(`id`)",
        f"{LOAD}{TABS}IGNORE 2 LINES (`id`)",
        f"{LOAD}{TABS}",
        f"{LOAD}{TABS}(`id`,`ID`)",
        f"{LOAD}{TABS}()",
        f"{LOAD}{TABS}(`id`,)",
        f"{LOAD}{TABS}(@v)SET `a`=UNHEX(@v),`b`=UNHEX(@v)",
        f"{LOAD}{TABS}(`id`)SET `a`=UNHEX(@v)",
        f"{LOAD}{TABS}(@v)SET `a`=CONVERT(@v USING latin1)",
        f"{LOAD}{TABS}(@v)SET `a`=@v+1",
        f"{LOAD}{TABS}(`id`) garbage",
        f"{LOAD}LINES TERMINATED BY '' (`id`)",
        "SELECT 1",
    ],
)
def test_anything_else_is_refused_with_its_byte(statement: str) -> None:
    with pytest.raises(DumpFormatError) as caught:
        only(f"{HEAD}{statement};\n")

    assert (caught.value.file, caught.value.offset) == ("db.t.00000.sql", len(HEAD))


def test_a_charset_that_nothing_says_is_refused() -> None:
    statement = f"{LOAD}{TABS}(`id`);\n"
    with pytest.raises(DumpFormatError, match="neither CHARACTER SET nor SET NAMES") as caught:
        only(statement)
    assert "Say it in data_character_set" in caught.value.remedy

    (said,) = parse_companion(statement.encode(), file="db.t.00000.sql", charset="utf8mb4")
    assert said.layout.format.charset == "utf8mb4"
    (both,) = parse_companion((HEAD + statement).encode(), file="db.t.00000.sql", charset="latin1")
    assert both.layout.format.charset == "binary"  # the file's own word counts


@pytest.mark.parametrize("folder", ["", "/backup/2021-07-01/", "./", "export-20210701-000000/"])
@pytest.mark.parametrize(
    ("written", "compression"), [("db.t.00000.dat", Compression.NONE), ("db.t.00000.dat.gz", Compression.GZIP)]
)
def test_the_file_beside_it_is_meant_whatever_folder_it_names(
    folder: str, written: str, compression: Compression
) -> None:
    assert names_file(folder + written, written, compression)
    assert names_file(folder + "db.t.00000.dat", written, compression)
    assert not names_file(folder + "db.t.00001.dat", written, compression)
    assert not names_file(folder + written + "/", written, compression)
