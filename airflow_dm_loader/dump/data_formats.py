"""The formats that data files come in, one row each: all that the rest of the loader decides by a format, it asks here.

How files of a format are read and their rows sent is said in a folder of :mod:`airflow_dm_loader.formats`, which a row
names. Adding a format is such a folder and such a row; see ``docs/extending.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airflow_dm_loader.dump.extras import Extra


class Compression(StrEnum):
    """How a file is compressed, by the end of its name."""

    NONE = ""
    GZIP = "gzip"
    ZSTD = "zstd"
    SNAPPY = "snappy"
    LZ4 = "lz4"
    XZ = "xz"
    BZIP2 = "bzip2"
    UNKNOWN = "unknown"  # an ending that no tool is known to write: refused when it is opened


DECODED = frozenset({Compression.NONE, Compression.GZIP, Compression.ZSTD, Compression.SNAPPY, Compression.LZ4})
BY_TIDB = DECODED - {Compression.LZ4}  # what its tools decode


@dataclass(frozen=True, slots=True, eq=False)  # each is itself: they are compared for every file of a folder
class DataFormat:
    """What a data file holds.

    Attributes:
        what: the same for people.
        ending: of a file's name, before that of a compression; None: only what lies beside it tells.
        reader: the module whose ``FORMAT`` reads its files; None: the loader does not read them itself.
        statement: the kind of the file beside it that says how it reads, and holds no rows; None: it needs none.
        named_like: as a ``statement``: the format that its name looks like.
        by_csv: whether it reads as the setting ``csv`` says.
        has_head: whether it begins with settings of its own, as SQL files do.
        sets_columns: whether LOAD DATA may need a SET clause for it.
        tidb_name: what IMPORT INTO calls it; None: it and tidb-lightning are not used for it.
        tidb_decodes: the compressions in which those two take it.
        codec_first: whether a compression inside of the file may stand before the ending; around it there is none.
        extra: the package that reads it; None: it needs none.
    """

    what: str
    ending: str | None
    reader: str | None = None
    statement: DataFormat | None = None
    named_like: str | None = None
    by_csv: bool = False
    has_head: bool = False
    sets_columns: bool = False
    tidb_name: str | None = None
    tidb_decodes: frozenset[Compression] = frozenset()
    codec_first: bool = False
    extra: Extra | None = None

    def __str__(self) -> str:
        return self.what

    @property
    def is_data(self) -> bool:
        """Whether the file stands for rows of a table; so do all of these."""
        return True

    @property
    def holds_rows(self) -> bool:
        """Whether the rows are in this file itself, and not in one that it only speaks of."""
        return self.named_like is None


SQL = DataFormat(
    "SQL data",
    "sql",
    reader="airflow_dm_loader.formats.sql",
    has_head=True,
    tidb_name="sql",
    tidb_decodes=BY_TIDB,
)
CSV = DataFormat(
    "CSV data",
    "csv",
    reader="airflow_dm_loader.formats.delimited",
    by_csv=True,
    tidb_name="csv",
    tidb_decodes=BY_TIDB,
)
LOAD_STATEMENT = DataFormat("LOAD DATA statement", None, named_like="sql")  # mydumper's, beside each .dat
DAT = DataFormat(
    "LOAD DATA data",
    "dat",
    reader="airflow_dm_loader.formats.delimited",
    statement=LOAD_STATEMENT,
    sets_columns=True,
)
PARQUET = DataFormat(
    "parquet data",
    "parquet",
    reader="airflow_dm_loader.formats.parquet",
    tidb_name="parquet",
    tidb_decodes=frozenset({Compression.NONE}),
    codec_first=True,
    extra=Extra("pyarrow", "parquet"),
)

_table: tuple[DataFormat, ...] = (PARQUET, SQL, CSV, DAT)


def data_formats() -> tuple[DataFormat, ...]:
    """The formats that file names tell."""
    return _table


def register(data_format: DataFormat) -> None:
    """Add a format from outside of this package, for the whole process; files of its ending are data files from then.

    Raises:
        ValueError: there is one with this ending.
    """
    global _table  # noqa: PLW0603
    if data_format.ending is None or data_format.ending in {known.ending for known in _table}:
        raise ValueError(f"a format needs an ending of its own: {data_format.ending!r}")
    _table = (*_table, data_format)
