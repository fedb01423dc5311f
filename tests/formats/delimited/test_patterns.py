"""The fast patterns take no record that is not sound, and leave none out that they should know."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.delimited.grammar import Grammar, Record
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.rules.csv_format import CsvFormat
from tests.formats.delimited.some_files import FORMS, some_file

CSV_FORMS = tuple(
    replace(RecordFormat.of_csv(csv), terminators=(b"\r\n",))
    for csv in (
        CsvFormat(),
        CsvFormat(null="NULL"),
        CsvFormat(null=""),
        CsvFormat(backslash_escape=False),
        CsvFormat(delimiter="", separator="\t"),
        CsvFormat(separator="||", delimiter="'"),
    )
)


def told(grammar: Grammar, content: bytes) -> Record | None:
    """The first record, field by field; None: it is malformed or not whole."""
    try:
        return grammar.record(content, 0, offset=0)
    except DumpFormatError:
        return None


@pytest.mark.parametrize("form", [*FORMS, *CSV_FORMS])
def test_all_patterns_agree_on_every_record(form: RecordFormat) -> None:
    sound = plain = 0
    for case in range(1500):
        chance = random.Random(case)
        columns, hex_fields = chance.randint(1, 3), {0} if chance.random() < 0.2 else set()
        content = some_file(chance, form, columns)
        grammar = Grammar(form, file="f", columns=columns, hex_fields=hex_fields)
        assert grammar.sound is not None
        record, match = told(grammar, content), grammar.sound.match(content)
        assert (record is None) == (match is None), content
        if record is None or match is None:
            continue
        assert match.end() == record.end
        sound += 1
        if grammar.plain is not None and (end := grammar.plain.match(content).end()):
            ends = [at + len(form.terminators[0]) for at in range(end) if content.startswith(form.terminators[0], at)]
            assert ends[0] == record.end, content
            assert [start for _, start in grammar.values(content[:end])] == [0, *ends[:-1]]
            plain += 1
    assert sound > 200
    assert plain > 100 or len(set(form.terminators[0])) < len(form.terminators[0])  # then there is no such pattern


def test_a_table_of_hundreds_of_columns_is_told_too() -> None:
    form = CSV_FORMS[0]
    grammar = Grammar(form, file="f", columns=900)
    content = b",".join(b'"%d"' % at for at in range(900)) + b"\r\n"

    assert grammar.sound is not None
    assert grammar.sound.fullmatch(content)
    assert [len(values) for values, _ in grammar.values(content)] == [900]
