"""What a guard against the last load looks at, and what it does; the setting ``guard``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

ACTIONS = ("pause", "accept", "off")


@dataclass(frozen=True, slots=True)
class Guard:
    """How a dump is compared with what the last load of the same tables brought.

    Attributes:
        rows_drop: the share of the last rows of a table, 0 to 1, beyond which missing ones pause the load; None: any
            number may be missing.
        tables_gone: pause, accept (a finding says so) or off, where a table is not in the dump any more.
        empty: the same where a table that had rows has none.
    """

    rows_drop: float | None = 0.5
    tables_gone: str = "pause"
    empty: str = "pause"

    @classmethod
    def of(cls, said: Mapping[str, object]) -> Self:
        """What was said, and the defaults for the rest. Raises ValueError."""
        if unknown := sorted(set(said) - {"rows_drop", "tables_gone", "empty"}):
            raise ValueError(f"takes rows_drop, tables_gone and empty, not {', '.join(unknown)}")
        drop = said.get("rows_drop", cls().rows_drop)
        if drop is None or drop == "off":
            drop = None
        elif isinstance(drop, bool) or not isinstance(drop, int | float) or not 0 <= drop < 1:
            raise ValueError("rows_drop must be a share from 0 to below 1, such as 0.5, or off")
        actions = {name: said.get(name, "pause") for name in ("tables_gone", "empty")}
        for name, action in actions.items():
            if action not in ACTIONS:
                raise ValueError(f"{name} must be one of {', '.join(ACTIONS)}")
        return cls(drop, str(actions["tables_gone"]), str(actions["empty"]))

    @property
    def looks(self) -> bool:
        """Whether it looks at anything."""
        return self.rows_drop is not None or self.tables_gone != "off" or self.empty != "off"
