"""What a statement of a script is. Patterns look at its beginning alone: what follows is read when the piece is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_dm_loader.dump.mysqldump.pieces import PieceKind
from airflow_dm_loader.dump.statement_forms import passed_over

_WORD = rb"[\w$\x80-\xff]++"
_NAME = rb"(?:`(?:[^`]++|``)++`|\"(?:[^\"]++|\"\")++\"|" + _WORD + rb")"
_FULL_NAME = rb"(?:(?P<schema>" + _NAME + rb")\s*+\.\s*+)?+(?P<name>" + _NAME + rb")"
_PART = rb"(?:`[^`]*+`|'[^']*+'|\"[^\"]*+\"|[\w%$\x80-\xff.]++)"
_DEFINER = (
    rb"(?:DEFINER\s*+=\s*+(?:CURRENT_USER(?:\s*+\(\s*+\))?+|" + _PART + rb"(?:\s*+@\s*+" + _PART + rb")?+)\s++)?+"
)
_EXISTS = rb"(?:/\*!\d{5,6}\s*+)?+(?:IF\s++NOT\s++EXISTS\s*+)?+(?:\*/\s*+)?+"
_I = re.IGNORECASE

_ROWS = re.compile(
    rb"(?:INSERT|REPLACE)\b(?:\s*+/\*\+[^*]*+(?:\*(?!/)[^*]*+)*+\*/)?+"
    rb"(?:\s++(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE))*+\s++(?:INTO\s++)?+" + _FULL_NAME,
    _I,
)
_USE = re.compile(rb"USE\s++(?P<name>" + _NAME + rb")\s*+", _I)
_DATABASE = re.compile(rb"CREATE\s++(?:DATABASE|SCHEMA)\s++" + _EXISTS + rb"(?P<name>" + _NAME + rb")", _I)
_TABLE = re.compile(rb"CREATE\s++(?:OR\s++REPLACE\s++)?+TABLE\s++" + _EXISTS + _FULL_NAME, _I)
_SEQUENCE = re.compile(rb"CREATE\s++(?:OR\s++REPLACE\s++)?+SEQUENCE\s++" + _EXISTS + _FULL_NAME, _I)
_SETVAL = re.compile(rb"(?:SELECT|DO)\s++SETVAL\s*+\(\s*+" + _FULL_NAME, _I)
_VIEW = re.compile(
    rb"CREATE\s++(?:OR\s++REPLACE\s++)?+(?:ALGORITHM\s*+=\s*+\w++\s++)?+" + _DEFINER
    + rb"(?:SQL\s++SECURITY\s++\w++\s++)?+VIEW\s++" + _EXISTS + _FULL_NAME,
    _I,
)  # fmt: skip
_PROGRAM = re.compile(
    rb"CREATE\s++(?:OR\s++REPLACE\s++)?+" + _DEFINER
    + rb"(?:AGGREGATE\s++)?+(?P<kind>TRIGGER|FUNCTION|PROCEDURE|EVENT|PACKAGE(?:\s++BODY)?+)\s++"
    + _EXISTS + _FULL_NAME,
    _I,
)  # fmt: skip
_TRIGGER_TABLE = re.compile(rb"\s++(?:BEFORE|AFTER)\s++(?:INSERT|UPDATE|DELETE)\s++ON\s++" + _FULL_NAME, _I)
_TABLESPACE = re.compile(rb"CREATE\s++(?:UNDO\s++)?+(?:TABLESPACE|LOGFILE\s++GROUP)\s++(?P<name>" + _NAME + rb")", _I)
# What stands in for a view until all tables are there: a table, or a view of constants, of the view's columns.
# Without an IGNORECASE: servers give the query of a view with "select".
_STAND_IN = re.compile(
    rb"/\*!50001\s++CREATE\s++(?:TABLE|VIEW)\s++(?:IF\s++NOT\s++EXISTS\s++)?+" + _FULL_NAME
    + rb"(?=\s*+\(|\s++AS\s++SELECT\s)"
)  # fmt: skip
_PASSED = re.compile(
    rb"DROP\s++(?:TABLE|VIEW|DATABASE|SCHEMA|SEQUENCE|TRIGGER|FUNCTION|PROCEDURE|EVENT|PACKAGE(?:\s++BODY)?+)\s"
    rb"|FLUSH\s++(?:PRIVILEGES|TABLES|LOGS)|(?:STOP|START)\s++(?:ALL\s++)?+(?:SLAVES?|REPLICA)\b"
    rb"|ANALYZE\s++TABLE\s++" + _NAME + rb"(?:\s*+\.\s*+" + _NAME + rb")?+\s++UPDATE\s++HISTOGRAM\s"
    # mariadb-dump's around mysql.general_log and mysql.slow_log, which no load fills
    rb"|EXECUTE\s++IMMEDIATE\s++IF\s*+\(\s*+@@LOG_OUTPUT|SET\s++@(?:OLD_|save_)?+LOG_OUTPUT\w*+\s*+="
    rb"|SET\s++GLOBAL\s++LOG_OUTPUT\s*+=\s*+@"
    # Percona's, which ask the server whether it has MyRocks
    rb"|SELECT\s++COUNT\(\*\)\s++INTO\s++@rocksdb_\w++|SET\s++@rocksdb_\w++|PREPARE\s++s\s++FROM\s++@rocksdb_\w++"
    rb"|EXECUTE\s++s\s*+|DEALLOCATE\s++PREPARE\s++s\s*+",
    _I,
)
_ACCOUNTS = re.compile(
    rb"(?:CREATE|ALTER|DROP)\s++(?:USER|ROLE)\s|(?:GRANT|REVOKE)\s|SET\s++(?:DEFAULT\s++)?+ROLE\s", _I
)
_POSITION = re.compile(
    rb"CHANGE\s++(?:MASTER(?:\s++'[^']*+')?+|REPLICATION\s++SOURCE)\s++TO\s++(?:MASTER|SOURCE)_LOG_FILE\s*+=\s*+"
    rb"'(?P<file>[^'\\]++)'\s*+,\s*+(?:MASTER|SOURCE)_LOG_POS\s*+=\s*+(?P<pos>\d{1,20})\b",
    _I,
)
_GTID = re.compile(
    rb"(?:@@GLOBAL\.GTID_PURGED|GLOBAL\s++gtid_slave_pos)\s*+=\s*+(?:/\*!\d++\s*+'\+'\s*+\*/\s*+)?+"
    rb"'\+?+(?P<set>[0-9A-Za-z_:,\-\s]*+)'",
    _I,
)
_SET_GLOBAL = re.compile(rb"SET\s++(?:@@GLOBAL\.GTID_PURGED|GLOBAL\s++gtid_slave_pos)\s*+=", _I)
_CHANGE = re.compile(rb"CHANGE\s++(?:MASTER|REPLICATION)\b", _I)
_DONE = re.compile(rb"^-- Dump completed(?: on (\d{4}-\d\d-\d\d\s++\d{1,2}:\d\d:\d\d))?+\s*+$", re.MULTILINE)
_QUOTED = rb"'[^'\\]*+(?:\\.[^'\\]*+)*+'|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|`[^`]*+`"
_BLOCK = re.compile(  # servers read what is in it as tokens: a string may hold */
    rb"/\*(?P<maria>M?+)!(?P<version>\d{0,6}+)\s*+(?P<text>(?:[^*'\"`]++|\*(?!/)|" + _QUOTED + rb")*+)\*/\s*+",
    re.DOTALL,
)
_SET = re.compile(rb"SET\s", _I)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table. ``schema`` None: of the schema that is in use."""

    schema: str | None
    table: str


