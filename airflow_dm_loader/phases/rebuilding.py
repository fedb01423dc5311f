"""What hangs on live tables, around a swap: stored, tried on the new tables, taken away, and made again.

A kill at any instant leaves rows that say what was there. Whoever comes next makes again what is missing: on the new
tables where the swap has happened, else on the old ones or, if the load goes on, after its own swap.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.dump.sql_modes import modes
from airflow_dm_loader.errors import CheckpointError, LoaderError, TargetError
from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.objects.grammar import understand
from airflow_dm_loader.objects.kinds import TRIGGER
from airflow_dm_loader.objects.making import Making
from airflow_dm_loader.state import rebuilds
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.rebuilds import Step
from airflow_dm_loader.state.swaps import Round
from airflow_dm_loader.target import hanging, swap
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.hanging import ForeignKey, Trigger
from airflow_dm_loader.target.needed_privileges import Need, check_privileges
from airflow_dm_loader.target.privileges import ask_privileges
from airflow_dm_loader.target.schema import drop_table, in_its_charset
from airflow_dm_loader.target.server import ask_server

_log = visible_log(__name__)
_MANY_TOKENS = 1 << 24
_LOCK_WAIT_S = 10
_TRIED = "dm_loader_try"


def prepare(
    meta: Meta, db: Database, found: Round, places: Mapping[TableName, TableName], former: Collection[TableName]
) -> None:
    """Look at what hangs on the live tables, try it on the ones that come, and write it down. Nothing is changed.

    Args:
        places: live table -> the one that comes in its place.
        former: tables that earlier swaps replaced; what hangs on them stays there.

    Raises:
        CheckpointError: rows of a table outside would have no parent in the tables that come.
        TargetError: something could not be made again: the table has no such column or key, or a privilege is missing.
    """
    keys = list(hanging.foreign_keys_from_outside(db, places, former))
    triggers = [_trigger_step(db, trigger) for trigger in hanging.triggers_of(db, places)]
    check_privileges(ask_privileges(db, ask_server(db)), needs(keys))
    for key in keys:
        _check_parents(db, key, places[key.parent])
        _try_key(db, key, places[key.parent], found.token)
    for step in triggers:
        _try_trigger(db, step, places[step.table])
    rebuilds.keep(meta, found.token, [*map(_key_step, keys), *triggers])
    meta.db.commit()


def needs(keys: Iterable[ForeignKey]) -> Iterator[Need]:
    """The privileges to drop foreign keys of tables outside, and to make them again."""
    for key in keys:
        yield Need("ALTER", *key.table)
        yield Need("SELECT", *key.table)
        yield Need("REFERENCES", *key.parent)


def swap_between(
    meta: Meta,
    db: Database,
    target: TargetConfig,
    found: Round,
    marks: tuple[TableName, TableName],
    renames: Sequence[swap.Rename],
) -> None:
    """Take away what is stored, and rename. Where that fails, all is put back at once.

    Raises:
        LoaderError: nothing was renamed.
    """
    try:
        take_away(meta, db, found)
        swap.swap(db, marks, renames)
    except LoaderError:
        with suppress(LoaderError), Database.open(target) as another:
            if not swap.has_happened(another, marks):
                make_again(meta, another, found)  # nobody may see tables without it until a retry comes
        raise


def take_away(meta: Meta, db: Database, found: Round) -> None:
    """Drop what is there of it."""
    db.set_session({"lock_wait_timeout": _LOCK_WAIT_S})
    for step in rebuilds.stored(meta, found.token):
        if hanging.is_there(db, step):
            _log.info("Dropped for the swap: %s", step)
            db.execute(step.take_away.encode("utf-8", "surrogateescape"))


def make_again(meta: Meta, db: Database, found: Round) -> None:
    """Make what is missing of it, on the tables that have the live names now; then nothing is stored any more.

    Raises:
        LoaderError: something could not be made; the rest was, and a retry tries it again.
    """
    failed: LoaderError | None = None
    for step in rebuilds.stored(meta, found.token):
        if hanging.is_there(db, step):
            continue
        try:
            _make(db, step, step.table.schema)
            _log.info("Made again after the swap: %s", step)
        except LoaderError as error:
            failed = failed or error
    if failed is not None:
        failed.message = f"{failed.message} (its SQL is in {meta['swap_step']}, token {found.token})"
        raise failed
    rebuilds.forget(meta, found.token)
    meta.db.commit()


def in_words(db: Database, tables: Collection[TableName], former: Collection[TableName]) -> str:
    """What would be rebuilt; "": nothing."""
    found = [*hanging.foreign_keys_from_outside(db, tables, former), *hanging.triggers_of(db, tables)]
    names = ", ".join(map(str, found))
    return f"dropped before the RENAME, and made again after it (swap_rebuild): {names}" if names else ""


def _key_step(key: ForeignKey) -> Step:
    return Step(key.kind, key.table, key.name, key.drop(), key.add())


def _trigger_step(db: Database, trigger: Trigger) -> Step:
    making = Making("keep", None, "", "+00:00", {})
    name = TableName(trigger.table.schema, trigger.name)
    (row,) = db.named(f"SHOW CREATE TRIGGER {name.quoted}")
    text = row.get(TRIGGER.shown)
    if not text:
        raise TargetError(
            f"the account may not see the text of trigger {trigger.name}, so it can't be made again (swap_rebuild)",
            table=str(trigger.table),
            remedy="Give it the privilege TRIGGER, or drop the trigger for the load.",
        )
    made = understand(str(text), name.schema, None, most_tokens=_MANY_TOKENS)
    session = {
        "sql_mode": ",".join(modes(str(row["sql_mode"]))),
        "character_set_client": str(row["character_set_client"]),
        "collation_connection": str(row["collation_connection"]),
    }
    drop = f"DROP TRIGGER {name.quoted}"
    return Step(trigger.kind, trigger.table, trigger.name, drop, making.statement(made), session)


def _check_parents(db: Database, key: ForeignKey, shadow: TableName) -> None:
    try:
        orphan = db.one(key.orphans(shadow), shape=(as_number,))
    except LoaderError as error:
        raise error.at(table=str(key.parent)) from error
    finally:
        db.rollback()
    if orphan is not None:
        raise CheckpointError(
            f"rows of {key.table} refer to rows that the new {key.parent} does not have (foreign key {key.name})",
            table=str(key.parent),
            remedy="Delete those rows, or drop the foreign key; then clear finish.",
        )


def _try_key(db: Database, key: ForeignKey, shadow: TableName, token: str) -> None:
    """Make the foreign key of an empty copy of its table, which goes again."""
    copy = TableName(shadow.schema, f"{_TRIED}_{token}")
    drop_table(db, *copy)
    try:
        db.set_session({"foreign_key_checks": 1})
        db.execute(f"CREATE TABLE {copy.quoted} LIKE {key.table.quoted}")
        db.execute(key.add(child=copy, parent=shadow))
    except LoaderError as error:
        raise _not_again(error, str(key), key.parent) from error
    drop_table(db, *copy)


def _try_trigger(db: Database, step: Step, shadow: TableName) -> None:
    """Make the trigger on the new table, which has the same name in another schema, and drop it again."""
    tried = f"DROP TRIGGER IF EXISTS {TableName(shadow.schema, step.name).quoted}"
    db.execute(tried)
    try:
        _make(db, step, shadow.schema)
    except LoaderError as error:
        raise _not_again(error, str(step), step.table) from error
    db.execute(tried)


def _not_again(error: LoaderError, what: str, table: TableName) -> LoaderError:
    if error.errno is None or not isinstance(error, TargetError):
        return error.at(table=str(table))
    return TargetError(
        f"{what} could not be made again on the new table (swap_rebuild): {error.message}",
        errno=error.errno,
        table=str(table),
        remedy="Change it so that it fits the dump's table, or drop it; then clear finish.",
    )


def _make(db: Database, step: Step, schema: str) -> None:
    """Make it in a schema, in the session that it was made in; the connection then has its own one again."""
    row = db.sure("SELECT @@sql_mode, @@collation_connection", shape=(as_text, as_text))
    charset = str(step.session.get("character_set_client", "utf8mb4"))
    statement = in_its_charset(step.make_again, charset, str(step), "Make it by hand, then clear finish.")
    db.execute(f"USE {quote(schema)}")
    try:
        db.set_session({"lock_wait_timeout": _LOCK_WAIT_S, "foreign_key_checks": 1})
        db.set_session(step.session)
        db.execute(statement)
    except LoaderError as error:
        raise error.at(table=str(step.table)) from error
    finally:
        with suppress(LoaderError):  # it ended with its connection
            db.set_session({
                "sql_mode": row[0], "character_set_client": "utf8mb4", "character_set_connection": "utf8mb4",
                "collation_connection": row[1],
            })  # fmt: skip
