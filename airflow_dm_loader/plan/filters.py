r"""Which schemas, tables and views are loaded at all: DM's block-allow list, held against names; and what never is.

Each rule is looked at by itself. (DM's own code may take the schema of one rule and the table of another where both
hold regular expressions, and puts the text of regular expressions into lower case, so that ``\D`` becomes ``\d``.)
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_dm_loader.identifiers import folded
from airflow_dm_loader.rules.block_allow_list import BlockAllowList, TablePattern
from airflow_dm_loader.rules.patterns import NamePattern, name_pattern

_OF_SERVERS = frozenset({
    "mysql", "sys", "information_schema", "performance_schema", "ndbinfo",
    "metrics_schema", "inspection_schema", "lightning_task_info",
})  # fmt: skip


class TableFilter:
    """A block-allow list, ready to be asked."""

    def __init__(self, rules: BlockAllowList, *, case_sensitive: bool) -> None:
        def pattern(text: str) -> NamePattern:
            return name_pattern(text, case_sensitive=case_sensitive)

        def tables(found: Sequence[TablePattern]) -> list[tuple[NamePattern, NamePattern]]:
            return [(pattern(table.db_name), pattern(table.tbl_name)) for table in found]

        self._do_dbs = [pattern(text) for text in rules.do_dbs]
        self._ignore_dbs = [pattern(text) for text in rules.ignore_dbs]
        self._do_tables = tables(rules.do_tables)
        self._ignore_tables = tables(rules.ignore_tables)

    def passes_schema(self, schema: str) -> bool:
        """Whether anything of the schema may be loaded; the schemas of table rules do not count here."""
        if self._do_dbs:
            return any(found.matches(schema) for found in self._do_dbs)
        return not any(found.matches(schema) for found in self._ignore_dbs)

    def passes(self, schema: str, table: str) -> bool:
        """Whether the table or view is loaded."""
        if not self.passes_schema(schema):
            return False
        if _any_matches(self._do_tables, schema, table):
            return True
        if _any_matches(self._ignore_tables, schema, table):
            return False
        return not self._do_tables


def _any_matches(rules: Sequence[tuple[NamePattern, NamePattern]], schema: str, table: str) -> bool:
    return any(db.matches(schema) and tbl.matches(table) for db, tbl in rules)


def is_for_all(schema: str) -> bool:
    """Whether each account sees there, by itself, only what is its own."""
    return folded(schema) == "information_schema"


def owner_of(schema: str, meta_schema: str) -> str | None:
    """Whose schema it is, in words; None: a user's. Upper and lower case are one, as on many servers."""
    if folded(schema) == folded(meta_schema):
        return "the loader's own, which holds the state of loads"
    return "the server's own, which holds its accounts and settings" if folded(schema) in _OF_SERVERS else None
