"""The format of a data file, by the row that its kind has in the table."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from typing import cast

from airflow_dm_loader.formats.base import Chain, Format, Reading
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.state.files import FileRow


def open_chunks(planned: PlannedFile, row: FileRow, reading: Reading) -> AbstractContextManager[Chain]:
    """The chunks of a data file that are not committed yet; see :meth:`~airflow_dm_loader.formats.base.Format.open`."""
    reader = planned.source.kind.reader
    assert reader is not None  # the plan has no other files
    # What a format needs is imported where the first of its files is read.
    return cast("Format", importlib.import_module(reader).FORMAT).open(planned, row, reading)
