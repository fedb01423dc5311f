"""Answers of servers: what the door takes, and that each question has a reader for each of its columns."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import airflow_dm_loader
from airflow_dm_loader.errors import CheckpointError, TargetError
from airflow_dm_loader.target.answers import (
    as_bytes,
    as_number,
    as_real,
    as_text,
    as_truth,
    maybe,
    read_rows,
    read_stored,
)

_HEAD = re.compile(r"\s*SELECT (?:DISTINCT )?")


@pytest.mark.parametrize(
    ("reader", "value", "read"),
    [
        (as_text, "x", "x"), (as_text, b"x", "x"), (as_number, 5, 5), (as_number, "-5", -5), (as_number, Decimal(5), 5),
        (as_real, "1.5", 1.5), (as_real, Decimal(2), 2.0), (as_truth, 1, True), (as_bytes, "x", b"x"),
        (maybe(as_number), None, None), (as_bytes, b"\xff", b"\xff"),
    ],
)  # fmt: skip
def test_what_servers_say_is_read(reader: Callable[[object], Any], value: object, read: object) -> None:
    assert read_rows(["c"], [(value,)], (reader,), "SELECT c") == [(read,)]


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (as_text, None), (as_text, 5), (as_text, b"\xff"), (as_number, None), (as_number, "5.5"), (as_number, ""),
        (as_number, "9" * 5000), (as_number, Decimal("1e5000")), (as_number, Decimal("1.5")), (as_number, 10**70),
        (as_number, "\u00b2"), (as_real, "nan"), (as_real, float("inf")), (as_real, None), (as_truth, 2), (as_bytes, 1),
    ],
)  # fmt: skip
def test_what_no_server_says_is_refused_with_the_question(reader: Callable[[object], Any], value: object) -> None:
    with pytest.raises(TargetError) as caught:
        read_rows(["c"], [(value,)], (reader,), "SELECT c")
    assert caught.value.statement == "SELECT c"


@pytest.mark.parametrize("columns", [0, 1, 3])
def test_other_columns_are_refused_with_rows_and_without(columns: int) -> None:
    for rows in ([], [("x",) * columns]):
        with pytest.raises(TargetError):
            read_rows(["c"] * columns, rows, (as_text, as_text), "SELECT a, b")


def test_columns_that_nobody_asked_for_are_left_out() -> None:
    assert read_rows(["a", "b"], [("x", 1)], (as_text, ...), "SHOW x") == [("x",)]


def test_a_stored_text_that_is_none_is_an_error_of_the_stored_load() -> None:
    for text in ("", "{", "[1]", '{"a": "b"}', "null"):
        with pytest.raises(CheckpointError):
            read_stored(dict[str, int], text, "it")


def literal(node: ast.expr) -> str:
    """A question as it stands, with ``X`` for what is put into it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return literal(node.left) if isinstance(node, ast.BinOp) else ""


def readers(node: ast.expr) -> int | None:
    """How many stand there; None: that can't be told, or more columns may follow."""
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
        one = readers(node.left)
        return None if one is None else one * node.right.value
    if not isinstance(node, ast.Tuple) or any(isinstance(part, ast.Constant) for part in node.elts):
        return None
    counts = [readers(part.value) if isinstance(part, ast.Starred) else 1 for part in node.elts]
    return None if None in counts else sum(filter(None, counts))


def columns_of(question: str) -> int | None:
    """Of a SELECT whose list is known; None: it is another question."""
    if (head := _HEAD.match(question)) is None or "X" in (selected := question[head.end() :].partition(" FROM ")[0]):
        return None
    depth, columns = 0, 1
    for char in selected:
        depth += (char == "(") - (char == ")")
        columns += char == "," and depth == 0
    return columns if depth == 0 else None


def test_each_question_has_a_reader_for_each_of_its_columns() -> None:
    looked_at = 0
    for path in Path(airflow_dm_loader.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            shapes = [word.value for word in call.keywords if word.arg == "shape"] if isinstance(call, ast.Call) else []
            if not shapes or not isinstance(call, ast.Call) or not call.args:
                continue
            asked, read = columns_of(literal(call.args[0])), readers(shapes[0])
            if asked is not None and read is not None:
                looked_at += 1
                assert asked == read, f"{path.name}:{call.lineno}"
    assert looked_at > 100
