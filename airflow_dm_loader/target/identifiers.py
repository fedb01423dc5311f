"""Names as SQL takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

_Value_co = TypeVar("_Value_co", covariant=True)


def quote(name: str) -> str:
    """One identifier in backticks: ``a`b`` becomes ```a``b```."""
    return "`" + name.replace("`", "``") + "`"


def qualified(schema: str, table: str) -> str:
    """A table with its schema, both quoted."""
    return f"{quote(schema)}.{quote(table)}"


class Names(Mapping[str, _Value_co]):
    """What is known of tables or databases, found as the server finds them: without case where it folds names.

    Args:
        folds: whether it does (``lower_case_table_names`` 1 and 2).
    """

    def __init__(self, found: Mapping[str, _Value_co], *, folds: bool) -> None:
        self._folds = folds
        self._found = {self._key(name): value for name, value in found.items()}

    def __getitem__(self, name: str) -> _Value_co:
        return self._found[self._key(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def _key(self, name: str) -> str:
        return name.lower() if self._folds else name
