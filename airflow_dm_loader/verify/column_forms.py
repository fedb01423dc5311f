"""Each column as an expression whose text is the same at both servers for the same value, whatever its charset.

Text is compared in utf8mb4, bytes as they are, moments in UTC. Where two servers are known to write a type's values
differently, the column is left out, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.target.answers import as_text, maybe
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.connection import Database

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "bit"})
_PLAIN = frozenset({"decimal", "date", "time", "datetime", "timestamp", "year"})
_FLOATS = frozenset({"float", "double"})
_BYTES = frozenset({
    "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector", "geometry", "point", "linestring",
    "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection",
})  # fmt: skip
_SHORT = re.compile(r"(?:var)?(?:char|binary)\((\d+)\)|enum\(.*|uuid|inet[46]", re.DOTALL)
# MySQL 5.6 has no generation_expression; DEFAULT_GENERATED is something else.
_GENERATED = re.compile(r"\b(?:VIRTUAL|STORED|PERSISTENT)\b", re.IGNORECASE)
_SHORT_LENGTH = 64  # a longer value is hashed by itself, so that a row's text stays short
# Of magnitudes that a DECIMAL(65,30) holds with all digits that a double has.
_SMALLEST, _LARGEST = "1e-15", "1e30"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column that is not generated; ``column_type`` as information_schema has it, in lower case."""

    name: str
    data_type: str
    column_type: str

    @property
    def is_long(self) -> bool:
        short = _SHORT.fullmatch(self.column_type)
        return short is None or int(short[1] or 0) > _SHORT_LENGTH


@dataclass(frozen=True, slots=True)
class ComparedColumns:
    """What is compared: name and expression of each column, in the same order at both servers.

    ``unknown``: columns of the source that the target lacks. ``left_out``: why a column is not compared, in words.
    """

    source: tuple[tuple[str, str], ...]
    target: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    left_out: tuple[str, ...]


def ask_columns(db: Database, schema: str, table: str) -> tuple[TableColumn, ...]:
    """The table's columns, but for generated ones; none: there is no such table."""
    rows = db.query(
        "SELECT column_name, data_type, column_type, extra FROM information_schema.columns WHERE table_schema = %s "
        "AND table_name = %s ORDER BY ordinal_position",
        (schema, table),
        shape=(as_text, as_text, as_text, maybe(as_text)),
    )
    return tuple(
        TableColumn(str(name), str(kind).lower(), str(full).lower())
        for name, kind, full, extra in rows
        if not _GENERATED.search(str(extra))
    )


def compared_columns(
    source: Sequence[TableColumn], target: Sequence[TableColumn], flavours: tuple[Flavour, Flavour]
) -> ComparedColumns:
    """Pair the source's columns with the target's, by name; columns that only the target has don't count."""
    there = {column.name.lower(): column for column in target}
    pairs = [
        (column, there.get(column.name.lower())) for column in sorted(source, key=lambda column: column.name.lower())
    ]
    exact_floats = flavours[0] == flavours[1] or Flavour.TIDB not in flavours
    ours: list[tuple[str, str]] = []
    theirs: list[tuple[str, str]] = []
    left_out: list[str] = []
    for column, other in pairs:
        if other is None:
            continue
        if "json" in {column.data_type, other.data_type} and (
            flavours[0] != flavours[1] or column.data_type != other.data_type
        ):
            left_out.append(f"{column.name}: the servers write JSON differently")
            continue
        is_long = column.is_long or other.is_long
        ours.append((column.name, _expression(column, is_long=is_long, exact_floats=exact_floats)))
        theirs.append((other.name, _expression(other, is_long=is_long, exact_floats=exact_floats)))
    unknown = tuple(column.name for column, other in pairs if other is None)
    return ComparedColumns(tuple(ours), tuple(theirs), unknown, tuple(left_out))


def _expression(column: TableColumn, *, is_long: bool, exact_floats: bool) -> str:
    name = quote(column.name)
    if column.data_type in _INTEGERS:
        return f"{name}+0"  # without ZEROFILL's zeros
    if column.data_type in _PLAIN:
        return name
    if column.data_type in _FLOATS:
        return name if exact_floats else _rounded(name, 5 if column.data_type == "float" else 14)
    value = name if column.data_type in _BYTES else f"CONVERT({name} USING utf8mb4)"
    return f"SHA2({value},256)" if is_long else f"HEX({value})"


def _rounded(name: str, digits: int) -> str:
    """The value's first ``digits`` + 1 digits as a DECIMAL: TiDB writes exponents where others do not.

    Of values outside 1e-15 ... 1e30 only the sign, and on which side they are.
    """
    return (
        f"CASE WHEN {name}=0 THEN '0' WHEN ABS({name})<{_SMALLEST} THEN CONCAT('tiny',SIGN({name}))"
        f" WHEN ABS({name})>{_LARGEST} THEN CONCAT('huge',SIGN({name}))"
        f" ELSE CAST(ROUND({name},{digits}-FLOOR(LOG10(ABS({name})))) AS DECIMAL(65,30)) END"
    )
