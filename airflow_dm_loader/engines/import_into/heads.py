"""The session that a table's files need: what a SQL file's head says, which IMPORT INTO does not read by itself."""

from __future__ import annotations

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.heads import READ_AS_UTF8, head_charset, read_head
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.engines.import_into.sources import TableSource
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.target.session import file_session


def job_session(
    config: LoadConfig, storage: DumpStorage, source: TableSource, default_time_zone: str
) -> dict[str, str | int]:
    """``sql_mode`` and ``time_zone`` of the table's files, by the head of the first: tools write the same to each.

    Raises:
        DumpFormatError: the file's text is in another charset than UTF-8.
    """
    head: dict[str, str] = {}
    if source.format.has_head:
        head = read_head(storage, next(file.source for file in source.files if file.source.file_bytes))
    session = file_session(config, head, default_time_zone)
    charset = head_charset(head)
    if charset not in READ_AS_UTF8:
        raise DumpFormatError(
            f"the file is in {charset}, and IMPORT INTO reads UTF-8 alone",
            file=source.files[0].source.name,
            table=source.name,
            remedy="Load it with import_mode=logical, or dump in utf8mb4 or binary.",
        )
    return {name: session[name] for name in ("sql_mode", "time_zone")}
