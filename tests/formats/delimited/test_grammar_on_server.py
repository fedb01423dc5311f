"""What the grammar takes, it takes as LOAD DATA does: the same records, the same fields, the same NULLs."""

from __future__ import annotations

import io
import os
import random
from collections import Counter

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.delimited import record_reader
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.formats.delimited.record_reader import RecordReader
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.faults.tally import rounds
from tests.formats.delimited.some_files import FORMS, some_file
from tests.tables import query

CASES = max(rounds(1500, 20000), int(os.environ.get("FUZZ", "0")))


def parsed(content: bytes, form: RecordFormat, columns: int, wanted: int) -> list[tuple[bytes | None, ...]] | None:
    """The values that the reader finds; None: it refuses the file."""
    reader = RecordReader(io.BytesIO(content), form, file="f", max_record_bytes=1 << 16)
    rows: list[tuple[bytes | None, ...]] = []
    try:
        reader.look()
        reader.expect(columns, ())
        end = 0
        while (span := reader.take(wanted)) is not None:
            assert (span.start, b"".join(span.pieces)) == (end, content[end : span.end])
            end = span.end
            found = [tuple(values) for piece in span.pieces for values, _ in reader.grammar.values(piece)]
            assert span.rows == len(found)
            rows += found
    except DumpFormatError:
        return None
    assert end == len(content)
    return rows


def literal(text: bytes) -> bytes:
    return b"X'" + text.hex().encode() + b"'" if text else b"''"


def test_every_file_that_is_taken_is_read_as_by_the_server(
    server: PrivateMariaDB, target: TargetConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int AUTO_INCREMENT PRIMARY KEY, c0 longblob, c1 longblob, c2 longblob)")
    taken: Counter[RecordFormat] = Counter()
    with Database.open(target, session={"sql_mode": "STRICT_ALL_TABLES"}) as db:
        for case in range(CASES):
            chance = random.Random(case)
            form, columns = chance.choice(FORMS), chance.randint(1, 3)
            content = some_file(chance, form, columns)
            monkeypatch.setattr(record_reader, "_BLOCK_BYTES", chance.choice((1, 2, 3, 1 << 10)))
            rows = parsed(content, form, columns, chance.choice((1, 5, 1 << 10)))
            if rows is None:
                continue
            taken[form] += 1
            names = b",".join(b"c%d" % at for at in range(columns))
            result = db.load_local(
                b"LOAD DATA LOCAL INFILE '{stream}' INTO TABLE s.t CHARACTER SET binary FIELDS TERMINATED BY %b "
                b"ENCLOSED BY %b ESCAPED BY %b LINES TERMINATED BY %b (%b)"
                % (*map(literal, (form.separator, form.quote, form.escape, form.terminators[0])), names),
                [content],
            )
            stored = db.query(f"SELECT {names.decode()} FROM s.t ORDER BY id", shape=(as_it_is,) * columns)
            db.rollback()
            assert stored == rows, (content, form)
            assert (result.records, result.warnings, result.skipped) == (len(rows), 0, 0), (content, form)
    assert all(taken[form] > CASES // len(FORMS) // 10 for form in FORMS), taken
