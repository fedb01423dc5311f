"""Columns of the dump whose values are left out, or masked: ``ignore_columns``, ``mask``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from airflow_dm_loader.rules.patterns import name_pattern
from airflow_dm_loader.rules.rule import Rule


class MaskKind(StrEnum):
    """What stands in the place of each value of a masked column."""

    NULL = "null"
    CONSTANT = "constant"
    SHA2 = "sha2"  # HMAC-SHA256 of its text in UTF-8, as 64 hex digits; NULL stays NULL


def _pattern(value: str) -> str:
    return name_pattern(value, case_sensitive=True).text


class _OfTables(Rule):
    """Which tables of the dump, by patterns of the source's names."""

    db: str = "*"
    table: str
    _patterns = field_validator("db", "table")(_pattern)

    @model_validator(mode="before")
    @classmethod
    def _as_others_call_it(cls, value: object) -> object:
        if not isinstance(value, Mapping) or "schema" not in value:
            return value
        if "db" in value:
            raise ValueError("db and schema are the same; say one of them")
        return {("db" if key == "schema" else key): item for key, item in value.items()}

    @property
    def tables(self) -> str:
        """The patterns, for people."""
        return f"{self.db}.{self.table}"


class IgnoredColumns(_OfTables):
    """Columns whose values go to no table: Lightning's ``ignore-data-columns``. Names compare without case."""

    columns: tuple[str, ...] = Field(min_length=1, strict=False)

    def __str__(self) -> str:
        return f"ignore_columns {self.tables} ({', '.join(self.columns)})"


class Mask(_OfTables):
    """A column whose values are replaced on their way."""

    column: str = Field(min_length=1)
    value: MaskKind = Field(strict=False)
    constant: str | None = None

    @field_validator("value", mode="before")
    @classmethod
    def _null_is_a_word(cls, value: object) -> object:
        return "null" if value is None else value

    @model_validator(mode="after")
    def _constant_is_said(self) -> Self:
        if (self.value is MaskKind.CONSTANT) != (self.constant is not None):
            raise ValueError("value: constant goes with a constant, and no other value does")
        return self

    def __str__(self) -> str:
        return f"mask {self.tables}.{self.column} ({self.value})"
