"""Scripts as pieces: of the real tools, of made-up statements, cut into blocks anywhere."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_dm_loader.dump.mysqldump.pieces import Facts, Piece, PieceKind, Split
from airflow_dm_loader.dump.mysqldump.splitter import split
from airflow_dm_loader.errors import CheckpointError, DumpFormatError, UnsupportedStatementError

SCRIPTS = sorted((Path(__file__).parents[2] / "data" / "mysqldump").glob("m*.sql"))


class Trickle:
    """A file whose reads give few bytes: block borders can be anywhere."""

    def __init__(self, raw: bytes, sizes: list[int]) -> None:
        self._file = io.BytesIO(raw)
        self._sizes = itertools.cycle(sizes)

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, next(self._sizes)))

    def seek(self, offset: int, /) -> int:
        return self._file.seek(offset)


def split_of(raw: bytes, *, schema: str | None = "s", rows_bytes: int = 1 << 20) -> Split:
    return split(io.BytesIO(raw), file="all.sql", schema=schema, rows_bytes=rows_bytes)


def spans(raw: bytes, found: Split, kind: PieceKind) -> list[tuple[str, bytes]]:
    return [(f"{p.schema}.{p.table}", raw[p.start : p.end]) for p in found.pieces if p.kind is kind]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_real_scripts_have_the_pieces_that_their_source_has(path: Path) -> None:
    raw = path.read_bytes()
    found = split_of(raw, schema="shop")

    tables = [name for name, _ in spans(raw, found, PieceKind.TABLE)]
    of_shop = ["shop.empty_one", "shop.log", "shop.odd.na`me", "shop.orders"]
    assert tables == (of_shop if "one-schema" in path.stem else [*of_shop, "crm.child", "crm.users"])
    assert {name for name, _ in spans(raw, found, PieceKind.ROWS)} == set(tables) - {"shop.empty_one"}
    assert all(text.startswith((b"INSERT", b"REPLACE")) and text.endswith(b";")
               for _, text in spans(raw, found, PieceKind.ROWS))  # fmt: skip
    assert [name for name, _ in spans(raw, found, PieceKind.VIEW)] == ["shop.a_first", "shop.big"]
    assert [name for name, _ in spans(raw, found, PieceKind.TRIGGER)] == ["shop.log"]
    programs = [name for name, _ in spans(raw, found, PieceKind.PROGRAM)]
    assert programs in ([], ["shop.ev", "shop.f", "shop.p"])
    assert found.facts.finished_at is not None
    assert found.facts.finished_at.startswith("2026-11-30 23:")
    assert Split.from_bytes(found.to_bytes()) == found


@given(path=st.sampled_from(SCRIPTS), sizes=st.lists(st.integers(1, 700), min_size=1, max_size=5))
@example(path=SCRIPTS[0], sizes=[1])
@example(path=SCRIPTS[-1], sizes=[1])
def test_blocks_make_no_difference(path: Path, sizes: list[int]) -> None:
    raw = path.read_bytes()
    assert split(Trickle(raw, sizes), file="all.sql", schema="shop") == split_of(raw, schema="shop", rows_bytes=1 << 30)


NAMES = st.sampled_from(["a", "b", "odd `name`", "t;u", "é"])
TEXTS = st.sampled_from(["x", ";", "it\\'s", "''", "-- no", "/* no */", "DELIMITER ;;", "*/", "\\n", '"', "`", "\\\\"])


@st.composite
def scripts(draw: st.DrawFn) -> tuple[str, list[tuple[str, str, int]]]:
    """A script, and of each INSERT in order: schema, table, and its number."""
    lines, inserts = ["SET NAMES utf8mb4;"], []
    schema = "s"
    for at in range(draw(st.integers(0, 25))):
        what = draw(st.integers(0, 6))
        if what == 0:
            schema = draw(NAMES)
            lines.append(f"USE `{schema.replace('`', '``')}`;")
        elif what == 1:
            lines.append(draw(st.sampled_from(["-- a ; comment", "/* one; */", "# another", ""])))
        elif what == 2:
            lines.append(
                "DELIMITER ;;\nCREATE PROCEDURE p() BEGIN SELECT ';'; INSERT INTO x VALUES (1); END ;;\nDELIMITER ;"
            )
        elif what == 3:
            lines.append(
                draw(st.sampled_from(["UNLOCK TABLES;", "/*!40000 ALTER TABLE `a` ENABLE KEYS */;", "COMMIT;"]))
            )
        else:
            table = draw(NAMES)
            text = draw(TEXTS)
            lines.append(f"INSERT INTO `{table.replace('`', '``')}` VALUES ({at},'{text}');")
            inserts.append((schema, table, at))
    return "\n".join(lines) + "\n", inserts


@given(script=scripts(), rows_bytes=st.integers(1, 300))
def test_each_insert_is_in_one_piece_of_its_table(
    script: tuple[str, list[tuple[str, str, int]]], rows_bytes: int
) -> None:
    raw, inserts = script[0].encode(), script[1]
    found = split_of(raw, rows_bytes=rows_bytes)

    pieces = [piece for piece in found.pieces if piece.kind is PieceKind.ROWS]
    told = [
        (piece.schema, piece.table, at)
        for piece in pieces
        for schema, table, at in inserts
        if f"VALUES ({at},'".encode() in raw[piece.start : piece.end]
    ]
    assert told == inserts
    assert all(before.end <= after.start for before, after in itertools.pairwise(pieces))
    numbers: dict[tuple[str, str], list[int]] = {}
    for piece in pieces:
        numbers.setdefault((piece.schema, piece.table), []).append(piece.number)
    assert all(found == list(range(len(found))) for found in numbers.values())


def test_each_piece_has_the_session_of_its_place() -> None:
    raw = b"""/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */; /*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO a VALUES (1);
/*!50003 SET @saved_mode = @@sql_mode */ ; /*!50003 SET sql_mode = 'ANSI' */ ;
INSERT INTO a VALUES (2);
/*!50003 SET sql_mode = @saved_mode */ ; /*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
INSERT INTO a VALUES (3);
"""
    found = split_of(raw)

    assert [dict(found.sessions[piece.session]) for piece in found.pieces] == [
        {"names": "utf8mb4", "time_zone": "+00:00"},
        {"names": "utf8mb4", "time_zone": "+00:00", "sql_mode": "ANSI"},
        {"names": "utf8mb4"},
    ]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000007', MASTER_LOG_POS=4711;\n", ("bin.000007", 4711, "")),
        ("CHANGE MASTER TO MASTER_LOG_FILE='bin.7', MASTER_LOG_POS=1;\n", ("bin.7", 1, "")),
        ("-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='b.1', SOURCE_LOG_POS=157;\n", ("b.1", 157, "")),
        ("SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '5b5a8e4e-9b43-11ea-900d-0242ac170002:1-10,\n"
         "5b642cb6-9b43-11ea-8914-0242ac170003:1-7';\n",
         ("", None, "5b5a8e4e-9b43-11ea-900d-0242ac170002:1-10,5b642cb6-9b43-11ea-8914-0242ac170003:1-7")),
        ("/* SET @@GLOBAL.GTID_PURGED='+5b5a8e4e-9b43-11ea-900d-0242ac170002:1';*/\n",
         ("", None, "5b5a8e4e-9b43-11ea-900d-0242ac170002:1")),
        ("-- SET GLOBAL gtid_slave_pos='0-1-28';\n", ("", None, "0-1-28")),
        ("SET GLOBAL gtid_slave_pos='0-1-28,1-2-3';\n", ("", None, "0-1-28,1-2-3")),
    ],
)  # fmt: skip
def test_the_position_is_read_and_not_run(text: str, facts: tuple[str, int | None, str]) -> None:
    found = split_of(f"-- MySQL dump 10.13\n{text}INSERT INTO a VALUES (1);\n".encode()).facts
    assert (found.binlog_name, found.binlog_pos, found.binlog_gtid) == facts


