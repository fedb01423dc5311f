"""What the documents say must be so."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from airflow_dm_loader.settings.dm_task.keys import TASK, Unit
from airflow_dm_loader.settings.table import SETTINGS
from dev import dm_settings_docs
from dev.settings_docs import PAGE, settings_page

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])


def test_the_settings_page_is_made_from_the_code() -> None:
    assert PAGE.read_text() == settings_page(), "run: python -m dev.settings_docs"


def test_the_page_of_dms_keys_is_made_from_the_code_and_names_them_all() -> None:
    page = dm_settings_docs.page()
    assert dm_settings_docs.PAGE.read_text() == page, "run: python -m dev.dm_settings_docs"
    keys = dict(dm_settings_docs.all_keys(TASK))
    assert len(keys) > 140
    assert [path for path in keys if f"| `{path}` |" not in page] == []
    settings = {key.setting for path, key in keys.items() if key.unit is Unit.LOAD and "target-database" not in path}
    assert settings - {"", "TargetConfig", *SETTINGS} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


def test_every_setting_that_the_readme_names_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    table = readme[readme.index("| setting |") : readme.index("Where it differs")]
    for line in table.splitlines()[2:]:
        for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else ""):
            assert name in SETTINGS


def test_the_readmes_python_examples_compile() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        compile(block, "README.md", "exec")


def test_the_map_names_every_folder_of_the_package() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    for folder in (ROOT / "airflow_dm_loader").iterdir():
        if folder.is_dir() and not folder.name.startswith("__"):
            assert f"{folder.name}/" in contributing, folder.name


def test_every_place_that_the_page_of_dms_load_unit_names_exists() -> None:
    rows = (ROOT / "docs" / "dm-load-unit.md").read_text().split("|---|---|---|\n")[1].partition("\n\n")[0].splitlines()
    assert len(rows) > 30
    for row in rows:
        _, here, seen = (cell.strip() for cell in row.strip("|").split(" | "))
        places = re.findall(r"`([a-z_.]+\.\w+)`", here)
        for place in places:
            module, _, name = place.rpartition(".")
            assert hasattr(import_module(f"airflow_dm_loader.{module}"), name), place
        tests = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", seen)
        assert tests, row
        for file, name in tests:
            assert f"def {name}(" in (ROOT / file).read_text() if name else (ROOT / file).exists(), f"{file}::{name}"
