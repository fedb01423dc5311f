"""What a file's head says of charsets, modes and zones counts, whatever the server's own settings are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DumpFormatError, LoaderError, UnsupportedStatementError
from dev.private_mariadb import PrivateMariaDB
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, write_dump
from tests.faults import global_variable
from tests.tables import hashes_by_client, one, query, table_hashes

BOTH_WAYS = pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])


def head(*settings: str, names: str = "binary") -> str:
    lines = [f"SET NAMES {names}", "SET FOREIGN_KEY_CHECKS=0", *settings]
    return "".join(f"/*!40101 {line}*/;\n" for line in lines)


# -- charsets


@pytest.mark.parametrize("column", ["utf8mb4", "latin1"])
@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("latin1", "Zoë ßÿ"),
        ("utf8", "Zoë 日本"),
        ("utf8mb4", "Zoë 日本"),
        ("cp1251", "Привет"),
        ("gbk", "汉字"),
        ("sjis", "日本"),
        ("ucs2", ""),
    ],
)
def test_text_in_the_charset_of_the_head_is_converted_as_by_the_client(
    names: str, text: str, column: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """No tool writes another head than binary or utf8mb4; such rows never go by LOAD DATA."""
    codec = {"utf8mb4": "utf8", "ucs2": "ascii"}.get(names, names)
    raw = text.encode(codec).decode("utf-8", "surrogateescape")
    create = f"(`id` int, `v` varchar(40) CHARACTER SET {column}) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("t", create, [f'(1,"{raw}")', "(2,'')"], head=head(names=names)))
    try:
        reference = hashes_by_client(server, folder)
    except RuntimeError:  # the column's charset has no such letter, or the session can't be in this one
        query(server, "DROP DATABASE s")
        with pytest.raises(LoaderError):
            load_dump(load_config(folder), target)
        return

    report = load_dump(load_config(folder), target)

    assert table_hashes(server, ["s"]) == reference
    assert query(server, "SELECT v FROM s.t WHERE id = 1") == [(text,)]
    assert [table.sent_as for table in report.tables] == ["statements"]


@pytest.mark.parametrize("default", ["latin1", "utf16", "gbk", "utf8mb3"])
@BOTH_WAYS
def test_the_servers_own_charset_does_not_matter(
    load_data: bool, default: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`größe` varchar(40), `v` enum('ä','表') DEFAULT 'ä') DEFAULT CHARSET=utf8mb4"
    folder = write_dump(tmp_path / "dump", Table("t", create, ['("Zoë 日本 🙂","表")', "(NULL,'ä')"], head=head()))

    with global_variable(server, "character_set_server", default):
        load_dump(load_config(folder, load_data=load_data), target)

    assert query(server, "SELECT größe, v FROM s.t") == [("Zoë 日本 🙂", "表"), (None, "ä")]


@BOTH_WAYS
def test_letters_that_hold_a_backslash_are_an_error_where_the_session_is_not_binary(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """In a gbk session 0xBF5C is one letter. Files are read byte by byte, so such a one is refused by its charset."""
    raw = b"\xbf\x5c".decode("utf-8", "surrogateescape")
    table = Table("t", "(`id` int, `v` varchar(9))", [f"(1,'{raw}')", "(2,'a')"], head=head(names="gbk"))
    folder = write_dump(tmp_path / "dump", table)

    with pytest.raises(DumpFormatError, match=r"SET NAMES gbk, in which .* backslash") as caught:
        load_dump(load_config(folder, load_data=load_data), target)

    assert caught.value.file == "s.t.sql"
    assert one(server, "SELECT COUNT(*) FROM s.t") == 0


# -- modes


def no_backslashes(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@BOTH_WAYS
def test_a_dump_without_backslash_escapes(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    texts = ["\\", "a\\", "\\'", "\\N", "\\n", "a\nb", "it's", '"', "\\\\", "),(", "'),\n('", ";\n", "%\\%", "\\0"]
    rows = [f"({at},{no_backslashes(text)},{no_backslashes(text)})" for at, text in enumerate(texts)]
    create = "(`id` int, `v` text, `b` blob) ENGINE=InnoDB"
    mode = head("SET SQL_MODE='NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES'")
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, head=mode, rows_per_statement=3))
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder, load_data=load_data), target)

    assert table_hashes(server, ["s"]) == reference
    assert query(server, "SELECT v FROM s.t ORDER BY id") == [(text,) for text in texts]
    assert report.tables[0].sent_as == "statements"


@BOTH_WAYS
def test_a_dump_in_ansi_quotes(load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    create = '(`id` int, `a"b` varchar(40), KEY `k` (`a"b`)) ENGINE=InnoDB'
    insert = 'INSERT INTO "{table}" ("id","a""b") VALUES'
    mode = head("SET SQL_MODE='ANSI_QUOTES,STRICT_TRANS_TABLES'")
    rows = [r"(1,'a\"b')", r"(2,'it\'s')", "(3,NULL)"]
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, head=mode, insert=insert))
    text = mode + 'CREATE TABLE "t" ("id" int, "a""b" varchar(40), KEY "k" ("a""b")) ENGINE=InnoDB;\n'
    (folder / "s.t-schema.sql").write_text(text)
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder, load_data=load_data), target)

    assert table_hashes(server, ["s"]) == reference
    assert report.tables[0].sent_as == ("load data" if load_data else "statements")


@BOTH_WAYS
def test_double_quotes_are_names_in_ansi_quotes_and_no_name_is_a_value(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """The server would store the column's default, or a cell of the same row; a row holds literals."""
    mode = head("SET SQL_MODE='ANSI_QUOTES'")
    folder = write_dump(tmp_path / "dump", Table("t", "(`id` int, `v` text)", ["(1,'a')", '(2,"v")'], head=mode))

    with pytest.raises(UnsupportedStatementError, match=r"a column's name, .* ANSI_QUOTES") as caught:
        load_dump(load_config(folder, load_data=load_data), target)

    raw = (folder / "s.t.sql").read_bytes()
    assert (caught.value.file, caught.value.offset) == ("s.t.sql", raw.index(b'"v")'))
    assert one(server, "SELECT COUNT(*) FROM s.t") == 0


