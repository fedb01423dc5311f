"""A file of triggers, routines or events as its objects, read as the tools that write it are read.

mydumper ends a statement by ``;`` at a line's end, and puts a blank behind each ``;`` at a line's end within one.
mysqldump, and people, say ``DELIMITER``. A statement's bytes are in the ``character_set_client`` that its object was
made in, one beside the other in the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from airflow_dm_loader.dump.byte_order_mark import UTF8_MARK
from airflow_dm_loader.dump.codecs import UnknownLettersError, decode, is_charset
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression, parse
from airflow_dm_loader.dump.sql_modes import quoting, with_usual_quotes, without_quoting
from airflow_dm_loader.dump.statements import head_settings
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.dump.table_options import NotAllowedError
from airflow_dm_loader.errors import NotCreateStatementError
from airflow_dm_loader.objects.grammar import understand
from airflow_dm_loader.objects.kinds import SchemaObject

_BYTES_OF_A_TOKEN = 4  # on average, at least: programs are full of short words and signs
_BLANK = re.compile(rb"(?:\s++|--(?=\s)[^\n]*+(?:\n|\Z)|\#[^\n]*+(?:\n|\Z)|/\*(?!M?!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/)*+")
_DELIMITER = re.compile(rb"\s*+DELIMITER\s++(\S++)\s*+", re.IGNORECASE)
_CREATE = re.compile(rb"(?:/\*!5\d{4}\s++)?+CREATE\b", re.IGNORECASE)
_DROP = re.compile(
    rb"(?:/\*!\d{5,6}\s++)?+DROP\s++(?:TRIGGER|FUNCTION|PROCEDURE|EVENT)\s++IF\s++EXISTS\s++"
    rb"(?:`[^`]*+`|\w++)++(?:\s*+\.\s*+(?:`[^`]*+`|\w++)++)?+\s*+(?:\*/)?+\s*+",
    re.IGNORECASE,
)
_SAVE = re.compile(rb"(?:/\*!\d{5,6}\s++)?+SET\s++(@\w++)\s*+=\s*+@@(\w++)\s*+(?:\*/)?+\s*+", re.IGNORECASE)
_RESTORE = re.compile(
    rb"(?:/\*!\d{5,6}\s++)?+SET\s++(?:@@(?:SESSION\.)?+|SESSION\s++)?+(\w++)\s*+=\s*+(@\w++)\s*+(?:\*/)?+\s*+",
    re.IGNORECASE,
)
# What mydumper 0.10 takes for the charset of a routine of MySQL 9 is its comment: any text.
_CHARSET = re.compile(rb"SET (character_set_client|character_set_results|collation_connection) =(.*)", re.DOTALL)
_UNKNOWN = "?"


def read_objects(raw: bytes, file: str, schema: str, table: str | None, *, most_bytes: int) -> Iterator[SchemaObject]:
    """The objects of a decoded file, in its order.

    Args:
        schema, table: what the file's name says.

    Raises:
        NotCreateStatementError: it holds anything but settings and the CREATE statements of such objects.
    """
    settings: dict[str, str] = {}
    saved: dict[bytes, tuple[str, str | None]] = {}
    for offset, text in _statements(raw):
        if _CREATE.match(text):
            yield _object(text, offset, settings, file, schema, table, most_bytes)
        elif save := _SAVE.fullmatch(text):
            name = save[2].decode("ascii").lower()
            saved[save[1].lower()] = (name, settings.get(name))
        elif (back := _RESTORE.fullmatch(text)) and back[2].lower() in saved:
            name, value = saved[back[2].lower()]
            settings = {key: kept for key, kept in settings.items() if key != name}
            settings |= {name: value} if value is not None else {}
        elif found := head_settings(text):
            settings |= found.values
        elif said := _CHARSET.fullmatch(text):
            settings[said[1].decode("ascii")] = _UNKNOWN
        elif not _DROP.fullmatch(text):
            raise NotCreateStatementError(
                "a file of triggers, routines or events may hold settings and their CREATE statements, but not this",
                file=file,
                offset=offset,
                statement=text,
            )


def load_objects(
    storage: DumpStorage, file: str, schema: str, table: str | None, *, most_bytes: int
) -> tuple[SchemaObject, ...]:
    """Read, decode and parse a file of the dump.

    Raises:
        NotCreateStatementError: as :func:`read_objects`; or it unpacks to more than ``most_bytes``.
    """
    parsed = parse(file)
    with open_decoded(storage, file, parsed.compression if parsed is not None else Compression.NONE) as decoded:
        raw = decoded.read(most_bytes + 1)
    if len(raw) > most_bytes:
        raise NotCreateStatementError(
            f"the file has more than {most_bytes} bytes (max_schema_file_bytes)",
            file=file,
            remedy="If the file is sound, raise max_schema_file_bytes; then clear.",
        )
    return tuple(read_objects(raw, file, schema, table, most_bytes=most_bytes))


def _statements(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Each statement with its offset, without blanks and comments before it and its delimiter."""
    delimiter = b";"
    begin = at = len(UTF8_MARK) if raw.startswith(UTF8_MARK) else 0
    while at < len(raw):
        end = raw.find(b"\n", at)
        end = len(raw) if end < 0 else end + 1
        line = raw[at:end]
        if (said := _DELIMITER.fullmatch(line)) and _is_blank(raw[begin:at]):
            delimiter, begin = said[1], end
        elif _ends(line, delimiter):
            stop = at + line.rstrip().rfind(delimiter)
            if found := _without_blanks(raw[begin:stop], begin):
                yield found
            begin = end
        at = end
    if not _is_blank(raw[begin:]) and (found := _without_blanks(raw[begin:], begin)):
        yield found  # without an end: it is refused as what it is, or the server's client would take it too


