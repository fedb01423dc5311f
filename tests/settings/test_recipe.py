"""The recipe for a setting (docs/extending.md), followed word for word in a copy of the package."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

# What it takes to see the setting at every door; run where the copy is.
LOOK = """
import json
from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.fields import schemas
from airflow_dm_loader.settings.table import SETTINGS
from dev.dm_settings_docs import page
from dev.settings_docs import settings_page

REQUIRED = {"task_name": "t", "dump_uri": "s3://b/d"}
TASK = '''name: t
task-mode: full
target-database: {host: h}
mysql-instances: [{source-id: a, loader-config-name: here}]
loaders: {here: {dir: "s3://b/d", import-mode: MODE, empty-chunks: 9}}
'''

def refusal(**values):
    try:
        LoadConfig(**REQUIRED, **values)
    except ConfigError as error:
        return error.message

print(json.dumps({
    "default": LoadConfig(**REQUIRED).logical.empty_chunks,
    "said": LoadConfig(**REQUIRED, empty_chunks=5).logical.empty_chunks,
    "said_by_group": LoadConfig(**REQUIRED, logical={"empty_chunks": 5}).logical.empty_chunks,
    "stored": json.loads(LoadConfig(**REQUIRED).to_json())["empty_chunks"],
    "too_large": refusal(empty_chunks=101),
    "misspelt": refusal(empty_chunk=1),
    "physical": refusal(empty_chunks=5, import_mode="physical"),
    "form": [schemas()["empty_chunks"], SETTINGS["empty_chunks"].section],
    "dm": LoadConfig.from_dm_task(TASK.replace("MODE", "logical")).logical.empty_chunks,
    "dm_physical": LoadConfig.from_dm_task(TASK.replace("MODE", "physical")).logical.empty_chunks,
    "page": [line for line in settings_page().splitlines() if "empty_chunks" in line],
    "dm_page": [line for line in page().splitlines() if "empty_chunks" in line],
}))
"""


def snippets() -> tuple[str, str]:
    """The field and the row, as the recipe has them."""
    recipe = (ROOT / "docs" / "extending.md").read_text().split("## A setting", 1)[1].split("\n## ", 1)[0]
    field, row = (textwrap.dedent(text) for text in re.findall(r" {3}```python\n(.*?) {3}```", recipe, re.DOTALL))
    return textwrap.indent(field, "    "), textwrap.indent(f"{row.rstrip()},\n", "    ")


def put_behind(path: Path, mark: str, text: str) -> None:
    before = path.read_text()
    assert before.count(mark) == 1, mark
    path.write_text(before.replace(mark, mark + text))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("airflow_dm_loader", "dev"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    field, row = snippets()
    settings = copy / "airflow_dm_loader" / "settings"
    put_behind(settings / "groups" / "engines.py", '    """SQL statements and LOAD DATA."""\n\n', field)
    put_behind(settings / "table.py", "    # Engines and state\n", row)
    done = subprocess.run([sys.executable, "-c", LOOK], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_setting_is_taken_with_its_group_and_without(seen: dict[str, Any]) -> None:
    assert (seen["default"], seen["said"], seen["said_by_group"], seen["stored"]) == (3, 5, 5, 3)


def test_what_is_wrong_with_it_is_refused_by_name(seen: dict[str, Any]) -> None:
    assert seen["too_large"].startswith("empty_chunks: ")
    assert "did you mean 'empty_chunks'?" in seen["misspelt"]
    assert seen["physical"] == "empty_chunks: it is for import_mode logical, and import_mode is physical"


def test_dm_s_task_file_has_it_and_other_engines_leave_it_out(seen: dict[str, Any]) -> None:
    assert (seen["dm"], seen["dm_physical"]) == (9, 3)


def test_the_form_and_the_pages_have_it(seen: dict[str, Any]) -> None:
    schema, section = seen["form"]
    assert (schema["type"], schema["minimum"], schema["maximum"], schema["title"]) == (
        "integer",
        0,
        100,
        "Empty chunks",
    )
    assert section == "Engine: logical"
    assert len(seen["page"]) == len(seen["dm_page"]) == 1
    assert "`loaders.*.empty-chunks`" in seen["dm_page"][0]


def test_the_recipe_names_files_and_programs_that_exist() -> None:
    recipe = (ROOT / "docs" / "extending.md").read_text().split("## A setting", 1)[1].split("\n## ", 1)[0]
    for path in re.findall(r"`((?:airflow_dm_loader|tests|settings)/[\w/.]*)`", recipe):
        assert (ROOT / path).exists() or (ROOT / "airflow_dm_loader" / path).exists(), path
    for module in re.findall(r"python -m ([\w.]+)", recipe):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), module
