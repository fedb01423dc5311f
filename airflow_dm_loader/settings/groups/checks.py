"""What is looked at after the rows are in, and what is told."""

from __future__ import annotations

from pydantic import Field

from airflow_dm_loader.settings.choices import Level, OnConflict
from airflow_dm_loader.settings.groups.base import Group


class Verify(Group):
    """What is compared, and what a difference does."""

    checksum: Level = Field(
        Level.REQUIRED,
        title="Checksum",
        description="required: a difference pauses the load with 34021. optional: it is a warning. off: not done.",
    )
    analyze: Level = Field(
        Level.OPTIONAL,
        title="Analyze",
        description="required: a failing ANALYZE TABLE fails the load. optional: it is a warning. off: not done.",
    )
    on_conflict: OnConflict = Field(
        OnConflict.PAUSE,
        title="When duplicates or a checksum difference were found",
        description="pause: fail once, a clear accepts. ask: a form in Airflow asks. accept | fail.",
    )


class Reporting(Group):
    """What errors and logs show."""

    hide_values: bool = Field(
        False,
        title="Hide values",
        description="Show no value of a row in errors and logs, only file, byte offset, table and error number. The "
        "conflict table in the target keeps its rows.",
    )
