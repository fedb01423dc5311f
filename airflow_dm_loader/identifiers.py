"""Names as SQL takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar

_Value_co = TypeVar("_Value_co", covariant=True)


def quote(name: str) -> str:
    """One identifier in backticks: ``a`b`` becomes ```a``b```."""
    return "`" + name.replace("`", "``") + "`"


def folded(name: str) -> str:
    """A name in lower case as servers put it: letter for letter, so that it never gets longer.

    Python makes two letters of ``İ``, and another one of a ``Σ`` at the end of a word: to a server, ``İ`` is ``i``.
    """
    return name.lower() if name.isascii() else "".join(map(_folded_letter, name))


def _folded_letter(letter: str) -> str:
    return letter.lower()[0]


class TableName(NamedTuple):
    """A table, a view or a sequence with its schema; as text it is ``schema.table``."""

    schema: str
    table: str

    @property
    def quoted(self) -> str:
        """As SQL takes it."""
        return f"{quote(self.schema)}.{quote(self.table)}"

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"

    def folded(self, folds: bool) -> TableName:
        """As a server tells names apart that folds them, or does not."""
        return TableName(folded(self.schema), folded(self.table)) if folds else self


class OfTable:
    """What is about one table, and says which by ``schema`` and ``table``."""

    __slots__ = ()
    schema: str
    table: str

    @property
    def key(self) -> TableName:
        """Its table."""
        return TableName(self.schema, self.table)


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
        return folded(name) if self._folds else name
