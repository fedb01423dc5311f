"""What all groups have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """Frozen and strict. What is wrong is told by :class:`~airflow_dm_loader.settings.load.LoadConfig`, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
