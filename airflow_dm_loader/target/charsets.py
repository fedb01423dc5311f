"""Charsets and collations that the dump's CREATE statements name: the target must know them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from airflow_dm_loader.dump.ddl_changes import charset_names
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.identifiers import quote

_UNKNOWN = frozenset({1115, 1273})
_REPLACEABLE = frozenset({"ascii", "utf8", "utf8mb3"})  # others hold the same bytes for the same letters


def check_charsets(db: Database, files: Iterable[SchemaFile]) -> None:
    """Ask the server for each name, and leave the session as it is: no client can speak utf16 and the like.

    Raises:
        TargetError: the names that it does not know, all of them, and the map that would replace them.
    """
    first: dict[str, str] = {}  # name -> the first file that has it
    for file in files:
        for name in charset_names(file.create.decode("utf-8", "surrogateescape")):
            first.setdefault(name, file.name)
    unknown: list[str] = []
    errno = 0
    for name in first:
        try:
            db.query(_question(name))
        except LoaderError as error:
            if error.errno not in _UNKNOWN:
                raise
            unknown.append(name)
            errno = error.errno or 0
    if unknown:
        raise TargetError(
            f"the target does not know {', '.join(unknown)}",
            errno=errno,
            file=first[unknown[0]],
            remedy=_remedy(unknown),
        )


def _question(name: str) -> str:
    """A SELECT that fails where the server does not know the charset or collation."""
    charset, has_collation, _ = name.partition("_")
    return f"SELECT CONVERT('' USING {quote(charset)})" + (f" COLLATE {quote(name)}" if has_collation else "")


def _remedy(unknown: Sequence[str]) -> str:
    """A collation can be replaced; a charset only by one in which the dump's bytes mean the same."""
    charsets = {name for name in unknown if "_" not in name} - _REPLACEABLE
    lost = [name for name in unknown if name.partition("_")[0] in charsets]
    mapped = [name for name in unknown if name not in lost]
    remedy = f"Only a server that has {', '.join(lost)} can take the dump's bytes. " if lost else ""
    if mapped:
        example = json.dumps(dict.fromkeys(mapped, "..."))
        remedy += f"Set collation_map to say what to use instead: {example}. SHOW COLLATION lists what there is."
    return remedy.strip()
