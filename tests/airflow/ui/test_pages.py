from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from airflow_dm_loader import errors
from airflow_dm_loader.errors import LoaderError, RowError
from airflow_dm_loader.operators.links import PREFIX, error_page
from airflow_dm_loader.ui.pages import PAGES, page
from airflow_dm_loader.ui.plugin import DmLoaderPlugin
from tests.airflow.ui.mounted import get

ROOT = Path(__file__).parents[3]


def test_the_page_that_an_error_links_to_has_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow/")
    for kind in (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LoaderError)):
        if kind.__mro__[1] is LoaderError or kind is LoaderError:
            continue
        url, _, part = error_page(kind).partition("#")
        assert url == f"http://airflow{PREFIX}/errors"
        assert f'<h3 id="{part}">' in page("errors")
    answer = get(f"{PREFIX}/errors")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<h3 id="rowerror">RowError</h3>' in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_pages_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__DM_LOADER__DOCS_URL", "https://example.com/docs/")
    assert error_page(RowError) == "https://example.com/docs/errors.md#rowerror"


@pytest.mark.parametrize("path", ["/nothing", "/..%2f..%2fpyproject", "/errors.md"])
def test_there_are_no_other_pages(path: str) -> None:
    assert get(PREFIX + path).status_code == 404


def test_a_page_runs_no_markup_of_its_text() -> None:
    for name in PAGES:
        text = (ROOT / "docs" / f"{name}.md").read_text()
        assert re.search(r"^# \w+", text)
        assert "<script" not in page(name)


def test_airflow_finds_the_plugin_by_its_entry_point() -> None:
    assert [point.load() for point in entry_points(group="airflow.plugins") if point.name == "dm_loader"] == [
        DmLoaderPlugin
    ]


def test_a_task_that_loads_the_plugin_does_not_import_what_shows_pages() -> None:
    code = (
        "import sys; import airflow_dm_loader.ui.plugin\n"
        "print([name for name in ('fastapi', 'markdown_it', 'airflow_dm_loader.loader') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"
