"""Schemas that no dump may write to: the server's own, and the one that holds the loads' state."""

from __future__ import annotations

_OF_SERVERS = frozenset({
    "mysql", "sys", "information_schema", "performance_schema", "ndbinfo",
    "metrics_schema", "inspection_schema", "lightning_task_info",
})  # fmt: skip


def owner_of(schema: str, meta_schema: str) -> str | None:
    """Whose schema it is, in words; None: a user's. Upper and lower case are one, as on many servers."""
    if schema.lower() == meta_schema.lower():
        return "the loader's own, which holds the state of loads"
    return "the server's own, which holds its accounts and settings" if schema.lower() in _OF_SERVERS else None
