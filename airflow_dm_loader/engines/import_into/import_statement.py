"""The SQL of IMPORT INTO. Pure; the URI in it holds secrets."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.engines.import_into.sources import TableSource

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


def import_into(source: TableSource, uri: str, options: Options) -> tuple[str, tuple[str | int, ...]]:
    """The statement that makes the job, and its values."""
    table = source.key.quoted.replace("%", "%%")
    named = "".join(f", {name}" if value is True else f", {name} = %s" for name, value in options.items())
    return (
        f"IMPORT INTO {table} FROM %s FORMAT %s WITH DETACHED{named}",
        (uri, str(source.format.tidb_name), *(value for value in options.values() if value is not True)),
    )
