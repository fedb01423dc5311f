"""DM's keys and values in etcd, to the byte: ``dm/common/common.go``, ``dm/pkg/ha`` of tiflow.

Each part of a key is hex-encoded, each value is a JSON string as Go writes it.
"""

from __future__ import annotations

import json

from airflow_dm_loader.errors import CheckpointError

BARRIER = "/dm-master/lightning-coord/"  # task, source -> not-ready | ready | finished
LOAD_TASK = "/dm-master/load-task/"  # task, source -> worker

# Go's encoding/json makes its output safe inside HTML, and JavaScript.
_GO_ESCAPES = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"})


def key_of(kind: str, task_name: str, source_id: str) -> str:
    """``/dm-master/load-task/74657374/6d7973716c2d7265706c6963612d3031``."""
    return prefix_of(kind, task_name) + _hex(source_id)


def prefix_of(kind: str, task_name: str) -> str:
    """What the keys of a task's sources begin with."""
    return f"{kind}{_hex(task_name)}/"


def source_of(kind: str, task_name: str, key: str) -> str:
    """The source of a key under :func:`prefix_of`. Raises CheckpointError where it is no key of DM's."""
    try:
        return bytes.fromhex(key.removeprefix(prefix_of(kind, task_name))).decode()
    except ValueError:
        raise _unreadable(key, "its last part is no hex text") from None


def to_value(text: str) -> str:
    """A text as Go's ``json.Marshal`` writes it."""
    return json.dumps(text, ensure_ascii=False).translate(_GO_ESCAPES)


def from_value(key: str, value: str) -> str:
    """The text of a value. Raises CheckpointError where it is no JSON string."""
    try:
        text = json.loads(value)
    except (ValueError, RecursionError):
        text = None
    if not isinstance(text, str):
        raise _unreadable(key, "its value is no JSON string")
    return text


def _hex(part: str) -> str:
    return part.encode().hex()


def _unreadable(key: str, why: str) -> CheckpointError:
    return CheckpointError(
        f"the key {key!r} in etcd can't be understood: {why}",
        remedy="Something else writes below /dm-master in this etcd: use another etcd, or remove that key.",
    )
