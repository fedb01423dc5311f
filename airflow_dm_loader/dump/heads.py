"""The settings at the head of a data file, without its rows."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.inventory import DataFile
from airflow_dm_loader.dump.lexer import StatementReader
from airflow_dm_loader.dump.statements import MAX_HEAD_BYTES, Rows, check_head, classify
from airflow_dm_loader.dump.storage import DumpStorage

# For engines of TiDB that take bytes as UTF-8: in these charsets they are.
READ_AS_UTF8 = frozenset({"binary", "utf8", "utf8mb3", "utf8mb4", "ascii"})


def read_head(storage: DumpStorage, file: DataFile, max_head_bytes: int = MAX_HEAD_BYTES) -> dict[str, str]:
    """What the file sets before its first rows: lower-case name -> value; SET NAMES is ``names``."""
    head: dict[str, str] = {}
    with open_decoded(storage, file.name, file.compression) as decoded:
        for statement in StatementReader(decoded, file=file.name):
            kind = classify(statement, file=file.name)
            check_head(statement, kind, max_head_bytes, file.name)
            if isinstance(kind, Rows):
                break
            head |= kind.values
    return head


def head_charset(head: Mapping[str, str]) -> str:
    """The charset of the file's bytes, in lower case."""
    return (head.get("names") or head.get("character_set_client") or "utf8mb4").lower()