def _ends(line: bytes, delimiter: bytes) -> bool:
    """mydumper's ``; `` within a statement is none; behind another delimiter there may be blanks."""
    if delimiter == b";":
        return line.endswith((b";\n", b";\r\n", b";"))
    return line.rstrip().endswith(delimiter)


def _is_blank(raw: bytes) -> bool:
    match = _BLANK.match(raw)
    return match is not None and match.end() == len(raw)


def _without_blanks(raw: bytes, base: int) -> tuple[int, bytes] | None:
    match = _BLANK.match(raw)
    start = match.end() if match is not None else 0
    return (base + start, raw[start:].rstrip()) if start < len(raw) else None


def _object(
    text: bytes, offset: int, settings: dict[str, str], file: str, schema: str, table: str | None, most_bytes: int
) -> SchemaObject:
    session = _session(settings)
    statement = _decoded(text, session, file, offset)
    usual = with_usual_quotes(statement.encode(), quoting(session.get("sql_mode", ""))).decode()
    if "sql_mode" in session:
        session["sql_mode"] = without_quoting(session["sql_mode"])
    try:
        found = understand(usual, schema, table, most_tokens=most_bytes // _BYTES_OF_A_TOKEN)
    except NotAllowedError as error:
        raise NotCreateStatementError(
            f"this is not the CREATE statement of one trigger, routine or event of {schema} alone: {error.problem}",
            file=file,
            offset=offset,
            statement=usual[error.at :] or usual,
        ) from None
    return replace(found, session=session, file=file, offset=offset)


def _session(settings: dict[str, str]) -> dict[str, str]:
    """What the file says; where mydumper 0.10 put the columns of MySQL 9 one too far, the charset is where the
    collation should be, and nothing says the collation.
    """
    session = {name: value for name, value in settings.items() if name != "names"}
    collation = session.get("collation_connection", "").lower()
    if is_charset(collation) and collation != "binary":
        session["character_set_client"] = collation
        del session["collation_connection"]
    for name in ("character_set_client", "collation_connection"):
        if session.get(name) == _UNKNOWN:
            del session[name]
    return session


def _decoded(text: bytes, session: dict[str, str], file: str, offset: int) -> str:
    problems = []
    for charset in dict.fromkeys((session.get("character_set_client", "utf8mb4").lower(), "utf8mb4")):
        try:
            return decode(text, charset)
        except UnknownLettersError as problem:
            problems.append(f"as {charset}: {problem}")
    raise NotCreateStatementError(
        f"the statement can't be read {', nor '.join(problems)}",
        file=file,
        offset=offset,
        remedy="Put back the file as it was dumped, or leave its objects out (objects).",
    )
