"""Creates what a dump's schema files say, and tells what the target has. Nothing that is there is ever dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from airflow_dm_loader.dump.codecs import UnknownLettersError, encode
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.dump.table_parts import lacks, table_parts
from airflow_dm_loader.dump.waiting_mark import OPENING, split_mark
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.identifiers import Names, TableName, quote
from airflow_dm_loader.target.answers import as_number, as_text, as_truth, maybe
from airflow_dm_loader.target.column_shapes import ColumnShape, shape_of
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation_check import creation_problem, creation_warnings, worth_telling
from airflow_dm_loader.target.refused_creates import refused

_ASKED_AT_ONCE = 50  # tables, so that a statement stays short


def create_database(db: Database, schema: str, file: SchemaFile | None) -> None:
    """Create a database where it is missing, with the options of the dump's statement if there is one."""
    options = file.rest if file is not None else ""
    try:
        db.execute(f"CREATE DATABASE IF NOT EXISTS {quote(schema)}{options}".encode("utf-8", "surrogateescape"))
    except LoaderError as error:
        if file is not None:
            error.at(file=file.name, offset=file.offset)
        raise refused(error, "database") from error


def create_table(db: Database, schema: str, table: str, file: SchemaFile, body: str) -> tuple[str, ...]:
    """Create a table under its target name, as the dump says. ``body``: the dump's statement from its columns on.

    Returns:
        What the server warned of, in its own words.

    Raises:
        TargetError: the target did not keep a label, default, comment or name as it is; the table is not left there.
    """
    db.use(schema)  # foreign keys name tables of the same database without it
    try:
        kind = f"{file.options} TABLE".strip()
        create = f"CREATE {kind} {TableName(schema, table).quoted} {body}"
        result = db.execute(create.encode("utf-8", "surrogateescape"))
        warnings = creation_warnings(db, result)
        if problem := creation_problem(db, schema, table, body, warnings):
            db.execute(f"DROP TABLE {TableName(schema, table).quoted}")  # it was made a moment ago, and is empty
            raise TargetError(
                f"the target would not keep the table's definition as it is: {problem}",
                remedy="Create the table yourself as it shall be, then clear; or correct the dump's schema file.",
            )
    except LoaderError as error:
        raise refused(error.at(file=file.name, offset=file.offset, table=f"{schema}.{table}"), "table") from error
    return worth_telling(warnings)


def left_out(db: Database, schema: str, table: str, body: str) -> tuple[str, ...]:
    """What the target's table lacks of a CREATE TABLE, in words. ``body``: the statement from its columns on."""
    row = db.one(f"SHOW CREATE TABLE {TableName(schema, table).quoted}", shape=(as_text, as_text, ...))
    asked = table_parts(f"CREATE TABLE t {body}")
    made = table_parts(str(row[1])) if row is not None else None
    return lacks(asked, made) if asked is not None and made is not None else ()


def create_view(db: Database, schema: str, view: str, file: SchemaFile, charset: str) -> None:
    """Create a view as the dump says; it fails with 1146 or 1356 while what it reads from is missing.

    ``db``: in the session of that view, whose ``charset`` the statement is sent in.
    """
    db.use(schema)
    name = TableName(schema, view)
    create = f"CREATE {file.options} VIEW {name.quoted} {file.rest}"
    by_hand = "Create the view by hand, then clear: a view that exists stays as it is."
    try:
        db.execute(in_its_charset(create, charset, "the view", by_hand))
    except LoaderError as error:
        raise refused(error.at(file=file.name, offset=file.offset, table=str(name)), "view") from error


def in_its_charset(create: str, charset: str, what: str, remedy: str) -> bytes:
    """A CREATE in the charset of the client that made the object.

    Raises:
        TargetError: it can't be sent in that; ``what`` could not, and the ``remedy``.
    """
    try:
        return encode(create, charset)
    except UnknownLettersError as error:
        problem = f"{what} was created in {charset}, and its text can't be sent in that: {error}"
        raise TargetError(problem, remedy=remedy) from None


def view_charset(file: SchemaFile) -> str | None:
    """The charset of the client that created the view; None: the dump does not say."""
    return file.settings.get("character_set_client", "").lower() or None


def ddl_session(sql_mode: str, time_zone: str) -> Mapping[str, str | int]:
    """For DDL: utf8mb4, as a schema file's text is. Under SET NAMES binary, labels and defaults would be garbage."""
    return {
        "sql_mode": sql_mode,
        "time_zone": time_zone,
        "character_set_client": "utf8mb4",
        "character_set_connection": "utf8mb4",
        "character_set_results": "utf8mb4",
    }


def existing_tables(db: Database, schema: str) -> Names[str]:
    """name -> ``BASE TABLE`` | ``VIEW`` | ``SEQUENCE`` ... of all that the schema holds."""
    rows = db.query(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = %s",
        (schema,),
        shape=(as_text, as_text),
    )
    return Names({str(name): str(kind) for name, kind in rows}, folds=db.folds_names)


def is_empty(db: Database, schema: str, table: str) -> bool:
    """Whether the table has no row."""
    return not db.query(f"SELECT 1 FROM {TableName(schema, table).quoted} LIMIT 1", shape=(as_number,))


def tables_with_rows(db: Database, tables: Sequence[TableName]) -> frozenset[TableName]:
    """Those that hold a row."""
    found: set[TableName] = set()
    for start in range(0, len(tables), _ASKED_AT_ONCE):
        some = tables[start : start + _ASKED_AT_ONCE]
        asked = ", ".join(f"EXISTS (SELECT 1 FROM {table.quoted})" for table in some)
        answers = db.sure(f"SELECT {asked}", shape=(as_truth,) * len(some))
        found.update(table for table, holds_rows in zip(some, answers, strict=True) if holds_rows)
    return frozenset(found)


