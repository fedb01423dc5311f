"""What a person can do where the server refuses to make an object that runs."""

from __future__ import annotations

from airflow_dm_loader.errors import LoaderError, RowError, TargetError
from airflow_dm_loader.objects.kinds import SchemaObject

_BINLOG = frozenset({1418, 1419})
_DEFINER = frozenset({1227, 1449, 4006, 6276})
_SYNTAX = frozenset({1064, 1313, 1314, 1320, 1336, 1415, 1422})
BINLOG_REMEDY = (
    "With the binary log on, only an account with SUPER may make these, or any where the server says "
    "log_bin_trust_function_creators = 1: have an administrator set that for the load, then clear."
)


def refused(error: LoaderError, found: SchemaObject) -> LoaderError:
    """The error with where it happened, and a remedy that is about the object; what may pass stays as it is."""
    error.at(file=found.file or None, offset=found.offset if found.file else None)
    if not isinstance(error, RowError | TargetError) or error.errno is None:
        return error
    return TargetError(f"{found}: {error.message}", errno=error.errno, remedy=_remedy(error.errno, found)).at(
        file=error.file, offset=error.offset
    )


def _remedy(errno: int, found: SchemaObject) -> str:
    leave_out = f"leave {found.kind.part} out (objects)"
    if errno in _BINLOG:
        return BINLOG_REMEDY
    if errno in _DEFINER:
        return (
            f"It is made in the name of {found.definer or 'another account'}: give the loader's account the privilege "
            "that the message names, create that account, or set definer to drop or replace:user@host; then clear."
        )
    if errno in _SYNTAX:
        return (
            "The dump may be of another kind of server, or of a newer one: correct the statement in its file, make the "
            f"{found.kind} by hand (one that is equal stays), or {leave_out}. Then clear."
        )
    return f"Correct at the server what the message names, or {leave_out}; then clear."