@pytest.mark.parametrize(
    "mode",
    [
        "NO_BACKSLASH_ESCAPES",
        "ANSI_QUOTES",
        pytest.param("ORACLE", marks=pytest.mark.only_on("mariadb", because="MySQL has no such mode since 8.0")),
        "TRADITIONAL",
        "PAD_CHAR_TO_FULL_LENGTH",
    ],
)
@BOTH_WAYS
def test_the_servers_own_mode_does_not_matter(
    load_data: bool, mode: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL AUTO_INCREMENT, `v` char(9), `d` date, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    rows = [r'(0,"a\\\"b","0000-00-00")', r"(1,'it\'s','2026-02-31')"]
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, head=head()))

    with global_variable(server, "sql_mode", mode):
        load_dump(load_config(folder, load_data=load_data), target)

    assert query(server, "SELECT id, v, CAST(d AS CHAR) FROM s.t ORDER BY id") == [
        (0, 'a\\"b', "0000-00-00"),
        (1, "it's", "2026-02-31"),
    ]


# -- zones


@pytest.fixture
def berlin(server: PrivateServer) -> str:
    """A zone with summer time, known to the server: what ``mariadb-tzinfo-to-sql`` would write, without that tool."""
    zone = "Europe/Berlin"
    if query(server, "SELECT 1 FROM mysql.time_zone_name WHERE name = %s", zone):
        return zone
    changes = list(offset_changes(ZoneInfo(zone)))
    kinds = sorted({offset for _, offset in changes})
    types = ", ".join(f"(@zone, {kind}, {offset}, {int(offset > 3600)}, '')" for kind, offset in enumerate(kinds))
    transitions = ", ".join(f"(@zone, {at}, {kinds.index(offset)})" for at, offset in changes)
    script = f"""
        INSERT INTO time_zone (Use_leap_seconds) VALUES ('N');
        SET @zone = LAST_INSERT_ID();
        INSERT INTO time_zone_name (Name, Time_zone_id) VALUES ('{zone}', @zone);
        INSERT INTO time_zone_transition_type VALUES {types};
        INSERT INTO time_zone_transition VALUES {transitions};
    """
    server.client(script.encode(), database="mysql")
    return zone


