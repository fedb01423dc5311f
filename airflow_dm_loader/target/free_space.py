"""How much room the target has, where it tells: TiDB of its stores, MariaDB by its plugin ``disks``; MySQL never."""

from __future__ import annotations

import re

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.target.answers import as_number, as_text, maybe
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server

_SIZE = re.compile(r"(?P<number>\d{1,15}+(?:\.\d{1,9}+)?+)\s?+(?P<unit>[KMGTPE]?+i?+B)", re.IGNORECASE)
_POWERS = "BKMGTPE"


def space_warning(db: Database, server: Server, file_bytes: int) -> str | None:
    """In words, where less is free than the dump's data files have; None: it is enough, or nobody tells.

    Args:
        file_bytes: of the data files, as they are stored.
    """
    free_bytes = _of_stores(db) if server.can.own_tables else _of_disks(db)
    if free_bytes is None or free_bytes >= file_bytes:
        return None
    return (
        f"the target has {free_bytes:,} bytes of free space, and the dump's data files have {file_bytes:,}, without "
        "indexes: make room first, or it may run full"
    )


def _of_stores(db: Database) -> int | None:
    """What TiDB says of its TiKV stores together."""
    try:
        rows = db.query("SELECT available FROM information_schema.tikv_store_status", shape=(maybe(as_text),))
    except LoaderError:  # it has no TiKV, or the account may not ask
        return None
    found = [_bytes(str(text)) for (text,) in rows]
    return sum(each for each in found if each is not None) if found and None not in found else None


def _of_disks(db: Database) -> int | None:
    """What MariaDB's plugin says of the disk that its data is on; it needs the privilege FILE."""
    try:
        rows = db.query(
            "SELECT available FROM information_schema.disks WHERE LEFT(@@datadir, CHAR_LENGTH(path)) = path "
            "ORDER BY CHAR_LENGTH(path) DESC LIMIT 1",
            shape=(as_number,),
        )
    except LoaderError:  # most servers have no such table
        return None
    return int(rows[0][0]) * 1024 if rows else None


def _bytes(text: str) -> int | None:
    """Of ``93.5GiB``; TiDB's units are powers of 1024."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    return int(float(match["number"]) * 1024 ** _POWERS.index(match["unit"][0].upper()))
