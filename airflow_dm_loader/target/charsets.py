"""Charsets and collations that the dump's CREATE statements name: the target must know them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from airflow_dm_loader.dump.ddl_changes import charset_names
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.target.answers import as_text, maybe
from airflow_dm_loader.target.connection import Database

_UNKNOWN = frozenset({1115, 1273})
# What these charsets implied before MySQL 8.0 and MariaDB 11.5. Whoever means another collation says so: since then
# SHOW CREATE TABLE writes it out, and TiDB always has.
_IMPLIED = {
    "utf8mb4": "utf8mb4_general_ci",
    "utf8": "utf8_general_ci",
    "utf8mb3": "utf8mb3_general_ci",
    "ucs2": "ucs2_general_ci",
    "utf16": "utf16_general_ci",
    "utf32": "utf32_general_ci",
}
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
        for setting in ("character_set_client", "collation_connection"):  # a view's file sets them
            if setting in file.settings:
                first.setdefault(file.settings[setting].lower(), file.name)
    unknown: list[str] = []
    errno = 0
    for name in first:
        try:
            db.query(_question(name), shape=(as_text,))
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


def implied_collations(db: Database, collation_map: Mapping[str, str]) -> dict[str, str]:
    """charset -> the collation that it implied at the dump's source, where the target would take another one."""
    here = {
        str(charset).lower(): str(collation).lower()
        for charset, collation in db.query(
            "SELECT character_set_name, default_collate_name FROM information_schema.character_sets",
            shape=(as_text, maybe(as_text)),
        )
    }
    here["utf8"] = here.get("utf8mb3", here.get("utf8", "")).replace("utf8mb3_", "utf8_")
    implied = {charset: collation_map.get(collation, collation) for charset, collation in _IMPLIED.items()}
    return {charset: collation for charset, collation in implied.items() if here.get(charset) not in {None, collation}}


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
