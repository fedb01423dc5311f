"""CSV files that went through editors, spreadsheets and other tools load whole, or are refused for what they are."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DumpFormatError, LoaderError
from airflow_dm_loader.report import LoadReport
from dev.private_server import PrivateServer
from tests.dumps import load_config, load_soon
from tests.record_dumps import CsvTable, DatTable, write_records
from tests.tables import query

TEXT = "(`a` varchar(40) CHARACTER SET utf8mb4 NOT NULL) ENGINE=InnoDB"
MARK = b"\xef\xbb\xbf"


def load(
    folder: Path, target: TargetConfig, content: bytes, create: str = TEXT, name: str = "s.t.000000000.csv", **more: Any
) -> LoadReport:
    write_records(folder, CsvTable("t", create))
    (folder / name).write_bytes(content)
    return load_soon(load_config(folder, **more), target)


def stored(server: PrivateServer, columns: str = "a") -> list[tuple[Any, ...]]:
    return query(server, f"SELECT {columns} FROM s.t ORDER BY 1")


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False])
@pytest.mark.parametrize(
    ("content", "header"),
    [(b"a\nx\ny\n", True), (b'"a"\r\n"x"\r\n"y"\r\n', True), (b"x\ny\n", False), (b'"x"\n"y"\n', False)],
)
def test_a_byte_order_mark_is_passed_over_and_told(
    content: bytes, header: bool, load_data: bool, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    name = "s.t.000000000.csv.gz"
    more: dict[str, Any] = {"csv": {"header": header}, "load_data": load_data}
    report = load(tmp_path / "d", target, gzip.compress(MARK + content), name=name, **more)

    assert stored(server) == [("x",), ("y",)]
    assert [(one.kind, one.table) for one in report.findings] == [("byte_order_mark", "s.t")]
    assert "byte order mark, which was passed over" in " ".join(report.warnings)


def test_a_load_resumes_behind_a_byte_order_mark(server: PrivateServer, target: TargetConfig, tmp_path: Path) -> None:
    lines = [f"{number:030}" for number in range(1000)]
    broken = MARK + "\n".join(["a", *lines, '"x"x', "", ""]).encode()
    with pytest.raises(DumpFormatError, match="after a closing quote"):
        load(tmp_path / "d", target, broken)
    assert 0 < len(stored(server)) < 1000
    file = tmp_path / "d" / "s.t.000000000.csv"
    file.write_bytes(MARK + "\n".join(["a", *lines, "zzzzz", ""]).encode())
    report = load_soon(load_config(tmp_path / "d"), target)

    assert stored(server) == [(line,) for line in [*lines, "zzzzz"]]
    assert [one.kind for one in report.findings] == ["byte_order_mark"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("header", [True, False])
def test_a_file_in_utf_16_is_refused_as_that(codec: str, header: bool, target: TargetConfig, tmp_path: Path) -> None:
    content = ("a\nx\ny\n" if header else "x\ny\n").encode(codec)
    with pytest.raises(DumpFormatError, match="the file is in UTF-16") as caught:
        load(tmp_path / "d", target, content, csv={"header": header})
    assert (caught.value.file, caught.value.offset) == ("s.t.000000000.csv", 0)


@pytest.mark.parametrize("charset", ["latin1", "binary"])
def test_a_mark_that_may_be_a_value_is_refused(charset: str, target: TargetConfig, tmp_path: Path) -> None:
    with pytest.raises(DumpFormatError, match="byte order mark"):
        load(tmp_path / "d", target, MARK + b"x\n", csv={"header": False, "character_set": charset})


def test_a_mark_before_a_dat_file_is_refused(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_records(tmp_path / "d", DatTable("t", TEXT, ["x"], columns=["a"]))
    (folder / "s.t.00000.dat").write_bytes(MARK + b"x\n")
    with pytest.raises(DumpFormatError, match="byte order mark") as caught:
        load_soon(load_config(folder), target)
    assert caught.value.file == "s.t.00000.dat"


@pytest.mark.parametrize("name", ["s.t-schema.sql", "s-schema-create.sql"])
def test_a_schema_file_may_begin_with_a_mark(
    name: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`a` varchar(40) DEFAULT 'é') ENGINE=InnoDB DEFAULT CHARSET=latin1"
    folder = write_records(tmp_path / "d", CsvTable("t", create, ["é"], columns=["a"]))
    (folder / name).write_bytes(MARK + (folder / name).read_bytes())
    load_soon(load_config(folder), target)
    assert query(server, "SELECT CONVERT(a USING utf8mb4), CONVERT(DEFAULT(a) USING utf8mb4) FROM s.t") == [("é", "é")]


@pytest.mark.parametrize("name", ["metadata", "s.t.000000000.sql", "s.t-schema.sql"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16"])
def test_other_files_in_utf_16_are_refused_as_that(name: str, codec: str, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_records(tmp_path / "d", CsvTable("t", TEXT, ["x"], columns=["a"]))
    (folder / "s.t.000000000.csv").unlink()
    (folder / "s.t.000000000.sql").write_text("INSERT INTO `t` VALUES ('x');\n")
    (folder / name).write_bytes((folder / name).read_text().encode(codec))
    with pytest.raises(LoaderError, match=r"UTF-16|byte order mark|is not text") as caught:
        load_soon(load_config(folder), target)
    assert caught.value.file == name


CHARSETS = [("latin1", "cp1252", "größe"), ("cp1251", "cp1251", "имя"), ("latin2", "iso8859_2", "žluť"),
            ("utf8mb4", "utf-8", "名"), ("utf8", "utf-8", "名"), ("binary", "utf-8", "名")]  # fmt: skip


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False])
@pytest.mark.parametrize(("charset", "codec", "name"), CHARSETS)
def test_the_line_of_names_is_in_the_files_charset(
    charset: str, codec: str, name: str, load_data: bool, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = f"(`id` int PRIMARY KEY, `{name}` text CHARACTER SET utf8mb4, `b` blob, `j` json) ENGINE=InnoDB"
    text = name + "\\" + "'" + '"'
    written = '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'
    lines = [f'id,"{name}",b,j', f'1,{written},{written},"{{""k"": ""{name}""}}"', "2,\\N,\\N,\\N"]
    content = "".join(f"{line}\r\n" for line in lines).encode(codec)

    report = load(tmp_path / "d", target, content, create, csv={"character_set": charset}, load_data=load_data)

    found = query(server, f"SELECT `{name}`, b, JSON_UNQUOTE(JSON_EXTRACT(j, '$.k')) FROM s.t ORDER BY id")
    assert found == [(text, text.encode(codec), name), (None, None, None)]
    assert (report.outcome, report.findings) == ("clean", ())


def test_a_line_of_names_in_another_charset_than_said_is_refused(target: TargetConfig, tmp_path: Path) -> None:
    create = "(`größe` varchar(40)) ENGINE=InnoDB"
    with pytest.raises(DumpFormatError, match="can't be read as utf8mb4") as caught:
        load(tmp_path / "d", target, "größe\nx\n".encode("cp1252"), create)
    assert "character_set" in str(caught.value)


ENDS = [b"\n", b"\r\n"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_an_empty_line_is_refused_as_that(where: str, end: bytes, target: TargetConfig, tmp_path: Path) -> None:
    lines = [b"a,b", b"1,2", b"3,4"]
    lines.insert({"first": 0, "middle": 2, "last": 3}[where], b"")
    create = "(`a` int, `b` int) ENGINE=InnoDB"
    with pytest.raises(DumpFormatError, match="an empty line stands where a record should") as caught:
        load(tmp_path / "d", target, b"".join(line + end for line in lines), create)
    assert caught.value.offset == sum(len(line + end) for line in lines[: lines.index(b"")])


def test_an_empty_line_is_an_empty_text_where_nothing_is_quoted(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    load(tmp_path / "d", target, b"a\nx\n\n", csv={"delimiter": ""})
    assert stored(server) == [("",), ("x",)]


@pytest.mark.servers
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("load_data", [True, False])
def test_a_table_of_generated_columns_alone_takes_an_empty_line_for_each_row(
    end: bytes, load_data: bool, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`a` int GENERATED ALWAYS AS (7) STORED) ENGINE=InnoDB"
    load(tmp_path / "d", target, end * 3, create, load_data=load_data)
    assert stored(server) == [(7,), (7,), (7,)]


def test_values_for_generated_columns_alone_are_refused(target: TargetConfig, tmp_path: Path) -> None:
    create = "(`a` int GENERATED ALWAYS AS (7) STORED) ENGINE=InnoDB"
    with pytest.raises(DumpFormatError, match="fields of this record"):
        load(tmp_path / "d", target, b"\n7,8\n", create)


@pytest.mark.parametrize("last", [b"1", b'"1"', b'"1', b"'1'"])
@pytest.mark.parametrize("end", ENDS)
def test_a_last_record_without_its_line_end_is_refused_for_that(
    last: bytes, end: bytes, target: TargetConfig, tmp_path: Path
) -> None:
    with pytest.raises(DumpFormatError, match="the file ends in the middle of a record") as caught:
        load(tmp_path / "d", target, b"a" + end + last)
    assert ("never closed" in str(caught.value)) == (last == b'"1')
    assert "line end" in str(caught.value)


@pytest.mark.servers
@pytest.mark.parametrize("columns", [["id"], ["v", "id"], ["n", "ID"]])
def test_columns_with_defaults_may_be_left_out_of_the_line_of_names(
    columns: list[str], server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = (
        "(`id` int PRIMARY KEY, `v` varchar(9) NOT NULL DEFAULT '5', `n` int, `g` int GENERATED ALWAYS AS (`id` + 1), "
        "`u` bigint NOT NULL AUTO_INCREMENT UNIQUE, `t` datetime DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB"
    )
    content = (",".join(columns) + "\n" + ",".join("5" for _ in columns) + "\n").encode()
    report = load(tmp_path / "d", target, content, create)
    assert stored(server, "id, v, g, u, t IS NULL") == [(5, "5", 6, 1, 0)]
    assert (report.outcome, report.findings, report.warnings) == ("clean", (), ())
