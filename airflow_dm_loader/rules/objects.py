"""What becomes of the objects of a dump that run: triggers, routines (procedures and functions), events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from airflow_dm_loader.rules.rule import Rule

What = Literal["load", "skip", "refuse"]


class ObjectRules(Rule):
    """One word a kind. Left out: ``skip``."""

    triggers: What = Field("skip", description="Triggers; they are made last, when all rows are in.")
    routines: What = Field("skip", description="Stored procedures and functions.")
    events: What = Field("skip", description="Events; they are off until the load is accepted.")

    @property
    def loaded(self) -> frozenset[str]:
        """The kinds that are loaded."""
        return frozenset(name for name, what in self.model_dump().items() if what == "load")

    def what(self, kind: str) -> str:
        """The word of a kind."""
        return str(getattr(self, kind))
