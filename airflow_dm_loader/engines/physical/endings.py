"""What Lightning's end means. Its exit code alone does not tell: 0 is also "canceled", and "port taken"."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from airflow_dm_loader.engines.physical.failures import failure
from airflow_dm_loader.errors import LightningError, LoadInterruptedError

_SUCCESS = "tidb lightning exit successfully"
_CANCELED = "tidb lightning canceled"
_NO_SERVER = "failed to start HTTP server"
_ERROR = "tidb lightning encountered error:"
PHRASES = (_SUCCESS, _CANCELED, _NO_SERVER, _ERROR)  # its own words, whatever else it says
_KEPT_LINES = 40

# DM's checksumErrorPattern: remote, then local. The code is misspelt in Lightning's source; a later one may mend it.
_CHECKSUM = re.compile(r"checksum mismatched remote vs local|Light(?:n)?ing:Restore:ErrChecksumMismatch")
_TOTAL_KVS = re.compile(r"total_kvs: (\d{0,20})\b vs (\d{0,20})\b")
_TABLE = re.compile(r"(?<!`)`((?:[^`]++|``)++)`\.`((?:[^`]++|``)++)`")


@dataclass(frozen=True, slots=True)
class ChecksumDifference:
    """Two key-value counts that should be one. ``table`` is "" where Lightning did not name it."""

    table: str
    source_kvs: int | None  # what it read from the dump
    target_kvs: int | None  # what the cluster counts

    def describe(self) -> str:
        """DM's words."""
        if self.source_kvs is None or self.target_kvs is None:
            return "tidb-lightning: checksum mismatched"
        return f"KV number in source files: {self.source_kvs}, KV number in TiDB cluster: {self.target_kvs}"


@dataclass(frozen=True, slots=True)
class Ended:
    """All rows are in. ``differs``: Lightning failed for its checksum; else it let ``differences`` pass, if any."""

    differs: bool
    differences: tuple[ChecksumDifference, ...] = ()
    rows: int | None = None  # that this run has sent; None: it is not known


class PortTaken(Exception):
    """Somebody listens at the port that was chosen."""


@dataclass(slots=True)
class Output:
    """What of the output its meaning hangs on. Lines come redacted."""

    success: bool = False
    canceled: bool = False
    port_taken: bool = False
    error: list[str] = field(default_factory=list)  # from its error line on
    differences: list[ChecksumDifference] = field(default_factory=list)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))

    def add(self, line: str) -> None:
        """Take in one line."""
        self.last.append(line)
        self.success |= line.startswith(_SUCCESS)
        self.canceled |= line.startswith(_CANCELED)
        self.port_taken |= line.startswith(_NO_SERVER)
        if line.startswith(_ERROR) or (self.error and len(self.error) < _KEPT_LINES):
            self.error.append(line.removeprefix(_ERROR).strip())
        if _CHECKSUM.search(line) and (difference := _difference(line)) not in self.differences:
            self.differences.append(difference)


def conclude(exit_code: int, output: Output, *, stopped: bool, show: Callable[[str], str]) -> Ended:
    """What came of a run.

    Args:
        show: makes of a text what people may see of it.

    Raises:
        LoadInterruptedError: we stopped it.
        PortTaken: nothing was begun.
        HasDuplicatesError: it found duplicates and did not go on (34020).
        TargetError, RowError: a retry would fail the same way.
        LightningError: a retry goes on at its checkpoint.
    """
    if stopped:
        raise LoadInterruptedError("asked to stop: tidb-lightning was stopped; its checkpoint stays")
    if exit_code == 0:
        if output.success and not output.canceled:
            return Ended(differs=False, differences=_distinct(output.differences))
        if output.port_taken:
            raise PortTaken("somebody took the port of its HTTP server")
        what = "was cancelled" if output.canceled else "ended without saying that it finished"
        raise LightningError(f"tidb-lightning {what}; exit code 0 does not mean success then")
    text = " ".join(part for part in output.error if part)
    if _CHECKSUM.search(text):  # it compares last, when every table is in: post-process-at-last
        return Ended(differs=True, differences=_distinct([*output.differences, _difference(text)]))
    said = text or " / ".join(list(output.last)[-3:])
    raise failure(exit_code, said, show(said) if said else "")


def _difference(text: str) -> ChecksumDifference:
    kvs = _TOTAL_KVS.search(text)
    table = _TABLE.search(text)
    return ChecksumDifference(
        f"{_plain(table[1])}.{_plain(table[2])}" if table else "",
        source_kvs=int(kvs[2]) if kvs and kvs[2] else None,
        target_kvs=int(kvs[1]) if kvs and kvs[1] else None,
    )


def _distinct(found: list[ChecksumDifference]) -> tuple[ChecksumDifference, ...]:
    """Without those that name no table and repeat one that does."""
    counts = {(one.source_kvs, one.target_kvs) for one in found if one.table}
    return tuple(one for one in dict.fromkeys(found) if one.table or (one.source_kvs, one.target_kvs) not in counts)


def _plain(name: str) -> str:
    return name.replace("``", "`")
