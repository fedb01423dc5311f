"""Runs the loader on each Airflow that it is for: ``python -m dev.matrix [VERSION ...]``, or ``make matrix``.

The oldest and the newest release of each minor version that PyPI has, from 3.1 on, each in an environment of its own
below ``.bootstrap/matrix``, made by uv with what else was there when it was released. In each, the tests of what
depends on Airflow's version run, and then the story of :mod:`dev.matrix_story` in a real Airflow.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".bootstrap" / "matrix"
FIRST_MINOR = (3, 1)
_TESTS = (
    "tests/airflow/test_dags.py",
    "tests/airflow/operators/test_params.py",
    "tests/airflow/triggers/test_barrier.py",
    "tests/airflow/triggers/test_events.py",
    "tests/airflow/triggers/test_import_jobs.py",
)
_TOOLS = ("pytest", "pytest-timeout", "hypothesis", "jsonschema")
_SETTLED = timedelta(days=30)  # after a release: what people install with it is younger, too


def releases() -> dict[str, datetime]:
    """Final releases of Airflow from :data:`FIRST_MINOR` on, with when they came out, the oldest first."""
    request = Request(
        "https://pypi.org/simple/apache-airflow/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    found = {}
    for file in files:
        match = re.fullmatch(r"apache_airflow-(\d+\.\d+\.\d+)-py3-none-any\.whl", file["filename"])
        if match and _parts(match[1])[:2] >= FIRST_MINOR and not file.get("yanked"):
            found[match[1]] = datetime.fromisoformat(file["upload-time"])
    return dict(sorted(found.items(), key=lambda item: _parts(item[0])))


def ends_of_minors(versions: list[str]) -> list[str]:
    """The oldest and the newest of each minor version, of versions that are in order."""
    minors: dict[tuple[int, ...], list[str]] = {}
    for version in versions:
        minors.setdefault(_parts(version)[:2], []).append(version)
    return [version for found in minors.values() for version in dict.fromkeys((found[0], found[-1]))]


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def make_environment(version: str, released: datetime) -> Path:
    """An environment with this Airflow and this package; its Python. It is kept for the next time."""
    folder = ENVIRONMENTS / version
    python = folder / "bin" / "python"
    stamp = folder / "stamp"
    state = (ROOT / "pyproject.toml").read_text()
    if stamp.exists() and stamp.read_text() == state:
        return python
    uv = ROOT / ".bootstrap" / "bin" / "uv"
    command = str(uv) if uv.exists() else "uv"
    subprocess.run([command, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
    until = (released + _SETTLED).date().isoformat()
    subprocess.run(
        [
            *(command, "pip", "install", "--quiet", "--python", python, "--exclude-newer", until),
            # the floor that pyproject.toml names may be younger than that Airflow
            *(
                "--exclude-newer-package",
                f"apache-airflow-providers-common-compat={datetime.now(UTC).date().isoformat()}",
            ),
            *("-e", ROOT, f"apache-airflow=={version}", *_TOOLS),
        ],
        check=True,
        env=os.environ | {"UV_SYSTEM_CERTS": "true", "UV_PYTHON_DOWNLOADS": "never"},
    )
    stamp.write_text(state)
    return python


def main(wanted: list[str]) -> int:
    known = releases()
    failed = []
    for version in wanted or ends_of_minors(list(known)):
        print(f"--- Airflow {version}, Python {sys.version.split()[0]}", flush=True)
        python = make_environment(version, known[version])
        failed += [
            f"{version}: {' '.join(command[:2])}"
            for command in (["-m", "pytest", "-q", "-p", "no:cacheprovider", *_TESTS], ["-m", "dev.matrix_story"])
            if subprocess.run([python, *command], cwd=ROOT, check=False).returncode
        ]
    print("All of them hold." if not failed else "These fail:\n" + "\n".join(failed))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