@dataclass(frozen=True, slots=True)
class Creates:
    """What a CREATE statement makes; of a trigger, ``table`` is its table."""

    kind: PieceKind
    schema: str | None
    table: str


@dataclass(frozen=True, slots=True)
class StandsIn:
    """What is there until the view of its name is made."""

    schema: str | None
    table: str


@dataclass(frozen=True, slots=True)
class Uses:
    """USE."""

    schema: str


@dataclass(frozen=True, slots=True)
class SetsSequence:
    """Where a sequence was."""

    schema: str | None
    table: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where replication would start."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """What need not be done; ``why``: what people should know of it."""

    why: str = ""
    among_rows: bool = False  # rows before and behind it are one span


Form = Rows | Creates | StandsIn | Uses | SetsSequence | Position | Nothing


def form_of(text: bytes) -> Form | None:
    """What a statement is; None: a SET of the session, or none that a script of a dump tool holds."""
    if found := _ROWS.match(text):
        return Rows(*_names(found))
    if found := _STAND_IN.match(text):
        return StandsIn(*_names(found))
    text = unwrapped(text)
    if _SET_GLOBAL.match(text) or _CHANGE.match(text):
        return Position()
    if _PASSED.match(text):
        return Nothing()
    if _ACCOUNTS.match(text):
        return Nothing("accounts and their privileges are not loaded")
    if _SET.match(text):
        return None
    if (over := passed_over(text)) is not None and not over.restores:
        return Nothing(among_rows=True)
    if found := _USE.fullmatch(text):
        return Uses(_plain(found["name"]))
    if found := _SETVAL.match(text):
        return SetsSequence(*_names(found))
    return _created(text)


def _created(text: bytes) -> Creates | None:
    if found := _DATABASE.match(text):
        return Creates(PieceKind.DATABASE, _plain(found["name"]), "")
    for pattern, kind in ((_TABLE, PieceKind.TABLE), (_SEQUENCE, PieceKind.SEQUENCE), (_VIEW, PieceKind.VIEW)):
        if found := pattern.match(text):
            return Creates(kind, *_names(found))
    if found := _PROGRAM.match(text):
        schema, name = _names(found)
        if found["kind"].upper() != b"TRIGGER":
            return Creates(PieceKind.PROGRAM, schema, name)
        if table := _TRIGGER_TABLE.match(text, found.end()):
            return Creates(PieceKind.TRIGGER, schema, _names(table)[1])
        return None
    if found := _TABLESPACE.match(text):
        return Creates(PieceKind.TABLESPACE, "", _plain(found["name"]))
    return None


def unwrapped(text: bytes, *, until: int | None = None) -> bytes:
    """A statement that stands in version comments, without these; else as it is.

    mysqldump writes a view, a trigger and an event in several: ``/*!50001 CREATE */ /*!50013 DEFINER=... */ ...``.

    Args:
        until: only if all are for versions until this one; None: any.
    """
    if not text.startswith((b"/*!", b"/*M!")):
        return text
    parts, at = [], 0
    while at < len(text):
        found = _BLOCK.match(text, at)
        if found is None:
            parts.append(text[at:])
            break
        if until is not None and (found["maria"] or int(found["version"] or 0) > until):
            return text
        parts.append(found["text"].strip())
        at = found.end()
    return b" ".join(parts)


def position_in(text: bytes) -> tuple[str, int] | None:
    """The binlog file and position that a statement, or a comment, gives."""
    found = _POSITION.search(text)
    return (found["file"].decode("utf-8", "replace"), int(found["pos"])) if found else None


def gtid_in(text: bytes) -> str | None:
    """The GTID set that a statement, or a comment, gives, on one line."""
    found = _GTID.search(text)
    return b"".join(found["set"].split()).decode("ascii") if found else None


def completed_in(comments: bytes) -> str | None:
    """When the dump was completed, by its last line: "" without a time; None: there is no such line."""
    lines = list(_DONE.finditer(comments))
    if not lines:
        return None
    day, _, time = (lines[-1][1] or b"").decode("ascii").partition(" ")
    return f"{day} {time.strip():0>8}" if day else ""


def _names(found: re.Match[bytes]) -> tuple[str | None, str]:
    return (_plain(found["schema"]) if found["schema"] is not None else None), _plain(found["name"])


def _plain(name: bytes) -> str:
    for quote in (b"`", b'"'):
        if name.startswith(quote):
            name = name[1:-1].replace(quote * 2, quote)
            break
    return name.decode("utf-8", "surrogateescape")
