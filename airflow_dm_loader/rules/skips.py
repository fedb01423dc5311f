"""What of a table is not made at all: ``skip_indexes``, ``skip_foreign_keys``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skips:
    """Which kinds of a table's parts are left out until a later run makes them."""

    indexes: bool = False
    foreign_keys: bool = False

    def __bool__(self) -> bool:
        return self.indexes or self.foreign_keys

    def __str__(self) -> str:
        names = {"skip_indexes": self.indexes, "skip_foreign_keys": self.foreign_keys}
        return ", ".join(name for name, is_on in names.items() if is_on)


NO_SKIPS = Skips()