@pytest.mark.parametrize(
    ("end", "finished_at"),
    [
        ("-- Dump completed on 2026-11-30 23:03:09\n", "2026-11-30 23:03:09"),
        ("-- Dump completed on 2026-11-30  3:03:09", "2026-11-30 03:03:09"),
        ("-- Dump completed\n", ""),
        ("", None),
        ("-- Dump comple", None),
        ("-- Dump completed on 2026-11-30 23:03:09\nINSERT INTO a VALUES (2);\n", None),
    ],
)
def test_the_last_line_says_that_the_script_is_whole(end: str, finished_at: str | None) -> None:
    assert split_of(f"INSERT INTO a VALUES (1);\n{end}".encode()).facts.finished_at == finished_at


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM a",
        "UPDATE a SET b = 1",
        "SET GLOBAL read_only = 0",
        "SET sql_mode = @never_saved",
        "SET max_allowed_packet = 1",
        "CALL p()",
        "SELECT 1",
        "LOAD DATA INFILE 'x' INTO TABLE a",
        "CREATE USER_DEFINED x",
        "RENAME TABLE a TO b",
        "INSTALL PLUGIN x SONAME 'y'",
    ],
)
def test_what_no_tool_writes_is_refused_with_its_place(statement: str) -> None:
    raw = f"INSERT INTO a VALUES (1);\n{statement};\n".encode()
    with pytest.raises(UnsupportedStatementError) as caught:
        split_of(raw)
    assert caught.value.offset == raw.index(statement.encode())
    assert caught.value.statement == statement


