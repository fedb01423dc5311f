"""What a file of a dump is, by its name: one ordered table, as in TiDB Lightning's ``mydump``.

Both tools join names with dots: ``{schema}.{table}.{part}.sql``. dumpling escapes dots inside names and
mydumper 0.11 and later put ``mydumper_N`` in their place; mydumper 0.10 and before write them as they
are. So some names can be read in several ways, and :func:`readings` gives all of them, likeliest first:

- ``db.a.00001.sql`` is part 1 of table ``a``, or the whole of a table ``a.00001``;
- ``db.t-schema.sql`` is the schema of table ``t``, or the rows of a table ``t-schema``;
- ``a.b.c.sql`` is table ``b.c`` of schema ``a``, or table ``c`` of schema ``a.b``.

:mod:`~airflow_dm_loader.dump.resolution` decides by what else is in the folder. Whether ``%XX`` is an escape
is a matter of who wrote the dump: only dumpling escapes, and it gives every data file a number of 9 or 13
digits (mydumper: of 5, or none), so :func:`are_escaped` tells by these. A dump without any data file is taken
for dumpling's; then a table that mydumper 0.10 wrote as it is, ``a%2Eb``, is read as ``a.b``.

Names are matched in the case in which the tools write them; names of schemas and tables keep theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from airflow_dm_loader.dump.data_formats import CSV, PARQUET, Compression, DataFormat, data_formats
from airflow_dm_loader.dump.names import unescape

__all__ = ["Compression", "DumpFileName", "FileKind", "Kind", "are_escaped", "parse", "readings"]


class FileKind(StrEnum):
    """What a file of a dump holds that is no data file; those are a :class:`DataFormat`."""

    METADATA = "metadata"
    METADATA_PART = "metadata part"  # mydumper while it runs, or when it streams
    TABLESPACE = "tablespace"
    PLACEMENT_POLICY = "placement policy"
    DATABASE_SCHEMA = "database schema"
    VIEW_SCHEMA = "view schema"
    SEQUENCE_SCHEMA = "sequence schema"
    TRIGGER_SCHEMA = "trigger schema"
    POST_SCHEMA = "post schema"  # routines and events
    TABLE_SCHEMA = "table schema"  # or the placeholder of a view
    CHECKSUM_FILE = "checksum file"
    ROW_COUNT = "row count"
    QUERY_RESULT = "query result"  # dumpling --sql: rows that belong to no table

    @property
    def is_data(self) -> bool:
        """Whether the file stands for rows of a table; none of these does."""
        return False


Kind = FileKind | DataFormat


_COMPRESSIONS = {
    None: Compression.NONE,
    "gz": Compression.GZIP,
    "gzip": Compression.GZIP,
    "zst": Compression.ZSTD,
    "zstd": Compression.ZSTD,
    "snappy": Compression.SNAPPY,
    "lz4": Compression.LZ4,
    "xz": Compression.XZ,
    "bz2": Compression.BZIP2,
}


def compression_by_ending(name: str) -> Compression:
    """What the last ending of a name says; NONE: no compression that is known."""
    return _COMPRESSIONS.get(name.rpartition(".")[2].lower(), Compression.NONE)


@dataclass(frozen=True, slots=True)
class DumpFileName:
    """One reading of a file name. ``schema`` and ``table`` are unescaped, but may be mydumper's stand-ins."""

    kind: Kind
    schema: str | None = None
    table: str | None = None
    part: tuple[int, ...] = ()  # numbers after the table's name; () where there is none
    compression: Compression = Compression.NONE


# "object" is schema.table, "object_or_schema" may lack the table, "rows" may end in part numbers.
_OBJECT = r"(?P<object>[^.]+\..+)"
_EITHER = r"(?P<object_or_schema>.+)"
_ROWS = r"(?P<rows>[^.]+\..+)"
_ZIP = "{zip}"  # the ending of a compression, see _routes
_KNOWN_ZIP = r"(?:\.(?P<compression>gz|gzip|zst|zstd))?"

_ROUTES: tuple[tuple[str, FileKind], ...] = (
    # metadata
    (r"metadata", FileKind.METADATA),
    # metadata.partial, metadata.partial.3, metadata.header
    (r"metadata\.(?:header|partial(?:\.\d+)?)", FileKind.METADATA_PART),
    # all-schema-create-tablespace.sql
    (r"all-schema-create-tablespace\.sql" + _ZIP, FileKind.TABLESPACE),
    # eu-placement-policy-create.sql
    (r".+-placement-policy-create\.sql" + _ZIP, FileKind.PLACEMENT_POLICY),
    # shop-schema-create.sql.gz
    (r"(?P<schema>.+)-schema-create\.sql" + _ZIP, FileKind.DATABASE_SCHEMA),
    # shop.big_spenders-schema-view.sql
    (_OBJECT + r"-schema-view\.sql" + _ZIP, FileKind.VIEW_SCHEMA),
    # shop.order_ids-schema-sequence.sql
    (_OBJECT + r"-schema-sequence\.sql" + _ZIP, FileKind.SEQUENCE_SCHEMA),
    # shop.orders-schema-triggers.sql, shop-schema-triggers.sql
    (_EITHER + r"-schema-triggers\.sql" + _ZIP, FileKind.TRIGGER_SCHEMA),
    # shop-schema-post.sql (mydumper), shop.a_routine-schema-post.sql (dumpling)
    (_EITHER + r"-schema-post\.sql" + _ZIP, FileKind.POST_SCHEMA),
    # shop.orders-schema.sql
    (_OBJECT + r"-schema\.sql" + _ZIP, FileKind.TABLE_SCHEMA),
    # shop.orders-checksum, shop.orders-schema-checksum, shop-schema-create-checksum, shop-schema-post-checksum
    (_EITHER + r"-checksum" + _KNOWN_ZIP, FileKind.CHECKSUM_FILE),
    # shop.orders-metadata; shop.orders.metadata of mydumper 0.10.7 to 0.11.1
    (_OBJECT + r"[-.]metadata" + _KNOWN_ZIP, FileKind.ROW_COUNT),
    # result.000000000.sql
    (r"result\.\d{9}(?:\d{4})?\.(?:sql|csv)" + _ZIP, FileKind.QUERY_RESULT),
)


