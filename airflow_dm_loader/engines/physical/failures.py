"""What the errors of Lightning mean, by their codes (``[Lightning:Restore:ErrEncodeKV]``) and the servers' numbers.

Its exit code is 1 for a wrong setting, a wrong password, a row and a lost connection alike. What a second run would
meet again ends a load at once, with its remedy; all else is tried again, and goes on at Lightning's checkpoint.
"""

from __future__ import annotations

import re

from airflow_dm_loader.errors import HasDuplicatesError, LightningError, LoaderError, RowError, TargetError
from airflow_dm_loader.server_errors import BY_ERRNO

_BAD_COMMAND = 2  # the exit code
_DUPLICATES = re.compile(r"Restore:Err(?:FoundDataConflictRecords|FoundIndexConflictRecords|FoundDuplicateKey)\b")
# "Error 1062 (23000): ..." of the driver, "[types:1406]..." of TiDB's own code in it.
_NUMBER = re.compile(r"\bError (\d{4,5})(?: \(\w{5}\))?:|\[\w++:(\d{4,5})\]")
# DM resumes these by itself: somebody else may create the table, and TiDB ends the mode.
_NO_DUMP = re.compile(r"Lightning:Storage:Err(?:Invalid|EmptySourceDir)")
_PASSES = re.compile(r"doesn't exist|is in mode import", re.IGNORECASE)
_SETTING = (
    "Correct the setting that the message names (one of lightning={...} by its own name), then clear run_import: it "
    "resumes there."
)
_SCHEMA = (
    "Correct the dump's schema file, or create the table in the target yourself and take the file out of the dump; "
    "then clear run_import: it resumes there."
)
_BY_CODE: tuple[tuple[re.Pattern[str], type[LoaderError], str], ...] = (
    (re.compile(r"Lightning:Config:|unknown configuration|invalid config", re.IGNORECASE), TargetError, _SETTING),
    (
        _NO_DUMP,
        TargetError,
        "tidb-lightning finds no dump where dump_uri says: it must lie there for the program on this worker too. Then "
        "clear run_import.",
    ),
    (re.compile(r"Lightning:Loader:"), TargetError, _SCHEMA),
    (
        re.compile(r"Lightning:PreCheck:|Lightning:\w+:ErrPreCheckFailed|preCheck failed"),
        TargetError,
        "A check of tidb-lightning before its work failed: correct what it names (room on disks, versions, tables that "
        'are not empty), then clear run_import; lightning={"lightning": {"check-requirements": false}} passes over it.',
    ),
    (
        re.compile(r"Lightning:Restore:Err(?:SchemaNotExists|InvalidSchemaStmt|CreateSchema|InvalidSchemaFile)"),
        TargetError,
        _SCHEMA,
    ),
    (
        re.compile(r"Lightning:Restore:Err(?:UnknownColumns|EncodeKV)"),
        RowError,
        "Correct the table, or the row without changing the file's size; then clear run_import: it resumes there.",
    ),
    (
        re.compile(r"Lightning:Restore:ErrAddIndexFailed"),
        TargetError,
        "An index can't be built: correct what the message names, then clear run_import.",
    ),
)


def failure(exit_code: int, text: str, shown: str) -> LoaderError:
    """The error for a run that failed.

    Args:
        text: what it said; ``shown``: what people may see of that.
    """
    how = f"was killed by signal {-exit_code}" if exit_code < 0 else f"failed with exit code {exit_code}"
    message = f"tidb-lightning {how}" + (f": {shown}" if shown else "")
    if _DUPLICATES.search(text):
        return HasDuplicatesError(
            message,
            remedy="Remove the duplicates from the dump or the target, or set on_duplicate_physical=manual; then clear "
            "run_import.",
        )
    if (known := _by_number(text, message)) is not None:
        return known
    if _PASSES.search(text) and not _NO_DUMP.search(text):
        return LightningError(message)
    for pattern, kind, remedy in _BY_CODE:
        if pattern.search(text):
            return kind(message, remedy=remedy)
    if exit_code == _BAD_COMMAND:
        return TargetError(message, remedy=_SETTING)
    return LightningError(message)


def _by_number(text: str, message: str) -> LoaderError | None:
    """What a server's number says; None: it may pass, or none is there."""
    numbers = [int(match[1] or match[2]) for match in _NUMBER.finditer(text)]
    for errno in numbers:
        kind, remedy = BY_ERRNO.get(errno, (LightningError, None))
        if issubclass(kind, RowError | TargetError) and not _PASSES.search(text):
            return kind(message, remedy=remedy, errno=errno)
    return None
