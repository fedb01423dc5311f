"""What becomes of the columns of a table of the dump by ``ignore_columns`` and ``mask``, by its own names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.rules.columns import IgnoredColumns, Mask, MaskKind
from airflow_dm_loader.rules.patterns import NamePattern, name_pattern


@dataclass(frozen=True, slots=True)
class MaskedColumn:
    """A column, and what stands in the place of its values."""

    column: str
    kind: MaskKind
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnRules:
    """What becomes of some columns of one table of the dump; names compare without case.

    A rule for several tables is one for those that have the column.
    """

    ignored: tuple[str, ...] = ()
    masked: tuple[MaskedColumn, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ignored or self.masked)

    @property
    def columns(self) -> Iterator[tuple[str, str]]:
        """Each column with what becomes of it, in words."""
        yield from ((name, "left out (ignore_columns)") for name in self.ignored)
        yield from ((found.column, f"masked ({found.kind})") for found in self.masked)


NO_RULES = ColumnRules()


class ColumnRuler:
    """The rules of a load, ready to be asked."""

    def __init__(self, config: LoadConfig) -> None:
        def pattern(text: str) -> NamePattern:
            return name_pattern(text, case_sensitive=config.where.case_sensitive)

        rules: tuple[IgnoredColumns | Mask, ...] = (*config.where.ignore_columns, *config.where.mask)
        self._rules = [(rule, pattern(rule.db), pattern(rule.table)) for rule in rules]

    def of(self, schema: str, table: str) -> ColumnRules:
        """The rules for a table. Raises ConfigError: two speak of one column."""
        found = [rule for rule, schemas, tables in self._rules if schemas.matches(schema) and tables.matches(table)]
        of: dict[str, IgnoredColumns | Mask] = {}
        for rule in found:
            for name in columns_of(rule):
                if name.lower() in of:
                    raise ConfigError(
                        f"two rules speak of column {name} of {schema}.{table}: {of[name.lower()]}, and {rule}",
                        remedy="Say of each column once what becomes of it.",
                    )
                of[name.lower()] = rule
        ignored = (name for rule in found if isinstance(rule, IgnoredColumns) for name in rule.columns)
        masked = (rule for rule in found if isinstance(rule, Mask))
        return ColumnRules(
            tuple(sorted(ignored)),
            tuple(MaskedColumn(rule.column, rule.value, rule.constant) for rule in masked),
        )

    def __iter__(self) -> Iterator[tuple[IgnoredColumns | Mask, Callable[[str, str], bool]]]:
        """Each rule, and whether it means a table of the dump."""
        for rule, schemas, tables in self._rules:
            yield rule, partial(_is_meant, schemas, tables)


def columns_of(rule: IgnoredColumns | Mask) -> tuple[str, ...]:
    """The columns that a rule speaks of."""
    return rule.columns if isinstance(rule, IgnoredColumns) else (rule.column,)


def _is_meant(schemas: NamePattern, tables: NamePattern, schema: str, table: str) -> bool:
    return schemas.matches(schema) and tables.matches(table)
