"""What is left to do of each data file, and what was done."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.state.files import FileRow


@dataclass(slots=True)
class FileWork:
    """One data file of this import, and what is in of it."""

    planned: PlannedFile
    row: FileRow
    committed: Mapping[int, int]  # start -> end of the chunks that were committed before
    finished_bytes: int = 0  # stored bytes whose rows are in
    rows: int = 0  # those rows
    in_flight: int = 0
    all_cut: bool = False
    done: bool = False

    @property
    def table(self) -> TableName:
        """Schema and name of the target table."""
        return self.row.key

    @property
    def counted_bytes(self) -> int:
        """Stored bytes whose rows are in, never more than the file has."""
        return self.row.file_bytes if self.done else min(self.finished_bytes, self.row.file_bytes)


@dataclass(slots=True)
class ImportCounts:
    """What this import did. ``chunks_skipped`` had been committed before, or by another session meanwhile."""

    rows_sent: int = 0
    chunks_sent: int = 0
    chunks_skipped: int = 0
    files_done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
