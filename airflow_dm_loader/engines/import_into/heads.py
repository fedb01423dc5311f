"""The session that a table's files need: what a SQL file's head says, which IMPORT INTO does not read by itself."""

from __future__ import annotations

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.lexer import StatementReader
from airflow_dm_loader.dump.statements import Rows, classify
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.engines.import_into.sources import DataFormat, TableSource
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.target.session import file_session

# The job takes bytes as they are: in these charsets they are UTF-8.
_UTF8 = frozenset({"binary", "utf8", "utf8mb3", "utf8mb4", "ascii"})


def job_session(
    config: LoadConfig, storage: DumpStorage, source: TableSource, default_time_zone: str
) -> dict[str, str | int]:
    """``sql_mode`` and ``time_zone`` of the table's files, by the head of the first: tools write the same to each.

    Raises:
        DumpFormatError: the file's text is in another charset than UTF-8.
    """
    head = read_head(storage, source) if source.format is DataFormat.SQL else {}
    session = file_session(config, head, default_time_zone)
    charset = str(head.get("names") or head.get("character_set_client") or "utf8mb4").lower()
    if charset not in _UTF8:
        raise DumpFormatError(
            f"the file is in {charset}, and IMPORT INTO reads UTF-8 alone",
            file=source.files[0].source.name,
            table=source.name,
            remedy="Load it with import_mode=logical, or dump in utf8mb4 or binary.",
        )
    return {name: session[name] for name in ("sql_mode", "time_zone")}


def read_head(storage: DumpStorage, source: TableSource) -> dict[str, str]:
    """The settings before the first rows of the table's first file that holds anything."""
    first = next(file.source for file in source.files if file.source.file_bytes)
    head: dict[str, str] = {}
    with open_decoded(storage, first.name, first.compression) as decoded:
        for statement in StatementReader(decoded, file=first.name):
            kind = classify(statement, file=first.name)
            if isinstance(kind, Rows):
                break
            head |= kind.values
    return head
