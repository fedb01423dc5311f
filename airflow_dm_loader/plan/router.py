"""Where each table goes, and what it takes along: DM's route rules, held against names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.identifiers import OfTable
from airflow_dm_loader.rules.patterns import NamePattern, joined_groups, name_pattern
from airflow_dm_loader.rules.routes import Route, SchemaExtractor, TableExtractor

ROUTER_CODE = 20045


@dataclass(frozen=True, slots=True)
class Extracted:
    """A column that every row of a source table gets, and its value; None: NULL.

    ``unmatched``: why the regular expression that should have made it did not.
    """

    column: str
    value: str | None
    unmatched: str | None = None


@dataclass(frozen=True, slots=True)
class Placement(OfTable):
    """The target of a source table. ``extracted``: what its rows take along."""

    schema: str
    table: str
    extracted: tuple[Extracted, ...] = ()


class Router:
    """The routes of a load, ready to be asked."""

    def __init__(self, config: LoadConfig) -> None:
        def pattern(text: str) -> NamePattern:
            return name_pattern(text, case_sensitive=config.where.case_sensitive)

        self._source_id = config.what.source_id
        self._rules = [
            (route, pattern(route.schema_pattern), pattern(route.table_pattern) if route.table_pattern else None)
            for route in config.where.routes
        ]
        self._used: set[int] = set()

    def place(self, schema: str, table: str) -> Placement:
        """Where a table goes; without a rule for it, where it comes from.

        Raises:
            ConfigError: two rules of one level match it (20045).
        """
        matching = [
            (at, route)
            for at, (route, schemas, tables) in enumerate(self._rules)
            if schemas.matches(schema) and (tables is None or tables.matches(table))
        ]
        # The schema's own rule is in use beside one for its tables: it says where the schema goes.
        self._used.update(at for at, route in matching if route.is_schema_rule)
        of_tables = [(at, route) for at, route in matching if not route.is_schema_rule]
        found = _only_one(f"{schema}.{table}", of_tables or matching)
        if found is None:
            return Placement(schema, table)
        at, route = found
        self._used.add(at)
        return Placement(route.target_schema, route.target_table or table, self._extract(route, schema, table))

    def place_schema(self, schema: str) -> str:
        """Where a schema goes that has no table to say it; only schema rules count."""
        matching = [
            (at, route)
            for at, (route, schemas, tables) in enumerate(self._rules)
            if tables is None and schemas.matches(schema)
        ]
        found = _only_one(schema, matching)
        if found is None:
            return schema
        self._used.add(found[0])
        return found[1].target_schema

    def unused(self) -> tuple[Route, ...]:
        """The rules that nothing was placed by so far."""
        return tuple(route for at, (route, _, _) in enumerate(self._rules) if at not in self._used)

    def _extract(self, route: Route, schema: str, table: str) -> tuple[Extracted, ...]:
        extracted = []
        for extractor in route.extractors:
            if isinstance(extractor, TableExtractor):
                name = table
            else:
                name = schema if isinstance(extractor, SchemaExtractor) else self._source_id
            value = joined_groups(extractor.regexp, name)
            unmatched = f"{extractor.regexp!r} does not match {name!r}" if value is None else None
            extracted.append(Extracted(extractor.target_column, value or "", unmatched))
        return tuple(extracted)


def _only_one(name: str, matching: Sequence[tuple[int, Route]]) -> tuple[int, Route] | None:
    if len(matching) > 1:
        raise ConfigError(
            f"{name} matches more than one rule of routes: {matching[0][1]}, and {matching[1][1]}",
            code=ROUTER_CODE,
            remedy="Make the patterns of routes so that a table matches one table rule, or else one schema rule.",
        )
    return matching[0] if matching else None