def waiting_marks(db: Database, schema: str) -> Names[tuple[str, ...]]:
    """table -> the indexes and foreign keys that a load left for later, of the tables whose comments say so."""
    found = {
        str(table): split_mark(str(comment))[1]
        for table, comment in db.query(
            "SELECT table_name, table_comment FROM information_schema.tables WHERE table_schema = %s "
            "AND LOCATE(%s, table_comment) > 0",
            (schema, OPENING),
            shape=(as_text, as_text),
        )
    }
    return Names({table: names for table, names in found.items() if names}, folds=db.folds_names)


def table_comment(db: Database, schema: str, table: str) -> str:
    """A table's comment; "" where there is none."""
    row = db.one(
        "SELECT table_comment FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
        (schema, table),
        shape=(as_text,),
    )
    return str(row[0]) if row is not None else ""


def row_columns(db: Database, schema: str, table: str) -> tuple[str, ...]:
    """The target's columns that a row without a column list holds."""
    rows = db.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
        "AND COALESCE(generation_expression, '') = '' AND extra NOT LIKE '%%INVISIBLE%%' ORDER BY ordinal_position",
        (schema, table),
        shape=(as_text,),
    )
    return tuple(str(row[0]) for row in rows)


def column_shapes(db: Database, schema: str) -> Names[dict[str, ColumnShape]]:
    """table -> column in lower case -> its shape, of all columns."""
    found: dict[str, dict[str, ColumnShape]] = {}
    for table, column, kind, charset, nullable, extra, computed in db.query(
        "SELECT table_name, column_name, column_type, character_set_name, is_nullable, extra, generation_expression "
        "FROM information_schema.columns WHERE table_schema = %s",
        (schema,),
        shape=(as_text, as_text, as_text, maybe(as_text), as_text, maybe(as_text), maybe(as_text)),
    ):
        shape = shape_of(str(column), str(kind), charset=charset, generated=bool(computed))
        found.setdefault(str(table), {})[str(column).lower()] = replace(
            shape,
            nullable=str(nullable).upper() == "YES",
            automatic="auto_increment" in str(extra).lower(),
        )
    return Names(found, folds=db.folds_names)


def column_types(db: Database, schema: str, *, full: bool = False) -> Names[dict[str, str]]:
    """table -> column -> type, in lower case, of all columns that are not generated; ``full``: with its length."""
    kind_of = "column_type" if full else "data_type"
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in db.query(
        f"SELECT table_name, column_name, {kind_of} FROM information_schema.columns WHERE table_schema = %s "
        "AND COALESCE(generation_expression, '') = ''",
        (schema,),
        shape=(as_text, as_text, as_text),
    ):
        found.setdefault(str(table), {})[str(column)] = str(kind).lower()
    return Names(found, folds=db.folds_names)


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a load needs to know of a table's columns that are not generated, by their names.

    Attributes:
        types: in lower case without length.
        charsets: in lower case, of those that have one.
        needed: those that a row must have a value for.
        definitions: their types with length and labels.
        auto_increment: the AUTO_INCREMENT column, if there is one.
    """

    types: dict[str, str]
    charsets: dict[str, str]
    needed: set[str]
    definitions: dict[str, str]
    auto_increment: str | None = None


def table_facts(db: Database, schema: str) -> Names[TableFacts]:
    """table -> its columns, asked for all of the schema at once."""
    found: dict[str, TableFacts] = {}
    for table, column, kind, charset, definition, needed, numbered in db.query(
        "SELECT table_name, column_name, data_type, character_set_name, column_type, "
        "is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%%auto_increment%%' "
        "AND extra NOT LIKE '%%DEFAULT_GENERATED%%', extra LIKE '%%auto_increment%%' "
        "FROM information_schema.columns WHERE table_schema = %s AND COALESCE(generation_expression, '') = ''",
        (schema,),
        shape=(as_text, as_text, as_text, maybe(as_text), as_text, maybe(as_truth), maybe(as_truth)),
    ):
        facts = found.setdefault(str(table), TableFacts({}, {}, set(), {}))
        facts.types[str(column)] = str(kind).lower()
        facts.definitions[str(column)] = str(definition)
        if charset is not None:
            facts.charsets[str(column)] = str(charset).lower()
        if needed:
            facts.needed.add(str(column))
        if numbered:
            found[str(table)] = replace(facts, auto_increment=str(column))
    return Names(found, folds=db.folds_names)


def drop_table(db: Database, schema: str, table: str) -> None:
    """Drop a table, where it exists; what is open in the transaction is committed by that."""
    db.execute(f"DROP TABLE IF EXISTS {TableName(schema, table).quoted}")


def existing_databases(db: Database) -> Names[bool]:
    """The databases that the user may see."""
    rows = db.query("SELECT schema_name FROM information_schema.schemata", shape=(as_text,))
    return Names({str(name): True for (name,) in rows}, folds=db.folds_names)


def engines_without_transactions(db: Database, schema: str) -> Names[str]:
    """table -> engine, of the schema's tables in which a crash would leave half a chunk."""
    rows = db.query(
        "SELECT t.table_name, t.engine FROM information_schema.tables t "
        "LEFT JOIN information_schema.engines e ON e.engine = t.engine "
        "WHERE t.table_schema = %s AND t.table_type RLIKE 'TABLE$|VERSIONED$' "
        "AND COALESCE(e.transactions, 'NO') <> 'YES'",
        (schema,),
        shape=(as_text, maybe(as_text)),
    )
    return Names({str(table): str(engine) for table, engine in rows}, folds=db.folds_names)
