"""Runs the loader on each Airflow and Python that it is for: ``python -m dev.matrix [CELL ...]``, or ``make matrix``.

A cell is ``3.1.0`` (with each Python) or ``3.1.0-py3.13``. Without any: the oldest and the newest release of each
minor version that PyPI has, from 3.1 on, with the oldest and the newest Python; and Airflow 2, which must be refused
(:mod:`dev.airflow_2`). ``--ends`` is what CI runs: the oldest Airflow with the oldest Python, and the newest with the
newest, as they are written down here.

Each cell is an environment of its own below ``.bootstrap/matrix``, made by uv with what else was there when that
Airflow was released, and removed afterwards. In it the tests of what depends on Airflow's version run, and then the
story of :mod:`dev.matrix_story` in a real ``airflow standalone``; with ``--ends`` a part of the demo instead, a load
that pauses and is cleared, by ``dag.test()``, within a tenth of the time.

It ends with 1 where something failed, and with 3 where nothing did but a cell could not be made: that is the network's
or PyPI's, and says nothing of the loader.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from dev import airflow_2
from dev.environments import ROOT, NotMadeError, make_environment
from dev.pythons import find_python

FIRST_MINOR = (3, 1)
PYTHONS = ("3.11", "3.13")
_TESTS = (
    "tests/airflow/test_dags.py",
    "tests/airflow/operators/test_params.py",
    "tests/airflow/triggers/test_barrier.py",
    "tests/airflow/triggers/test_events.py",
    "tests/airflow/triggers/test_import_jobs.py",
)
_RUN_TESTS = ("pytest", "-q", "-p", "no:cacheprovider", *_TESTS)
_STEPS = {"tests": _RUN_TESTS, "story": ("dev.matrix_story",)}
_STEPS_OF_ENDS = {"tests": _RUN_TESTS, "demo": ("dev.demo", "pause_and_accept")}
_TOOLS = ("pytest", "pytest-rerunfailures", "pytest-timeout", "hypothesis", "jsonschema")
_SETTLED = timedelta(days=30)  # after a release: what people install with it is younger, too
_COMPAT = ("apache-airflow-providers-common-compat", date(2026, 11, 1))  # its floor is younger than the oldest Airflow
_LONGEST_S = 1200.0  # of a step of a cell, so that nobody waits for ever


@dataclass(frozen=True)
class Cell:
    """An Airflow and a Python. ``released``: when that Airflow came out."""

    airflow: str
    python: str
    released: date

    def __str__(self) -> str:
        return f"{self.airflow}-py{self.python}"


_ENDS = "--ends"
ENDS = (Cell("3.1.0", "3.11", date(2025, 9, 25)), Cell("3.3.2", "3.13", date(2026, 9, 17)))


def releases() -> dict[str, date]:
    """Releases of Airflow from :data:`FIRST_MINOR` on, with when they came out, the oldest first; betas too."""
    request = Request(
        "https://pypi.org/simple/apache-airflow/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    found = {}
    for file in files:
        match = re.fullmatch(r"apache_airflow-(\d+\.\d+\.\d+(?:(?:b|rc)\d+)?)-py3-none-any\.whl", file["filename"])
        if match and _parts(match[1])[:2] >= FIRST_MINOR and not file.get("yanked"):
            found[match[1]] = date.fromisoformat(file["upload-time"][:10])
    return dict(sorted(found.items(), key=lambda item: (_parts(item[0]), item[1])))


def ends_of_minors(versions: Sequence[str]) -> list[str]:
    """The oldest and the newest of each minor version, of final releases that are in order."""
    minors: dict[tuple[int, ...], list[str]] = {}
    for version in versions:
        if re.fullmatch(r"[\d.]+", version):
            minors.setdefault(_parts(version)[:2], []).append(version)
    return [version for found in minors.values() for version in dict.fromkeys((found[0], found[-1]))]


def cells(wanted: Sequence[str]) -> Iterator[Cell]:
    """Those that are asked for. Raises KeyError where PyPI has no such Airflow."""
    if list(wanted) == [_ENDS]:
        yield from ENDS
        return
    known = releases()
    for name in wanted or ends_of_minors(list(known)):
        version, _, python = name.partition("-py")
        for each in (python,) if python else PYTHONS:
            yield Cell(version, each, known[version])


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def requirements(cell: Cell) -> list[str]:
    """What its environment is made of, as arguments of ``uv pip install``."""
    until = cell.released + _SETTLED
    package, compat_until = _COMPAT
    beta = ["--prerelease", "allow"] if re.search("[a-z]", cell.airflow) else []
    return [
        *("--exclude-newer", until.isoformat()),
        *("--exclude-newer-package", f"{package}={max(until, compat_until).isoformat()}"),
        *beta,
        *(f"apache-airflow=={cell.airflow}", *_TOOLS),
    ]


def run_cell(cell: Cell, steps: Mapping[str, Sequence[str]]) -> list[str]:
    """Which steps fail, each a module with arguments; raises NotMadeError or LookupError where it can't be made."""
    began = time.monotonic()
    folder = ROOT / ".bootstrap" / "matrix" / str(cell)
    try:
        python = make_environment(folder, find_python(cell.python), requirements(cell))
        print(f"{cell}: made in {time.monotonic() - began:.0f} s", flush=True)
        names = {step: f"{cell}: {step}" for step in steps}
        return [names[step] for step, module in steps.items() if not _holds(names[step], [python, "-m", *module])]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _holds(name: str, command: Sequence[str | Path]) -> bool:
    """Whether a step holds. In CI a step may fail once, as a test may, and that is said."""
    for once_more in (os.environ.get("CI") == "true", False):
        began = time.monotonic()
        try:
            code = subprocess.run(command, cwd=ROOT, check=False, timeout=_LONGEST_S).returncode
        except subprocess.TimeoutExpired:
            code = -1
        print(f"{name}: {'holds' if code == 0 else 'FAILED'} after {time.monotonic() - began:.0f} s", flush=True)
        if code == 0 or not once_more:
            return code == 0
        print(f"{name}: once more", flush=True)
    return False


def main(wanted: Sequence[str]) -> int:
    failed: list[str] = []
    not_tried: list[str] = []
    for cell in cells(wanted):
        print(f"--- Airflow {cell.airflow}, Python {cell.python}", flush=True)
        try:
            failed += run_cell(cell, _STEPS_OF_ENDS if list(wanted) == [_ENDS] else _STEPS)
        except (NotMadeError, LookupError) as error:
            not_tried.append(f"{cell}: {error}")
    if not wanted:
        try:
            airflow_2.main()
        except AssertionError as error:
            failed.append(f"Airflow 2: {error}")
        except (NotMadeError, LookupError) as error:
            not_tried.append(f"Airflow 2: {error}")
    if not_tried:
        print("Not tried, since it can't be made here (that says nothing of the loader):", *not_tried, sep="\n")
    if failed:
        print("These fail:", *failed, sep="\n")
        return 1
    if not not_tried:
        print("All of them hold.")
    return 3 if not_tried else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
