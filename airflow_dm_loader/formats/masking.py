"""Values that are replaced on their way: by NULL, or by a keyed hash.

A hash is HMAC-SHA256 of the value's text in UTF-8, whatever charset and form the file has it in, as hex digits. So
equal values of all tables and dumps stay equal under one key, joins work, and nobody without the key can try values
out. NULL stays NULL. What is masked does not leave this process as it was, whichever way the rows are sent.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from airflow_dm_loader.dump.codecs import UnknownLettersError, decode
from airflow_dm_loader.dump.literals import literal_bytes
from airflow_dm_loader.dump.recoding import to_recode
from airflow_dm_loader.dump.value_marks import Places
from airflow_dm_loader.errors import RowError
from airflow_dm_loader.rules.mask_key import MaskKey

if TYPE_CHECKING:
    from airflow_dm_loader.formats.base import TableColumns

_KEPT_WORDS = frozenset({b"NULL", b"DEFAULT"})  # the latter is the table's own, and no value of the dump
HASH_CHARACTERS = 64
_TRUTHS = {b"TRUE": b"1", b"FALSE": b"0"}


class CanNotHashError(ValueError):
    """A value can't be hashed; why, without repeating it."""


@dataclass(frozen=True, slots=True)
class Masking:
    """What becomes of the values of a row, by their places.

    Attributes:
        hashed: place -> the charset that its text is in; None: it is UTF-8, or bytes.
        blank: places of values that go to no column.
    """

    key: MaskKey
    hashed: Mapping[int, str | None]
    blank: frozenset[int]

    @classmethod
    def of(
        cls, columns: Sequence[str], table: TableColumns, file_charset: str, recoded: Mapping[str, str] | None = None
    ) -> Self | None:
        """What becomes of the values of a row; None: none of the table is masked.

        Args:
            columns: of a row, in order.
            file_charset: of the file's text; ``binary``: each column has its own.
            recoded: column in lower case -> the charset that its text is in instead.
        """
        if not table.masked:
            return None
        dumped = table.charsets if table.dumped_charsets is None else table.dumped_charsets
        charsets = {**to_recode(file_charset, dumped), **(recoded or {})}
        hashed = {at: charsets.get(name.lower()) for at, name in enumerate(columns) if name.lower() in table.hashed}
        kept = table.kept(columns)
        return cls(table.mask_key, hashed, frozenset(at for at in range(len(columns)) if at not in kept))

    def digits(self, at: int, value: bytes) -> bytes:
        """The hash of the bytes of a value. Raises CanNotHashError."""
        charset = self.hashed[at]
        try:
            text = value if charset is None else decode(value, charset).encode()
        except UnknownLettersError:
            raise CanNotHashError(f"its bytes are not all known letters of {charset}") from None
        return hmac.digest(self.key.secret, text, "sha256").hex().encode()


@dataclass(frozen=True, slots=True)
class RowMasking:
    """The same for rows of SQL.

    Attributes:
        columns: of a row, for errors.
        places: those whose values are replaced.
        quote: what stands around a hash.
    """

    masking: Masking
    columns: tuple[str, ...]
    places: Places
    quote: bytes

    @classmethod
    def of(
        cls,
        masking: Masking | None,
        columns: Sequence[str],
        *,
        blanks: bool,
        backslash_escapes: bool,
        quote: bytes = b"'",
    ) -> Self | None:
        """None: nothing is replaced.

        Args:
            blanks: whether values that go to no column are replaced, too; else they are taken out elsewhere.
        """
        if masking is None:
            return None
        replaced = sorted({*masking.hashed, *(masking.blank if blanks else ())})
        if not replaced:
            return None
        return cls(masking, tuple(columns), Places(len(columns), tuple(replaced), backslash_escapes), quote)

    @property
    def growth_bytes(self) -> int:
        """What a row grows by, at most."""
        return (HASH_CHARACTERS + 2) * len(self.places.places)

    def on(self, rows: bytes | memoryview, *, file: str, offset: int, table: str) -> bytes:
        """The rows with what stands in the place of their values. Each must have as many values as there are columns.

        Args:
            file, offset, table: where the rows stand, for errors.

        Raises:
            RowError: a value can't be hashed, or a row has another number of values.
        """
        parts: list[bytes] = []
        at = 0
        for end, pieces in self.places.pieces(rows):
            for before, value, place in zip(pieces[::2], pieces[1::2], self.places.places, strict=False):
                parts.append(before)
                try:
                    parts.append(self._replaced(place, value))
                except CanNotHashError as error:
                    raise _can_not(f"column {self.columns[place]}: {error}", file, offset + at, table) from None
            parts.append(pieces[-1])
            at = end
        if at < len(rows):
            raise _can_not(
                f"the row has another number of values than its {self.places.count} columns", file, offset + at, table
            )
        return b"".join(parts)

    def _replaced(self, place: int, value: bytes) -> bytes:
        if place in self.masking.blank:
            return b"NULL"
        word = value.strip().upper()
        if word in _KEPT_WORDS:
            return value
        plain = _TRUTHS.get(word) or literal_bytes(value, backslash_escapes=self.places.backslash_escapes)
        if plain is None:
            raise CanNotHashError("it stands in a form that can't be read here")
        return self.quote + self.masking.digits(place, plain) + self.quote


def masked_records(
    records: Iterator[tuple[list[bytes | None], int]],
    masking: Masking,
    in_hex: frozenset[int],
    columns: Sequence[str],
    *,
    file: str,
    table: str,
) -> Iterator[tuple[list[bytes | None], int]]:
    """Records of values, each with where it starts, with what stands in the place of some.

    Args:
        in_hex: places of values that stand as hex digits, and are read so.

    Raises:
        RowError: a value can't be hashed.
    """
    for values, offset in records:
        replaced = [None if at in masking.blank else value for at, value in enumerate(values)]
        for at in masking.hashed:
            if (value := replaced[at]) is None:
                continue
            try:
                digits = masking.digits(at, bytes.fromhex(value.decode()) if at in in_hex else value)
            except CanNotHashError as error:
                raise _can_not(f"column {columns[at]}: {error}", file, offset, table) from None
            replaced[at] = digits.hex().encode() if at in in_hex else digits
        yield replaced, offset


def _can_not(what: str, file: str, offset: int, table: str) -> RowError:
    return RowError(
        f"a row can't be masked: {what}",
        file=file,
        offset=offset,
        table=table,
        remedy="Mask the column by null or constant, or dump again as text in UTF-8.",
    )