@pytest.mark.parametrize(
    "statement",
    [
        "/*!50106 SET @save_log_output=@@LOG_OUTPUT*/",  # --all-databases of MariaDB, around its logs
        "/*M!100203 EXECUTE IMMEDIATE IF(@@LOG_OUTPUT='TABLE' AND (@@GENERAL_LOG=1),\"SET GLOBAL LOG_OUTPUT='NONE'\", "
        '"DO 0") */',
        "/*!50106 SET GLOBAL LOG_OUTPUT=@save_log_output*/",
        "/*!40000 DROP DATABASE IF EXISTS `shop`*/",
        "/*! FLUSH PRIVILEGES */",
        "/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */",
        "SET @@SESSION.SQL_LOG_BIN= 0",
        "/*!80002 ANALYZE TABLE `a` UPDATE HISTOGRAM ON `b` WITH 100 BUCKETS */",
        "/*!50112 SELECT COUNT(*) INTO @rocksdb_has_p_s_session_variables FROM INFORMATION_SCHEMA.TABLES */",
        "STOP ALL SLAVES",
    ],
)
def test_what_the_tools_write_for_the_server_alone_is_read_over(statement: str) -> None:
    found = split_of(f"INSERT INTO a VALUES (1);\n{statement};\nINSERT INTO a VALUES (2);\n".encode())
    assert [(piece.kind, piece.table) for piece in found.pieces] == [(PieceKind.ROWS, "a")] * 2
    assert found.sessions == ((),)


def test_accounts_are_left_out_with_a_word() -> None:
    raw = b"CREATE USER `a`@`%` IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO `a`@`%`;\nDROP USER b;\n"
    found = split_of(raw)
    assert found.pieces == ()
    assert found.facts.warnings == ("all.sql: accounts and their privileges are not loaded",)


@pytest.mark.parametrize(
    "raw",
    [
        b"INSERT INTO a VALUES (1",
        b"INSERT INTO a VALUES ('1);",
        b"DELIMITER ;;\nCREATE PROCEDURE p() SELECT 1;\n",
        b"/* a comment without an end",
        b"/*!50001 CREATE VIEW `v` AS SELECT\n 1 AS `id` */;\n-- Dump completed\n",
    ],
)
def test_a_script_that_ends_in_the_middle_is_refused(raw: bytes) -> None:
    with pytest.raises(DumpFormatError):
        split_of(raw)


def test_rows_without_a_schema_are_refused_by_the_setting() -> None:
    with pytest.raises(UnsupportedStatementError, match="no schema is in use here") as caught:
        split_of(b"INSERT INTO a VALUES (1);\n", schema=None)
    assert "files" in caught.value.remedy
    assert split_of(b"INSERT INTO `x`.a VALUES (1);\n", schema=None).pieces[0].schema == "x"


def test_a_quote_without_an_end_does_not_fill_the_memory() -> None:
    raw = b"INSERT INTO a VALUES ('" + b"x" * 300_000
    with pytest.raises(DumpFormatError, match="max_statement_bytes"):
        split(io.BytesIO(raw), file="all.sql", schema="s", max_statement_bytes=100_000)


@pytest.mark.parametrize("stored", [b"", b"no zlib", Split((), (), Facts()).to_bytes()[:-4]])
def test_what_is_stored_wrong_is_refused(stored: bytes) -> None:
    with pytest.raises(CheckpointError, match="can't be read"):
        Split.from_bytes(stored)


def test_a_piece_of_a_session_that_is_not_there_is_refused() -> None:
    piece = Piece(PieceKind.ROWS, "s", "a", 0, 1, session=1)
    with pytest.raises(CheckpointError, match="can't be read"):
        Split.from_bytes(Split((piece,), (), Facts()).to_bytes())
