"""How far Lightning is, as its HTTP server says: ``/progress/task`` for the tables, ``/metrics`` for the whole."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from airflow_dm_loader.report import TableStatus

_TIMEOUT_S = 3.0
_LARGEST_ANSWER_BYTES = 64 << 20
_COMPLETED = 2  # also where it failed
# Bytes of the data files: all of them, known from the start, and those that are encoded and sorted.
_BYTES = re.compile(rb'^lightning_bytes\{state="(total_restore|restored)"\} ([0-9.e+]+)\r?$', re.MULTILINE)
# Rows that this run has encoded, with a label for the table where the version has one; older versions have none of it.
_ROWS = re.compile(rb'^lightning_rows\{state="restored"(?:,[^\n]*)?\} ([0-9.e+]+)\r?$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes are bytes of the data files, as Lightning counts them."""

    finished_bytes: int
    total_bytes: int
    tables: tuple[TableStatus, ...]  # those that are begun and not complete
    rows: int | None = None  # that this run has encoded so far; None: this version does not tell

    @property
    def rows_in_all(self) -> int | None:
        """The same once no data file is left to read; None: not yet, or not told."""
        return self.rows if self.total_bytes and self.finished_bytes >= self.total_bytes else None


def ask_progress(port: int, security: Mapping[str, str]) -> Progress | None:
    """Ask once; None where it does not answer (yet), or not in the documented form.

    Args:
        security: ``ca``, ``cert`` and ``key`` of the cluster; with them Lightning's own server speaks TLS too.
    """
    try:
        tables = _get(port, security, "/progress/task")
        metrics = _get(port, security, "/metrics")
    except (OSError, http.client.HTTPException):
        return None
    progress = parse_progress(tables) if tables is not None else None
    return progress if progress is None or metrics is None else with_metrics(progress, metrics)


def with_metrics(progress: Progress, raw: bytes) -> Progress:
    """The same with the counters that DM shows: ``/progress/task`` learns of tables only as they are begun."""
    found = {name: number for name, value in _BYTES.findall(raw) if (number := _count(value)) is not None}
    total = found.get(b"total_restore", 0)
    if not total:
        return progress
    rows = [number for value in _ROWS.findall(raw) if (number := _count(value)) is not None]
    return replace(
        progress,
        finished_bytes=min(found.get(b"restored", 0), total),
        total_bytes=total,
        rows=sum(rows) if rows else None,
    )


def _count(text: bytes) -> int | None:
    """A counter's value, as Prometheus writes numbers; None: it is none."""
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return None


def _get(port: int, security: Mapping[str, str], path: str) -> bytes | None:
    with closing(_connect(port, security)) as connection:
        connection.request("GET", path, headers={"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        return answer.read(_LARGEST_ANSWER_BYTES) if answer.status == http.client.OK else None


def parse_progress(raw: bytes) -> Progress | None:
    """``{"t": {"`s`.`t`": {"w": written, "z": size, "s": status, "m": message}}, "s": status, "m": message}``."""
    try:
        tables = json.loads(raw)["t"]
        found = [
            (name.replace("`", ""), int(table.get("w") or 0), int(table.get("z") or 0), int(table.get("s") or 0))
            for name, table in (tables or {}).items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    begun = tuple(
        TableStatus(table=name, finished_bytes=written, total_bytes=size, indexes="none")
        for name, written, size, status in found
        if status and status != _COMPLETED
    )
    return Progress(sum(item[1] for item in found), sum(item[2] for item in found), begun)


def _connect(port: int, security: Mapping[str, str]) -> http.client.HTTPConnection:
    if not security:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    context = ssl.create_default_context(cafile=security.get("ca"))
    context.check_hostname = False  # the certificate is of the cluster's address, not of this loopback one
    if security.get("cert"):
        context.load_cert_chain(security["cert"], keyfile=security.get("key"))
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=_TIMEOUT_S, context=context)
