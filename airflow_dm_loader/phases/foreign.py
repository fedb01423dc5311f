"""All that the target can't have as the dump has it: every kind at once, beside the first that stops a load."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress

from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.foreign_parts import ForeignPart, Server, foreign_parts
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.phases.drafting import Drafting
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.report import some_of
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.charsets import check_charsets
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.storage_engines import ask_engines

_SHOWN = 20
_NAMES: Mapping[Flavour, Server] = {Flavour.MARIADB: "mariadb", Flavour.MYSQL: "mysql", Flavour.TIDB: "tidb"}
_REFUSED = "refused with its CREATE, so make the table in the target yourself, in a form that it takes"
_LEFT_OUT = "left out by the target, which the load's report tells"
_CONVERTED = "in an engine that the target has not: set convert_engines"


@contextmanager
def naming_the_rest(
    open_database: Callable[[], AbstractContextManager[Database]],
    drafting: Drafting,
    plan: LoadPlan,
    made: Collection[TableName] = (),
) -> Iterator[None]:
    """Let an error that is about a schema file also tell what else of the dump this target has not.

    Args:
        made: tables that may have come about meanwhile, by this load.
    """
    try:
        yield
    except TargetError as error:
        if error.file is None or type(error) is not TargetError:  # one of a code of its own is about something else
            raise
        rest = ""
        with suppress(LoaderError), open_database() as db:  # what is to be told is the error
            rest = what_the_target_has_not(db, drafting, plan, made)
        if not rest:
            raise
        message = f"{error.message}. Of all of the dump, {rest}"
        raise TargetError(message, errno=error.errno, remedy=error.remedy).at(
            file=error.file, offset=error.offset, table=error.table
        ) from None


def what_the_target_has_not(db: Database, drafting: Drafting, plan: LoadPlan, made: Collection[TableName] = ()) -> str:
    """In words, and what becomes of it; "": nothing is known. Tables that exist are as a person made them."""
    server = _NAMES[drafting.server.flavour]
    engines = ask_engines(db) if drafting.transactions else None
    there = {database.schema: target_schema.existing_tables(db, database.schema) for database in plan.databases}
    refused: list[str] = []
    left_out: list[str] = []
    converted: list[str] = []
    files: list[SchemaFile] = []
    for table in plan.tables:
        if table.schema_file is None or (table.table in there[table.schema] and table.key not in made):
            continue
        file = drafting.read(table.schema_file)
        files.append(file)
        statement = file.create.decode("utf-8", "surrogateescape")
        parts = foreign_parts(statement, server)
        refused += _told(table.name, [part for part in parts if part.refused])
        left_out += _told(table.name, [part for part in parts if not part.refused])
        parsed = parse_create_table(statement)
        if engines is not None and parsed is not None and engines.lacks(parsed.engine):
            converted.append(f"{table.name} ({parsed.engine})")
    told = {_REFUSED: refused, _LEFT_OUT: left_out, _CONVERTED: converted}
    words = [f"{fate}: {some_of(names, _SHOWN)}" for fate, names in told.items() if names]
    try:
        check_charsets(db, files)
    except TargetError as error:
        words.append(f"unknown to the target, so set collation_map: {error.message.partition('know ')[2]}")
    return f"this {drafting.server.flavour} can't have these as they are - {'; '.join(words)}" if words else ""


def _told(table: str, parts: list[ForeignPart]) -> Iterator[str]:
    if parts:
        yield f"{table} ({', '.join(part.what for part in parts)})"
