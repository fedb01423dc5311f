"""Schema files: a head, and the one CREATE statement that is run.

A schema file may also save and restore session variables, and drop what stands in the way of its object. Neither is
run: connections are ours, and nothing of the target's is ever dropped. The indexes and foreign keys that mydumper
writes behind the table, as ALTER TABLE ... ADD, become part of its CREATE TABLE.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from airflow_dm_loader.dump.added_keys import added_keys, with_keys
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression, parse
from airflow_dm_loader.dump.lexer import Statement, StatementReader
from airflow_dm_loader.dump.schema_charset import SchemaOrigin, as_utf8
from airflow_dm_loader.dump.schema_objects import ObjectKind, SchemaObject, understand
from airflow_dm_loader.dump.sql_modes import quoting, with_usual_quotes, without_quoting
from airflow_dm_loader.dump.statements import byte_order_mark, head_settings
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.dump.table_options import NotAllowedError
from airflow_dm_loader.errors import NotCreateStatementError

MAX_SCHEMA_FILE_BYTES = 4 << 20
_TOO_LONG = (
    "If the file is sound, raise max_schema_file_bytes; then clear. Or create the object in the target by hand, and "
    "leave the file out of the dump."
)
_BYTES_OF_A_TOKEN = 16  # on average, at least: it bounds the memory that a statement's tokens take
_CREATE = re.compile(rb"CREATE\s", re.IGNORECASE)
# No server writes a name so without ANSI_QUOTES, though a file's head may not say it (mydumper 0.15).
_CREATE_IN_DOUBLE_QUOTES = re.compile(
    rb"CREATE\s++(?:TABLE|DATABASE|SCHEMA)\s++(?:/\*!\d++\s*+)?+(?:IF\s++NOT\s++EXISTS\s*+)?+(?:\*/\s*+)?+\"",
    re.IGNORECASE,
)
_ALTER = re.compile(rb"ALTER\s++TABLE\s", re.IGNORECASE)
_SAVED = re.compile(
    rb"(?:/\*!\d{5,6}\s++)?SET\s++(?:@\w++\s*+=\s*+@@\w++|(?:@@(?:SESSION\.)?+|SESSION\s++)?+\w++\s*+=\s*+@\w++)\s*+(?:\*/)?+",
    re.IGNORECASE,
)
_DROP = re.compile(
    rb"(?:/\*!\d{5,6}\s++)?DROP\s++(?:TABLE|VIEW)\s++IF\s++EXISTS\s++(?:(?:`[^`]*+`)++\.)?+((?:`[^`]*+`)++|\w++)\s*+(?:\*/)?+",
    re.IGNORECASE,
)


# mydumper: DO SETVAL(`s`, 1100, 0); dumpling: SELECT SETVAL(`s`,36);
_SETVAL = re.compile(
    rb"(?:SELECT|DO)\s++SETVAL\s*+\(\s*+((?:`[^`]*+`)++)\s*+,\s*+(-?\d{1,20})\s*+(?:,\s*+([01])\s*+)?+\)\s*+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SequenceValue:
    """Where a sequence was: the last number that it gave out, or the next one.

    Attributes:
        name: the sequence's, as it stands.
    """

    name: str
    number: int
    is_next: bool


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """A schema file's statement, in the usual quotes and escapes, whatever the file's are.

    Attributes:
        settings: as in :class:`~airflow_dm_loader.dump.statements.HeadSettings`; ``sql_mode`` fits ``create``.
        create: the statement without its ``;``.
        options, rest: of a view what stands before and behind its name, of a database what stands behind it; options of
            a table are GLOBAL TEMPORARY, or nothing.
        dropped: what the file would drop first, as it stands; nothing ever is.
        engines, unsafe, reads: as in :class:`~airflow_dm_loader.dump.schema_objects.Definition`.
    """

    name: str
    settings: dict[str, str]
    create: bytes
    offset: int
    dropped: tuple[str, ...] = ()
    options: str = ""
    rest: str = ""
    engines: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    value: SequenceValue | None = None  # of a sequence
    reads: tuple[str, ...] = ()

    @property
    def reads_as_invoker(self) -> bool:
        """Whether a view shows each reader only what that account may read itself."""
        return self.options.upper().split()[-1:] == ["INVOKER"]


def read_schema_file(raw: bytes, name: str) -> SchemaFile:
    """Parse a decoded schema file; anything but head settings, one CREATE and its keys is an error."""
    settings: dict[str, str] = {}
    create: SchemaFile | None = None
    dropped: list[str] = []
    reader = StatementReader.of_bytes(raw, file=name)
    for statement in reader:
        mode = quoting(settings.get("sql_mode", ""))
        if _CREATE_IN_DOUBLE_QUOTES.match(statement.text):
            mode = replace(mode, ansi_quotes=True)
        text = with_usual_quotes(statement.text, mode)
        if _CREATE.match(text):
            if create is not None:
                raise NotCreateStatementError(
                    "a second CREATE statement stands here", file=name, offset=statement.offset
                )
            create = SchemaFile(name, dict(settings), text, statement.offset)
        elif create is not None and create.value is None and (found_value := _SETVAL.fullmatch(text)):
            name_of_it, number, used = found_value.groups()
            value = SequenceValue(name_of_it.decode("utf-8", "surrogateescape"), int(number), used == b"0")
            create = replace(create, value=value)
        elif create is not None and _ALTER.match(text):
            create = _with_added_keys(create, text, statement)
        elif found := head_settings(statement.text):
            settings |= found.values
            reader.backslash_escapes = quoting(settings.get("sql_mode", "")).backslash_escapes
        elif drop := _DROP.fullmatch(text):
            dropped.append(drop[1].decode("utf-8", "surrogateescape"))
        elif not _SAVED.fullmatch(text):
            raise byte_order_mark(statement, name) or NotCreateStatementError(
                "a schema file may hold settings and one CREATE statement, but not this",
                file=name,
                offset=statement.offset,
                statement=statement.text,
            )
    if create is None:
        raise NotCreateStatementError("no CREATE statement is in this schema file", file=name, offset=0)
    if "sql_mode" in create.settings:
        create.settings["sql_mode"] = without_quoting(create.settings["sql_mode"])
    return replace(create, dropped=tuple(dropped))


def checked(file: SchemaFile, wanted: SchemaObject, *, most_bytes: int = MAX_SCHEMA_FILE_BYTES) -> SchemaFile:
    """The file with what its statement says, once that is understood whole.

    Raises:
        NotCreateStatementError: it is not the CREATE of that very object, and of nothing else.
    """
    statement = file.create.decode("utf-8", "surrogateescape")
    for dropped in file.dropped:
        if wanted.name is None or dropped.strip("`").replace("``", "`") != wanted.name:
            raise NotCreateStatementError(f"it would drop {dropped}, but is the file of the {wanted}", file=file.name)
    if file.value is not None and (
        wanted.kind is not ObjectKind.SEQUENCE or file.value.name.strip("`").replace("``", "`") != wanted.name
    ):
        raise NotCreateStatementError(
            f"it would set the sequence {file.value.name}, but is the file of the {wanted}", file=file.name
        )
    try:
        found = understand(statement, wanted, most_tokens=most_bytes // _BYTES_OF_A_TOKEN)
    except NotAllowedError as error:
        at = len(statement[: error.at].encode("utf-8", "surrogateescape"))
        raise NotCreateStatementError(
            f"this is not the CREATE statement of the {wanted} alone: {error.problem}",
            file=file.name,
            offset=file.offset + at,
            statement=file.create[at:] or file.create,
        ) from None
    return replace(
        file,
        options=found.before,
        rest=statement[found.rest_at :],
        engines=found.engines,
        unsafe=found.unsafe,
        reads=found.reads,
    )


def load_schema_file(
    storage: DumpStorage,
    name: str,
    origin: SchemaOrigin | None = None,
    *,
    most_bytes: int = MAX_SCHEMA_FILE_BYTES,
) -> SchemaFile:
    """Read, decode and parse a schema file of the dump; its text is UTF-8 then, whatever it was in.

    Raises:
        NotCreateStatementError: it holds anything else than its CREATE, or unpacks to more than ``most_bytes``.
    """
    parsed = parse(name)
    with open_decoded(storage, name, parsed.compression if parsed is not None else Compression.NONE) as decoded:
        raw = decoded.read(most_bytes + 1)
    if len(raw) > most_bytes:
        raise NotCreateStatementError(
            f"a schema file of more than {most_bytes} bytes (max_schema_file_bytes)", file=name, remedy=_TOO_LONG
        )
    return read_schema_file(as_utf8(raw, origin or SchemaOrigin(), file=name), name)


def _with_added_keys(file: SchemaFile, alter: bytes, statement: Statement) -> SchemaFile:
    try:
        create = file.create.decode("utf-8", "surrogateescape")
        keys = added_keys(alter.decode("utf-8", "surrogateescape"), create)
        return replace(file, create=with_keys(create, keys).encode("utf-8", "surrogateescape"))
    except NotAllowedError as error:
        raise NotCreateStatementError(
            f"an ALTER TABLE that does not only add indexes and foreign keys to this table: {error.problem}",
            file=file.name,
            offset=statement.offset,
            statement=statement.text,
            remedy="Dump again without mydumper's --skip-constraints and --skip-indexes, which split a table's CREATE.",
        ) from None
