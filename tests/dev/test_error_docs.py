from __future__ import annotations

import json
from pathlib import Path

from airflow_dm_loader import errors
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.server_errors import BY_ERRNO
from dev import error_docs

BAD_INPUT = Path(__file__).parents[1] / "bad_input"


def test_the_page_of_errors_is_up_to_date() -> None:
    assert error_docs.PAGE.read_text() == error_docs.page(), "run: python -m dev.error_docs"


def test_every_class_and_every_number_is_on_the_page() -> None:
    page = error_docs.page()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LoaderError)]
    below = [kind for kind in kinds if kind is not LoaderError and kind.__mro__[1] is not LoaderError]
    assert len(below) > 15
    assert all(f"\n### {kind.__name__}\n" in page for kind in below)
    cells = {
        number.strip() for line in page.splitlines() for number in line.partition("|")[2].partition("|")[0].split(",")
    }
    assert {str(errno) for errno in BY_ERRNO} <= cells


def test_every_message_on_the_page_is_checked_by_a_test() -> None:
    source = "".join(path.read_text() for path in BAD_INPUT.glob("test_*.py"))
    titles = json.loads(error_docs.MESSAGES.read_text())
    assert len(titles) > 40
    assert [title for title in titles if title not in source and title.partition(" (")[0] not in source] == []
