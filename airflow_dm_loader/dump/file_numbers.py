"""Numbers that are missing among the data files of a table.

Tools leave out parts without rows, so it may be sound; it may as well be a file that was lost, and nobody but the one
who has the source can tell, unless the dump counts rows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from airflow_dm_loader.identifiers import OfTable, TableName

if TYPE_CHECKING:
    from airflow_dm_loader.dump.inventory import DataFile

_SHOWN = 3
_NUMBER = re.compile(r"\.(\d{5,13})\.[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?$", re.ASCII)
_TWO_NUMBERS, _FIRST_DIGITS = 13, 9  # dumpling's, where it splits by rows and by size
_FIRST = 1  # some versions of mydumper count from 0, and some from 1; dumpling from 0


@dataclass(frozen=True, slots=True)
class NumberGap(OfTable):
    """Numbers that are missing between those of a table's data files. The table is that of the dump."""

    schema: str
    table: str
    text: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}: {self.text}"


def number_gaps(data_files: Iterable[DataFile]) -> tuple[NumberGap, ...]:
    """The gaps, by table."""
    numbers: dict[TableName, set[int]] = defaultdict(set)
    seconds: dict[tuple[str, str, int], set[int]] = defaultdict(set)
    counted_from_0: set[TableName] = set()
    for file in data_files:
        if file.kind.holds_rows and (found := _numbers(file)):
            numbers[file.key].add(found[0])
            if _digits(file) in {_FIRST_DIGITS, _TWO_NUMBERS}:
                counted_from_0.add(file.key)
            if len(found) > 1:
                seconds[file.schema, file.table, found[0]].add(found[1])
    return tuple(sorted([*_gaps(numbers, counted_from_0), *_second_gaps(seconds)], key=lambda gap: gap.key))


def _numbers(file: DataFile) -> tuple[int, ...]:
    """The one or two numbers that the tool gave the file; (): none."""
    if len(file.part) != 1:
        return file.part
    match = _NUMBER.search(file.name)
    if match is None:
        return ()
    digits = match[1]
    if len(digits) == _TWO_NUMBERS:
        return int(digits[:_FIRST_DIGITS]), int(digits[_FIRST_DIGITS:])
    return file.part


def _digits(file: DataFile) -> int:
    match = _NUMBER.search(file.name)
    return len(match[1]) if match is not None else 0


def _gaps(numbers: dict[TableName, set[int]], counted_from_0: Collection[TableName]) -> Iterator[NumberGap]:
    for (schema, table), found in numbers.items():
        first = 0 if TableName(schema, table) in counted_from_0 else _FIRST
        if missing := _missing(found, min(first, *found)):
            yield NumberGap(schema, table, f"data files are numbered up to {max(found)}, and {_without(missing)}")


def _second_gaps(seconds: dict[tuple[str, str, int], set[int]]) -> Iterator[NumberGap]:
    for (schema, table, first), found in seconds.items():
        if missing := _missing(found, min(found)):
            what = f"the data files of number {first} have second numbers up to {max(found)}, and"
            yield NumberGap(schema, table, f"{what} {_without(missing)}")


def _missing(found: set[int], first: int) -> tuple[list[int], int] | None:
    """The first few numbers that are missing, and how many there are."""
    count = max(found) - first + 1 - len(found)
    if not count:
        return None
    return list(islice((number for number in range(first, max(found)) if number not in found), _SHOWN)), count


def _without(missing: tuple[list[int], int]) -> str:
    shown, count = missing
    names = ", ".join(map(str, shown)) + (f" and {count - len(shown)} more" if count > len(shown) else "")
    return (
        f"{names} {'are' if count > 1 else 'is'} missing. Tools leave out parts without rows; if the source's rows are "
        "not all here, a file was lost"
    )
