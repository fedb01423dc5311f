"""Names as SQL takes them."""

from __future__ import annotations


def quote(name: str) -> str:
    """One identifier in backticks: ``a`b`` becomes ```a``b```."""
    return "`" + name.replace("`", "``") + "`"


def qualified(schema: str, table: str) -> str:
    """A table with its schema, both quoted."""
    return f"{quote(schema)}.{quote(table)}"
