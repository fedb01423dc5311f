"""What an import task tells when it ends, whichever engine it ran."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShareReport:
    """What one import task did."""

    share: int
    rows_sent: int
    chunks_sent: int
    chunks_skipped: int  # committed before, or by another session meanwhile
    files_done: int
    file_bytes: int  # stored bytes of the share's files
    seconds: float
    rows_sent_known: bool = True  # False: tidb-lightning did not tell how many, and rows_sent is 0
