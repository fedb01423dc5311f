"""The block-allow list: DM's ``block-allow-list``, which says what is loaded at all."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from airflow_dm_loader.rules.patterns import name_pattern
from airflow_dm_loader.rules.rule import Rule


def _pattern(value: str) -> str:
    return name_pattern(value, case_sensitive=True).text


class TablePattern(Rule):
    """A table: DM's ``db-name`` and ``tbl-name``, both patterns."""

    db_name: str
    tbl_name: str
    _patterns = field_validator("db_name", "tbl_name")(_pattern)


class BlockAllowList(Rule):
    """What is loaded, by DM's precedence.

    With ``do_dbs``, only schemas that match one of them; else none that matches one of ``ignore_dbs``. Of these, a
    table that matches one of ``do_tables`` is loaded, else one that matches one of ``ignore_tables`` is not, else it
    is where ``do_tables`` is empty.
    """

    do_dbs: tuple[str, ...] = Field((), strict=False)
    do_tables: tuple[TablePattern, ...] = Field((), strict=False)
    ignore_dbs: tuple[str, ...] = Field((), strict=False)
    ignore_tables: tuple[TablePattern, ...] = Field((), strict=False)

    @model_validator(mode="after")
    def _schema_patterns(self) -> Self:
        for text in (*self.do_dbs, *self.ignore_dbs):
            _pattern(text)
        return self

    def __bool__(self) -> bool:
        """Whether anything is said at all."""
        return bool(self.do_dbs or self.do_tables or self.ignore_dbs or self.ignore_tables)

    def to_dm(self) -> dict[str, object]:
        """The list with DM's own keys; what is empty is left out."""
        return {
            key.replace("_", "-"): [
                item if isinstance(item, str) else {"db-name": item["db_name"], "tbl-name": item["tbl_name"]}
                for item in items
            ]
            for key, items in self.model_dump(mode="json", exclude_defaults=True).items()
        }
