from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_dm_loader import errors
from airflow_dm_loader.errors import LoaderError, RowError, TargetError
from airflow_dm_loader.progress.error_block import anchor, error_block

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LoaderError)]


def test_each_part_of_an_error_has_a_line_of_its_own() -> None:
    error = RowError(
        "Data too long for column 'v' at row 2",
        remedy="Widen the column.",
        table="shop.orders",
        file="shop.orders.0001.sql",
        offset=1234567,
        errno=1406,
        statement=b"(2,'x\x1b[0m')",
    )
    assert error_block(error, "https://airflow.example/dm-loader/errors#rowerror") == (
        "[34019] Data too long for column 'v' at row 2\n"
        "Where: table shop.orders, file shop.orders.0001.sql at byte 1,234,567, server error 1406\n"
        "Statement: (2,'x\\x1b[0m')\n"
        "What to do: Widen the column.\n"
        "More: https://airflow.example/dm-loader/errors#rowerror"
    )


def test_parts_that_nobody_knows_have_no_line() -> None:
    assert error_block(TargetError("no privileges", remedy="Grant them.")) == (
        "[34019] no privileges\nWhat to do: Grant them."
    )


def test_a_name_can_t_forge_a_line() -> None:
    assert error_block(TargetError("x", table="a\nWhat to do: drop it", remedy="y")).splitlines() == [
        "[34019] x",
        "Where: table a\\nWhat to do: drop it",
        "What to do: y",
    ]


def test_a_long_part_goes_on_in_the_next_line_and_a_link_stays_whole() -> None:
    link = "https://airflow.example/" + "x" * 200
    *lines, last = error_block(TargetError("x" * 90, remedy="Grant it. " * 30), link).splitlines()
    assert last == f"More: {link}"
    assert len(lines) > 3
    assert all(len(line) <= 110 for line in lines)
    assert all(line.startswith("  ") for line in lines[2:])


@pytest.mark.parametrize("kind", KINDS[4:])
def test_every_class_has_a_part_on_the_page_of_errors(kind: type[LoaderError]) -> None:
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)}
    if kind.__mro__[1] is not LoaderError:
        assert anchor(kind) in headings


def test_a_class_of_another_module_has_the_part_of_the_one_that_it_is_made_of() -> None:
    class OfAnEngineError(RowError):
        pass

    assert anchor(OfAnEngineError) == "rowerror"
