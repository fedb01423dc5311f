"""The SQL of IMPORT INTO. Pure; the URI in it holds secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.engines.import_into.sources import READER, TableSource
from airflow_dm_loader.engines.tidb_csv import LOGICAL_REMEDY, csv_of
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.identifiers import quote as quote_name
from airflow_dm_loader.rules.csv_format import CsvFormat

Options = Mapping[str, str | int]  # True: it takes no value


def source_uri(folder_uri: str, pattern: str) -> str:
    """The folder's URI, as :func:`~airflow_dm_loader.dump.tidb_uri.tidb_uri` gives it, with the files' pattern."""
    parts = urlsplit(folder_uri)
    path = f"{parts.path.rstrip('/')}/{quote(pattern, safe='*')}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def without_access(uri: str) -> str:
    """The URI without its parameters: what it reads, and nothing of how."""
    parts = urlsplit(uri)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def job_options(config: LoadConfig, sort_uri: str | None) -> Options:
    """The options of every job of a load, by the settings; what is not set is the server's to choose."""
    options: dict[str, str | int | None] = {
        "THREAD": config.import_into.import_into_threads,
        "MAX_WRITE_SPEED": config.import_into.import_into_max_write_speed,
        "DISK_QUOTA": config.import_into.import_into_disk_quota,
        "CHECKSUM_TABLE": config.verify.checksum.value,
        "CLOUD_STORAGE_URI": sort_uri,
    }
    said = {name: value for name, value in config.import_into.import_into_options.items() if value is not False}
    return {name: value for name, value in options.items() if value is not None} | said


def csv_options(csv: CsvFormat) -> Options:
    """How CSV files read, as options. Raises ConfigError for what there is no option for."""
    if csv.not_null or not isinstance(csv.null, str) or csv.trim_last_separator or len(csv.delimiter) > 1:
        raise ConfigError(
            f"csv: {READER} has no option for not_null, several words for NULL, trim_last_separator, or a delimiter of "
            "several characters",
            remedy=LOGICAL_REMEDY,
        )
    return {
        "CHARACTER_SET": "utf8mb4",
        "FIELDS_TERMINATED_BY": csv.separator,
        "FIELDS_ENCLOSED_BY": csv.delimiter,
        "FIELDS_ESCAPED_BY": csv.escape,
        "FIELDS_DEFINED_NULL_BY": csv.null,
        **({"LINES_TERMINATED_BY": csv.terminator} if csv.terminator else {}),
        **({"SKIP_ROWS": 1} if csv.header else {}),
    }


def import_into(
    source: TableSource, uri: str, options: Options, columns: Sequence[str] | None = None
) -> tuple[str, tuple[str | int, ...]]:
    """The statement that makes the job, and its values.

    Args:
        columns: what the fields of CSV are; None: the table's columns, in its order.
    """
    listed = f" ({', '.join(map(quote_name, columns))})" if columns is not None else ""
    table = (source.key.quoted + listed).replace("%", "%%")
    if (csv := csv_of(source.files)) is not None:
        options = {**csv_options(csv), **options}
    named = "".join(f", {name}" if value is True else f", {name} = %s" for name, value in options.items())
    return (
        f"IMPORT INTO {table} FROM %s FORMAT %s WITH DETACHED{named}",
        (uri, str(source.format.tidb_name), *(value for value in options.values() if value is not True)),
    )
