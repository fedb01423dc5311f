"""What a person can do where the server refuses a CREATE of the dump: there is no row to correct, and no chunk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from airflow_dm_loader.errors import FatalError, LoaderError, RowError, TargetError
from airflow_dm_loader.report import some_of
from airflow_dm_loader.server_errors import BY_ERRNO, KEY_REMEDY, SCHEMA_DIFFERS

Kind = Literal["database", "table", "view", "sequence"]

_ITSELF = {
    "database": "Create the database in the target yourself, or correct its statement in the schema file",
    "table": "Create the table in the target yourself, in a form that this server takes (the load fills tables that "
    "exist), or correct its statement in the schema file",
    "sequence": "Create the sequence in the target yourself, or correct its statement in its file",
    "view": "Correct the view's statement in its file, or leave the view out with block_allow_list (ignore-tables)",
}
_SHOWN = 20
_OTHER_SERVER = "The dump may be of another kind of server, or of a newer one. "
_UNKNOWN_SYNTAX = frozenset({1064, 1286, 1911, 3105, 4161})
_KEY_DEMANDED = frozenset({1173, 3098, 3750})
_CANT_CREATE = 1005
_NOT_UNIQUE = frozenset({1822, 6125})
_NULL_IN_KEY = 1171
_FOREIGN_KEY = frozenset({1215, 1824, 3734, 3780})
_NOT_THERE = frozenset({1046, 1049, 1146, 1356})
_NO_SEQUENCE = frozenset({1146, 4091, 4139})  # a CREATE TABLE names no other table, but for foreign keys
_NO_FUNCTION = frozenset({1305, 1630, 4031})
_DEFINER = frozenset({1227, 1449})


def refused(error: LoaderError, kind: Kind) -> LoaderError:
    """The error with a remedy that is about the CREATE; ours, and one that may pass or is about an account, stay."""
    if error.errno is None or not isinstance(error, RowError | TargetError):
        return error
    remedy = _remedy(error, kind)
    if remedy is None:
        return error
    return TargetError(error.message, errno=error.errno, remedy=remedy).at(
        file=error.file, offset=error.offset, table=error.table
    )


def together(errors: Sequence[LoaderError]) -> LoaderError:
    """One error that names all CREATEs which the server refused, each with its reason and what to do about it."""
    first, *others = sorted(errors, key=lambda error: error.table or "")
    if not others:
        return first
    told = "; ".join(f"{error.table} ({error.errno or error.code}): {error.message}" for error in others[:_SHOWN])
    more = f"; and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    message = f"{first.message}. The target refuses {len(others)} more of the dump's CREATE statements: {told}{more}"
    tables: dict[str, list[str]] = {}
    for error in (first, *others):
        tables.setdefault(error.remedy, []).append(str(error.table))
    remedy = first.remedy
    if len(tables) > 1:
        remedy = " ".join(f"{some_of(names, _SHOWN)}: {remedy}" for remedy, names in tables.items())
    return TargetError(message, errno=first.errno, remedy=remedy).at(
        file=first.file, offset=first.offset, table=first.table
    )


def _remedy(error: RowError | TargetError, kind: Kind) -> str | None:
    """None: it has one already that is to the point."""
    errno, itself = error.errno, _ITSELF[kind]
    if errno in _KEY_DEMANDED:
        return KEY_REMEDY
    if errno == _NULL_IN_KEY:
        return (
            "A column of the table's PRIMARY KEY is declared as NULL, which this server does not take: write NOT NULL "
            "in the schema file, or create the table in the target yourself. Then clear prepare_checkpoint."
        )
    if errno in _NOT_UNIQUE:
        return (
            "A foreign key points at columns of which the other table has no unique key; MariaDB and older MySQL allow "
            'that. Set session = {"restrict_fk_on_non_standard_key": 0} where MySQL has that variable, or make the key '
            "unique in the other table's schema file, or take the foreign key out of this one. Then clear "
            "prepare_checkpoint."
        )
    if errno in _FOREIGN_KEY or (errno == _CANT_CREATE and "errno: 150" in error.message):
        return f"A foreign key does not fit the table that it points at. {itself}. Then clear prepare_checkpoint."
    if kind == "table" and errno in _NO_SEQUENCE:
        return (
            "A default takes its values from a sequence that neither the dump holds nor the target has. Create "
            "the sequence there, to start behind the values that the dump holds. Then clear."
        )
    if kind == "view" and errno in _NOT_THERE:
        return (
            "The view reads from something that is not in the target. If block_allow_list or routes keep it away, "
            "leave the view out with ignore-tables; else create what is missing. Then clear prepare_checkpoint."
        )
    if kind == "view" and errno in _NO_FUNCTION:
        return (
            "The view calls a stored function that is not in the target. If the dump holds it, in -schema-post.sql, "
            "have the load make it (objects: {routines: load}); else create it there first. On TiDB, which has none, "
            "leave the view out with block_allow_list (ignore-tables). Then clear prepare_checkpoint."
        )
    if kind == "view" and errno in _DEFINER:
        return (
            "The view was made by somebody else (DEFINER=...): give this account the privilege that the message names, "
            "or take DEFINER=... out of the view's file. Then clear prepare_checkpoint."
        )
    if errno in _UNKNOWN_SYNTAX:
        return f"{_OTHER_SERVER}{itself}. Then clear prepare_checkpoint."
    known, said = BY_ERRNO.get(errno or 0, (FatalError, None))
    if said is not None and errno not in SCHEMA_DIFFERS and not issubclass(known, RowError):
        return None
    return f"{itself}. Then clear prepare_checkpoint."
