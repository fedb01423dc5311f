r"""The ``.sql`` that mydumper puts beside a ``.dat``: head settings, and the LOAD DATA statement that reads it.

Only what mydumper writes is understood, in its order. Anything else is refused: a clause that was passed over would
put other values into the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.lexer import Statement, StatementReader
from airflow_dm_loader.dump.statements import byte_order_mark, head_settings
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.delimited.record_format import NULL_ESCAPE, NULL_WORD, RecordFormat
from airflow_dm_loader.formats.delimited.record_layout import Function, RecordLayout
from airflow_dm_loader.rules.csv_format import CUT_BY_BYTES

COMPANION_LIMIT_BYTES = 16 << 20  # decoded; mydumper writes a few hundred
_LONGEST_MARK_BYTES = 64
_NAME = rb"(?:`(?:[^`]|``)+`|\"(?:[^\"]|\"\")+\"|[\w$\x80-\xff]+)"
_VARIABLE = rb"@(?:`(?:[^`]|``)+`|[\w$.\x80-\xff]+)"
_TEXT = rb"('(?:[^'\\]|\\.|'')*')"
_LOAD_DATA = re.compile(
    rb"LOAD\s+DATA\s+LOCAL\s+INFILE\s+" + _TEXT + rb"\s+(?:(?:REPLACE|IGNORE)\s+)?INTO\s+TABLE\s+"
    rb"(" + _NAME + rb")(?:\s*\.\s*(" + _NAME + rb"))?"
    rb"(?:\s+CHARACTER\s+SET\s+['\"]?(\w+)['\"]?)?"
    rb"(?:\s+(?:FIELDS|COLUMNS)(?:\s+TERMINATED\s+BY\s+" + _TEXT + rb")?"
    rb"(?:\s+(?:OPTIONALLY\s+)?ENCLOSED\s+BY\s+" + _TEXT + rb")?(?:\s+ESCAPED\s+BY\s+" + _TEXT + rb")?)?"
    rb"(?:\s+LINES(?:\s+STARTING\s+BY\s+" + _TEXT + rb")?(?:\s+TERMINATED\s+BY\s+" + _TEXT + rb")?)?"
    rb"(?:\s+IGNORE\s+(\d{1,9})\s+(?:LINES|ROWS))?"
    rb"\s*\((.*?)\)\s*(?:SET\s+(.*))?",
    re.IGNORECASE | re.DOTALL,
)
_TARGET = re.compile(rb"\s*+(?:(" + _NAME + rb")|(" + _VARIABLE + rb"))\s*+(?:,(?=.)|\Z)", re.DOTALL)
_ASSIGNMENT = re.compile(
    rb"\s*+(" + _NAME + rb")\s*=\s*(?:UNHEX\s*\(\s*(?P<unhex>" + _VARIABLE + rb")\s*\)"
    rb"|CONVERT\s*\(\s*(?P<convert>" + _VARIABLE + rb")\s+USING\s+utf8mb4\s*\))\s*(?:,(?=.)|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_TEXT_PIECE = re.compile(rb"\\(.)|''", re.DOTALL)
_TEXT_ESCAPES = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}


@dataclass(frozen=True, slots=True)
class LoadStatement:
    """A LOAD DATA statement: the file that it names, the table, and how the file reads."""

    data_file: str
    schema: str | None
    table: str
    layout: RecordLayout
    statement: Statement


def parse_companion(content: bytes, *, file: str, charset: str | None = None) -> tuple[LoadStatement, ...]:
    """The LOAD DATA statements of a companion, each with the head that stands before it.

    Raises:
        DumpFormatError: it holds something else, or a clause that mydumper does not write.
    """
    head: dict[str, str] = {}
    found: list[LoadStatement] = []
    for statement in StatementReader.of_bytes(content, file=file):
        if (settings := head_settings(statement.text)) is not None:
            head |= settings.values
            continue
        match = _LOAD_DATA.fullmatch(statement.text)
        if match is None:
            raise byte_order_mark(statement, file) or _refused(
                "beside a .dat stand head settings and LOAD DATA as mydumper writes it, but not this", statement, file
            )
        found.append(_load_statement(match, head, statement, file, charset))
    if not found:
        raise DumpFormatError(
            "the file should hold the LOAD DATA statement of the .dat file beside it, and holds none",
            file=file,
            offset=0,
        )
    return tuple(found)


def names_file(written: str, name: str, compression: Compression) -> bool:
    """Whether the name in a LOAD DATA statement means that file, which lies beside it.

    Some versions write the folder of their time before it, and some leave the compression's ending out.
    """
    meant = {name} if compression is Compression.NONE else {name, name.rpartition(".")[0]}
    return written.rpartition("/")[2] in meant


def _load_statement(
    match: re.Match[bytes], head: Mapping[str, str], statement: Statement, file: str, unsaid: str | None
) -> LoadStatement:
    name, first, second, charset, separator, quote, escape, starting, terminator, ignored, columns, assigned = (
        match.groups()
    )
    if "NO_BACKSLASH_ESCAPES" in head.get("sql_mode", "").upper():
        raise _refused("LOAD DATA under NO_BACKSLASH_ESCAPES is not understood", statement, file)
    form = RecordFormat(
        separator=_text(separator, b"\t"),
        quote=_text(quote, b""),
        escape=_text(escape, b"\\"),
        terminators=(_text(terminator, b"\n"),),
        nulls=frozenset({NULL_ESCAPE, NULL_WORD} if _text(quote, b"") else {NULL_ESCAPE}),
        header=ignored is not None and int(ignored) > 0,
        charset=_charset(charset, head, statement, file, unsaid),
    )
    if _text(starting, b""):
        raise _refused("LINES STARTING BY can't be read", statement, file)
    if ignored is not None and int(ignored) > 1:
        raise _refused("mydumper writes one line of names at most", statement, file)
    if problem := _format_problem(form):
        raise _refused(problem, statement, file)
    layout = _layout(form, columns, assigned, head, statement, file)
    schema, table = (_plain(first), _plain(second)) if second is not None else (None, _plain(first))
    data_file = _text(name, b"").decode("utf-8", "surrogateescape")
    return LoadStatement(data_file, schema, table, layout, statement)


def _format_problem(form: RecordFormat) -> str | None:
    """Why records of this format can't be told apart, or mean something else than they seem to."""
    (terminator,) = form.terminators
    if form.escape != b"\\":
        return "mydumper's files can be read where ESCAPED BY is a backslash"
    if not (form.separator + form.quote + terminator).isascii():
        return "separator, quote and line end must be ASCII"
    if not form.separator or not terminator:
        return "fields without a separator, or lines without an end, can't be read"
    if len(form.quote) > 1 or max(len(form.separator), len(terminator)) > _LONGEST_MARK_BYTES:
        return f"ENCLOSED BY must be one byte, TERMINATED BY at most {_LONGEST_MARK_BYTES}"
    marks = [form.separator, form.quote, terminator, form.escape]
    if sum(len(set(mark)) for mark in marks) > len({byte for mark in marks for byte in mark}):
        return "separator, quote, line end and backslash share a byte: they can't be told apart"
    return None