# A codec inside of a file, which the file itself says: in names as Lightning reads and Spark writes them.
_CODECS = "snappy|gzip|gz|zstd|zst|lz4|lz4raw|brotli|br|uncompressed"


@lru_cache(maxsize=8)
def _routes(formats: tuple[DataFormat, ...]) -> tuple[tuple[re.Pattern[str], Kind], ...]:
    """Which names mean what, the first that matches wins; data files last, since all else is more special."""
    endings = "|".join(re.escape(known.ending) for known in formats if known.ending is not None)
    compression = rf"(?:\.(?!(?:bak|BAK|{endings})$)(?P<compression>[A-Za-z0-9]+))?"
    found: list[tuple[str, Kind]] = list(_ROUTES)
    for known in formats:
        if known.codec_first:  # shop.orders.000000000.snappy.parquet
            found.append((_ROWS + rf"\.(?:{_CODECS})\.{known.ending}", known))
        # shop.orders.sql, shop.orders.00000.sql.gz, shop.orders.00000.00003.sql.zst, shop.orders.0000000010000.csv
        found.append((_ROWS + rf"\.{known.ending}" + _ZIP, known))
    return tuple((re.compile(pattern.replace(_ZIP, compression), re.DOTALL), kind) for pattern, kind in found)


_DUMPLINGS_INDEX = re.compile(r".+\.(?:\d{9}|\d{13})\.(?:sql|csv|parquet)(?:\.\w+)?", re.DOTALL | re.ASCII)


def are_dumplings(names: Collection[str]) -> bool:
    """Whether a folder's file names, beside metadata of the text form, show that dumpling wrote them."""
    if any(_DUMPLINGS_INDEX.fullmatch(name) for name in names):
        return True
    return any(found.kind in {CSV, PARQUET} for name in names if (found := parse(name)))


def are_escaped(names: Collection[str]) -> bool:
    """Whether a folder's file names show that dumpling wrote them, or do not show that mydumper did."""
    return are_dumplings(names) or not any(found.kind.is_data for name in names if (found := parse(name)))


def parse(name: str, *, escaped: bool = True) -> DumpFileName | None:
    """The likeliest reading of a file name by itself; None where no dump tool writes such a name.

    ``escaped``: the dump is dumpling's, so ``%XX`` is undone.
    """
    return next(_readings(name, (), unescape if escaped else str), None)


def readings(name: str, schemas: Collection[str] = (), *, escaped: bool = True) -> tuple[DumpFileName, ...]:
    """Every way to read a file name, likeliest first; empty where no dump tool writes such a name.

    ``schemas`` are the names of schemas that are known to be in the dump: where one of them starts the
    name, it is split there, else at the first dot.
    """
    return tuple(_readings(name, schemas, unescape if escaped else str))


def _readings(name: str, schemas: Collection[str], plain: Callable[[str], str]) -> Iterator[DumpFileName]:
    for pattern, kind in _routes(data_formats()):
        match = pattern.fullmatch(name)
        if match is None:
            continue
        found = match.groupdict()
        compression = _COMPRESSIONS.get(found.get("compression"), Compression.UNKNOWN)
        if (rows := found.get("rows")) is not None:
            for text, part in _without_part(rows):
                for schema, table in _splits(text, schemas, plain):
                    yield DumpFileName(kind, schema, table, part, compression)
        elif (either := found.get("object") or found.get("object_or_schema")) is not None:
            for schema, table in _splits(either, schemas, plain) or [(plain(either), None)]:
                yield DumpFileName(kind, schema, table, (), compression)
        elif (database := found.get("schema")) is not None:
            yield DumpFileName(kind, plain(database), None, (), compression)
        else:
            yield DumpFileName(kind, compression=compression)
            return


def _without_part(rows: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """(schema.table, part numbers), most numbers first: mydumper 1.0 writes up to two, of 5 digits or more."""
    for pattern in (r"(.+)\.(\d{5,})\.(\d{5,})", r"(.+)\.(\d+)"):
        match = re.fullmatch(pattern, rows, re.DOTALL | re.ASCII)
        if match is not None and "." in match[1].strip("."):
            yield match[1], tuple(int(number) for number in match.groups()[1:])
    yield rows, ()


def _splits(text: str, schemas: Collection[str], plain: Callable[[str], str]) -> list[tuple[str, str | None]]:
    """(schema, table) at every dot that a known schema stands before, else at the first dot."""
    dots = [at for at, char in enumerate(text) if char == "." and 0 < at < len(text) - 1]
    pairs: list[tuple[str, str | None]] = [(plain(text[:at]), plain(text[at + 1 :])) for at in dots]
    return [pair for pair in pairs if pair[0] in schemas] or pairs[:1]
