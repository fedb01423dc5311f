"""What Lightning needs of the data files' heads: it skips their ``SET`` statements, and has one session for all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.heads import READ_AS_UTF8, head_charset, read_head
from airflow_dm_loader.dump.inventory import DataFile
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.engines.tidb_files import check_file
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.target.session import check_time_zone, file_session

READER = "tidb-lightning"
# Lightning's own rule for names of data files, and its unescaping. It has one for .snappy.parquet too, behind this one,
# which therefore takes s.t.0.snappy.parquet for a file of s.`t.0.snappy` (seen with 8.5.3).
_NAME = re.compile(r"(?i)([^/.]+)\.(.*?)(?:\.([0-9]+))?\.(sql|csv|parquet)(?:\.(\w+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RowSession:
    """The session that all rows are read in."""

    sql_mode: str
    time_zone: str


def check_files(files: Iterable[PlannedFile]) -> None:
    """Refuse data files that Lightning does not read. It would leave them out without a word.

    Raises:
        DumpFormatError: of another kind, compressed by something else, or named so that it would take them for another
            table's.
    """
    for planned in files:
        file = planned.source
        check_file(file, READER)
        match = _NAME.fullmatch(file.name)
        if match is None or (unquote(match[1]), unquote(match[2])) != file.key:
            raise DumpFormatError(
                f"{READER} would not take the file for one of {file.schema}.{file.table}, by its name",
                file=file.name,
                remedy="Dump with dumpling, or with mydumper without -F (--chunk-filesize), or load with "
                "import_mode=logical.",
            )


def row_session(
    config: LoadConfig, storage: DumpStorage, files: Iterable[PlannedFile], default_time_zone: str
) -> RowSession:
    """``sql_mode`` and ``time_zone`` by the head of each table's first file: tools write the same to all of a table.

    Raises:
        DumpFormatError: heads differ, so that one session can't be right for all; or a charset other than UTF-8.
    """
    found: RowSession | None = None
    first_name = ""
    seen: set[TableName] = set()
    for planned in files:
        file = planned.source
        if not file.kind.has_head or not file.file_bytes or file.key in seen:
            continue
        seen.add(file.key)
        session = _session_of(config, storage, file, default_time_zone)
        if found is None:
            found, first_name = session, file.name
        elif session != found:
            raise DumpFormatError(
                f"its head asks for another sql_mode or time_zone than that of {first_name!r}, and tidb-lightning has "
                "one session for all",
                file=file.name,
                remedy="Load with import_mode=logical, which honours each file's head.",
            )
    return found or _as_session(config, {}, default_time_zone)


def _session_of(config: LoadConfig, storage: DumpStorage, file: DataFile, default_time_zone: str) -> RowSession:
    head = read_head(storage, file, config.reading.max_head_bytes)
    check_time_zone(config, head, file.name)
    charset = head_charset(head)
    if charset not in READ_AS_UTF8:
        raise DumpFormatError(
            f"the file is in {charset}, and tidb-lightning reads UTF-8 alone",
            file=file.name,
            remedy="Load it with import_mode=logical, or dump in utf8mb4 or binary.",
        )
    return _as_session(config, head, default_time_zone)


def _as_session(config: LoadConfig, head: dict[str, str], default_time_zone: str) -> RowSession:
    session = file_session(config, head, default_time_zone)
    return RowSession(str(session["sql_mode"]), str(session["time_zone"]))
