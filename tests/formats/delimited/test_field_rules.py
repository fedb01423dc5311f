"""Fields of a CSV that a server would take as another value, in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.delimited.field_rules import field_rules
from airflow_dm_loader.formats.delimited.grammar import Grammar
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.rules.csv_format import CsvFormat
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import query

FORM = RecordFormat.of_csv(CsvFormat())
KEPT = {
    "int(11)": ["1", "-1", "+1", "1.0", "1.", '"1"', "1e2", " 1", "x", ""],
    "year(4)": ["2020", '"2020"', "0000"],
    "enum('a','2','it''s')": ["a", "A", "2", '"it\'s"', ""],
    "set('a','b','1')": ["a", '"a,b"', "1", '""'],
    "date": ["2020-01-02", "2020/1/2", "20200102"],
    "datetime": [
        "2020-01-02 03:04:05",
        "2020-01-02T03:04:05",
        "2020-01-02",
        "2020-01-02 03:04:05.00",
        "20200102030405",
    ],
    "datetime(3)": ["2020-01-02 03:04:05.123", "2020-01-02 03:04:05.12300"],
    "timestamp(6)": ["2020-01-02 03:04:05.123456+01:00"],
    "time": ["10:00:00", "-838:59:59", "10:00"],
    "varchar(9)": ["1.5", "70"],
}
CHANGED = {
    "int(11)": ["1.5", '"1.5"', "15e-1", "-0.4", ".5", "1e-999999999", " 1.5 "],
    "bigint(20) unsigned": ["0.1"],
    "year(4)": ["70", "0", '"7"', "70.0"],
    "enum('a','2')": ["1", '"1"', " 1"],
    "set('a','b')": ["3"],
    "date": ["70-01-02", "700102", "1/2/2020"],
    "datetime": ["2020-01-02 03:04:05.9", "70-01-02 03:04:05", "20200102030405.5"],
    "datetime(3)": ["2020-01-02 03:04:05.1234"],
    "time(1)": ["10:00:00.12"],
}


def grammar_of(definition: str) -> Grammar:
    rules = field_rules(("id", "v"), {"ID": "int(11)", "V": definition})
    form = FORM if len(FORM.terminators) == 1 else RecordFormat.of_csv(CsvFormat(terminator="\n"))
    return Grammar(form, file="f.csv", columns=2, rules=rules)


@pytest.mark.parametrize(("definition", "field"), [(kind, field) for kind, fields in KEPT.items() for field in fields])
def test_a_field_that_arrives_or_is_refused_by_the_server(definition: str, field: str) -> None:
    record = f"1,{field}\n".encode()
    found = grammar_of(definition).record(record, 0, offset=0)
    assert found is not None
    assert found.end == len(record)


@pytest.mark.parametrize(
    ("definition", "field"), [(kind, field) for kind, fields in CHANGED.items() for field in fields]
)
def test_a_field_that_would_be_changed(definition: str, field: str) -> None:
    record = f"1,{field}\n".encode()
    grammar = grammar_of(definition)
    assert grammar.sound is not None
    assert grammar.sound.match(record) is None
    assert grammar.plain is None or grammar.plain.match(record).end() == 0
    with pytest.raises(DumpFormatError, match="would change field 2 of the record without a word"):
        grammar.record(record, 0, offset=0)


@pytest.mark.parametrize(
    ("definition", "fields"),
    [
        ("int(11)", ["1", "-1", '"7"', "NULL"]),
        ("year(4)", ["2020", '"1999"']),
        ("set('a','b','é')", ["a", '"a,b"', '"é"', "NULL"]),
        ("datetime(6)", ["2020-01-02 03:04:05.123456", '"2020-01-02 03:04:05"']),
    ],
)
def test_usual_fields_are_told_at_once(definition: str, fields: list[str]) -> None:
    grammar = grammar_of(definition)
    content = "".join(f"{at},{field}\n" for at, field in enumerate(fields)).replace("NULL", "\\N").encode()
    assert grammar.plain is not None
    assert grammar.plain.match(content).end() == len(content)


@pytest.mark.parametrize("separator", [":", "-", " ", "/", ".", "7", "é", "+-"])
def test_a_separator_that_may_stand_in_a_value_parts_fields_all_the_same(separator: str) -> None:
    rules = field_rules(("v", "w"), {"v": "varchar(9)", "w": "int(11)"})
    form = RecordFormat.of_csv(CsvFormat(separator=separator, terminator="\n"))
    grammar = Grammar(form, file="f.csv", columns=2, rules=rules)
    record = f"x{separator}5\n".encode()
    assert (grammar.plain, grammar.sound) == (None, None)
    found = grammar.record(record, 0, offset=0)
    assert found is not None
    assert [field.text for field in found.fields] == [b"x", b"5"]


@pytest.mark.servers
def test_such_a_csv_is_refused_at_the_field_and_loads_once_it_is_right(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL, `e` enum('a','b') DEFAULT NULL, `d` datetime DEFAULT NULL, PRIMARY KEY (`id`))"
    folder = write_dump(tmp_path / "dump", Table("t", create))
    file = folder / "s.t.csv"
    file.write_text('id,e,d\n1,a,2020-01-02 03:04:05\n2,2,"2020-01-02 03:04:05"\n')
    with pytest.raises(DumpFormatError, match="taken for a label's number") as caught:
        load_dump(load_config(folder), target)
    assert (caught.value.file, caught.value.offset) == ("s.t.csv", 33)

    file.write_text('id,e,d\n1,a,2020-01-02 03:04:05\n2,b,"2020-01-02 03:04:05"\n')
    report = load_dump(load_config(folder), target)

    assert (report.outcome, query(server, "SELECT e FROM s.t ORDER BY id")) == ("clean", [("a",), ("b",)])