def _charset(clause: bytes | None, head: Mapping[str, str], statement: Statement, file: str, unsaid: str | None) -> str:
    charset = clause.decode("ascii") if clause is not None else head.get("names") or head.get("character_set_client")
    charset = charset or unsaid
    if charset is None:
        raise _refused(
            "neither CHARACTER SET nor SET NAMES says what charset the file is in",
            statement,
            file,
            "Say it in data_character_set. mydumper writes none of both where it reads from a TiDB: that is utf8mb4.",
        )
    if charset.lower() not in CUT_BY_BYTES:
        raise _refused(
            f"in {charset} a byte of a character may look like a separator: such files can't be cut", statement, file
        )
    return charset.lower()


def _layout(
    form: RecordFormat,
    columns: bytes,
    assigned: bytes | None,
    head: Mapping[str, str],
    statement: Statement,
    file: str,
) -> RecordLayout:
    """Which column each field goes to: by its name, or over a variable and the SET clause."""
    by_variable: dict[bytes, tuple[str, Function]] = {}
    at = 0
    while assigned is not None and at < len(assigned):
        match = _ASSIGNMENT.match(assigned, at)
        if match is None:
            raise _refused("SET may hold column = UNHEX(@v) and column = CONVERT(@v USING utf8mb4)", statement, file)
        variable = match["unhex"] or match["convert"]
        if by_variable.setdefault(_variable(variable), (_plain(match[1]), _function(match)))[0] != _plain(match[1]):
            raise _refused("two columns get the same variable", statement, file)
        at = match.end()
    names: list[str] = []
    functions: dict[str, Function] = {}
    at = 0
    while at < len(columns):
        match = _TARGET.match(columns, at)
        if match is None:
            raise _refused("the list of columns can't be read", statement, file)
        if match[1] is not None:
            names.append(_plain(match[1]))
        elif (found := by_variable.pop(_variable(match[2]), None)) is not None:
            names.append(found[0])
            functions[found[0]] = found[1]
        else:
            raise _refused("a field is read into a variable that no column gets", statement, file)
        at = match.end()
    if by_variable:
        raise _refused("SET names a variable that no field is read into", statement, file)
    if not names or len({name.lower() for name in names}) < len(names):
        raise _refused("no column, or one of them twice", statement, file)
    return RecordLayout(form, tuple(names), functions, {**head, "names": form.charset})


def _function(match: re.Match[bytes]) -> Function:
    return Function.UNHEX if match["unhex"] is not None else Function.AS_UTF8MB4


def _variable(text: bytes) -> bytes:
    """Names of variables are not told apart by case."""
    return _plain(text[1:]).lower().encode("utf-8", "surrogateescape")


def _plain(name: bytes) -> str:
    """A name without its quotes."""
    if name[:1] in {b"`", b'"'}:
        name = name[1:-1].replace(name[:1] * 2, name[:1])
    return name.decode("utf-8", "surrogateescape")


def _text(literal: bytes | None, default: bytes) -> bytes:
    """What a string in single quotes says."""
    if literal is None:
        return default
    return _TEXT_PIECE.sub(
        lambda match: b"'" if match[1] is None else _TEXT_ESCAPES.get(match[1], match[1]), literal[1:-1]
    )


def _refused(
    what: str,
    statement: Statement,
    file: str,
    remedy: str = "Dump again with mydumper's own options for --csv or --load-data, or as SQL.",
) -> DumpFormatError:
    return DumpFormatError(
        what,
        file=file,
        offset=statement.offset,
        statement=statement.text,
        remedy=remedy,
    )