def offset_changes(zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Second of UTC -> offset in seconds from then on, from 1970 to 2037; zones change at full hours."""
    known: int | None = None
    for second in range(0, 2**31, 3600):
        offset = datetime.fromtimestamp(second, zone).utcoffset()
        assert offset is not None
        if (seconds := int(offset.total_seconds())) != known:
            yield second, seconds
            known = seconds


# Seconds of UTC, around the hour that comes twice and the one that does not come.
TWICE, NEVER = 1792890000, 1774746000
INSTANTS = (1, NEVER - 1, NEVER, TWICE - 3601, TWICE - 3600, TWICE - 1, TWICE, TWICE + 3599, TWICE + 3600, 2**31 - 1)


@pytest.fixture
def in_berlin(server: PrivateMariaDB, berlin: str) -> Iterator[PrivateMariaDB]:
    with global_variable(server, "time_zone", berlin):
        yield server


@BOTH_WAYS
def test_the_hour_that_comes_twice_keeps_its_instants(
    load_data: bool, in_berlin: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    utc = [one(in_berlin, "SELECT CAST('1970-01-01' + INTERVAL %s SECOND AS CHAR)", at) for at in INSTANTS]
    create = "(`n` int, `at` timestamp NULL, `d` datetime) ENGINE=InnoDB"
    rows = [f'({at},"{text}","{text}")' for at, text in zip(INSTANTS, utc, strict=True)]
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, head=head("SET TIME_ZONE='+00:00'")))
    reference = hashes_by_client(in_berlin, folder)

    load_dump(load_config(folder, load_data=load_data), target)

    assert table_hashes(in_berlin, ["s"]) == reference
    assert query(in_berlin, "SELECT n FROM s.t WHERE UNIX_TIMESTAMP(`at`) <> n OR `at` IS NULL") == []
    assert [text for (text,) in query(in_berlin, "SELECT CAST(d AS CHAR) FROM s.t ORDER BY n")] == sorted(utc)


@BOTH_WAYS
def test_a_head_in_a_zone_with_summer_time_is_read_so(
    load_data: bool, server: PrivateMariaDB, berlin: str, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`at` timestamp NULL) ENGINE=InnoDB"
    rows = ['("2026-10-25 01:59:59")', '("2026-10-25 02:30:00")', '("2026-10-25 03:00:00")', '("2026-07-01 00:00:00")']
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, head=head(f"SET TIME_ZONE='{berlin}'")))
    reference = hashes_by_client(server, folder)

    load_dump(load_config(folder, load_data=load_data), target)

    assert table_hashes(server, ["s"]) == reference


@BOTH_WAYS
def test_a_time_that_the_zone_does_not_have_is_an_error_and_not_moved(
    load_data: bool, server: PrivateMariaDB, berlin: str, target: TargetConfig, tmp_path: Path
) -> None:
    rows = ['("2026-03-29 01:30:00")', '("2026-03-29 02:30:00")']
    table = Table("t", "(`at` timestamp NULL)", rows, head=head(f"SET TIME_ZONE='{berlin}'"))
    folder = write_dump(tmp_path / "dump", table)

    with pytest.raises(LoaderError) as caught:
        load_dump(load_config(folder, load_data=load_data), target)

    assert caught.value.errno == 1292
    assert caught.value.statement == '("2026-03-29 02:30:00")'
