"""DM's rules, read literally and one after the other: slow, and with nothing of the loader's own code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

Rule = Mapping[str, str]


def is_match(pattern: str, name: str) -> bool:
    """``~`` and a regular expression, found anywhere, or wildcards, over the whole name; never by case."""
    if pattern.startswith("~"):
        return re.search(pattern[1:], name, re.IGNORECASE | re.DOTALL) is not None
    return fnmatchcase(name.lower(), pattern.lower())


def is_loaded(rules: Mapping[str, Sequence[object]], schema: str, table: str) -> bool:
    """The documentation of DM's block-allow-list, step by step."""
    if rules.get("do-dbs"):
        if not any(is_match(str(db), schema) for db in rules["do-dbs"]):
            return False
    elif any(is_match(str(db), schema) for db in rules.get("ignore-dbs", ())):
        return False
    if any(_is_table(rule, schema, table) for rule in _tables(rules, "do-tables")):
        return True
    if any(_is_table(rule, schema, table) for rule in _tables(rules, "ignore-tables")):
        return False
    return not rules.get("do-tables")


def target_of(rules: Sequence[Rule], schema: str, table: str) -> tuple[str, str] | None:
    """Schema and table that DM's router gives; None: it refuses."""
    of_schemas = [rule for rule in rules if not rule.get("table-pattern") and is_match(rule["schema-pattern"], schema)]
    of_tables = [
        rule
        for rule in rules
        if rule.get("table-pattern")
        and is_match(rule["schema-pattern"], schema)
        and is_match(rule["table-pattern"], table)
    ]
    chosen = of_tables or of_schemas
    if len(chosen) > 1:
        return None
    if not chosen:
        return schema, table
    return chosen[0]["target-schema"], chosen[0].get("target-table") or table


def _tables(rules: Mapping[str, Sequence[object]], key: str) -> Iterator[Rule]:
    for rule in rules.get(key, ()):
        assert isinstance(rule, dict)
        yield rule


def _is_table(rule: Rule, schema: str, table: str) -> bool:
    return is_match(rule["db-name"], schema) and is_match(rule["tbl-name"], table)
