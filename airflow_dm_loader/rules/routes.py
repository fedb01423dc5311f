"""Routes: DM's ``routes`` (route rules), and Lightning's ``[[routes]]``."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from airflow_dm_loader.rules.patterns import compile_regexp, name_pattern
from airflow_dm_loader.rules.rule import Rule


def _with_groups(regexp: str) -> str:
    if compile_regexp(regexp).groups == 0:
        raise ValueError(f"{regexp!r} has no capture group, so nothing would be extracted")
    return regexp


class _Extractor(Rule):
    target_column: str = Field(min_length=1, max_length=64)

    @property
    def regexp(self) -> str:
        raise NotImplementedError


class TableExtractor(_Extractor):
    """Fills a column with what the groups of ``table_regexp`` take of the source table's name."""

    table_regexp: str
    _groups = field_validator("table_regexp")(_with_groups)

    @property
    def regexp(self) -> str:
        """The regular expression."""
        return self.table_regexp


class SchemaExtractor(_Extractor):
    """Fills a column with what the groups of ``schema_regexp`` take of the source schema's name."""

    schema_regexp: str
    _groups = field_validator("schema_regexp")(_with_groups)

    @property
    def regexp(self) -> str:
        """The regular expression."""
        return self.schema_regexp


class SourceExtractor(_Extractor):
    """Fills a column with what the groups of ``source_regexp`` take of ``source_id``."""

    source_regexp: str
    _groups = field_validator("source_regexp")(_with_groups)

    @property
    def regexp(self) -> str:
        """The regular expression."""
        return self.source_regexp


class Route(Rule):
    """Where the tables that match go.

    Without ``table_pattern`` it is a schema rule; table rules come before schema rules. Without ``target_table`` a
    table keeps its name. Patterns: see :mod:`airflow_dm_loader.rules.patterns`.
    """

    schema_pattern: str
    table_pattern: str = ""
    target_schema: str = Field(min_length=1)
    target_table: str = ""
    extract_table: TableExtractor | None = None
    extract_schema: SchemaExtractor | None = None
    extract_source: SourceExtractor | None = None

    @field_validator("schema_pattern", "table_pattern")
    @classmethod
    def _pattern(cls, value: str, info: object) -> str:
        if value or getattr(info, "field_name", "") == "schema_pattern":
            name_pattern(value, case_sensitive=True)
        return value

    @model_validator(mode="after")
    def _one_value_a_column(self) -> Self:
        columns = [extractor.target_column.lower() for extractor in self.extractors]
        if len(set(columns)) < len(columns):
            raise ValueError("two extractors fill the same column")
        return self

    @property
    def is_schema_rule(self) -> bool:
        """Whether it speaks of whole schemas."""
        return not self.table_pattern

    @property
    def extractors(self) -> tuple[TableExtractor | SchemaExtractor | SourceExtractor, ...]:
        """Those that are set, in DM's order."""
        return tuple(found for found in (self.extract_table, self.extract_schema, self.extract_source) if found)

    def to_dm(self) -> dict[str, object]:
        """The rule with DM's own keys, for YAML and TOML; what is not set is left out."""
        return _kebab_case(self.model_dump(mode="json", exclude_defaults=True))

    def __str__(self) -> str:
        """``shop_*.sales_* -> shop.sales``, for people."""
        pattern = self.schema_pattern + (f".{self.table_pattern}" if self.table_pattern else "")
        return f"{pattern} -> {self.target_schema}" + (f".{self.target_table}" if self.target_table else "")


def _kebab_case(values: dict[str, object]) -> dict[str, object]:
    return {
        key.replace("_", "-"): _kebab_case(value) if isinstance(value, dict) else value for key, value in values.items()
    }
