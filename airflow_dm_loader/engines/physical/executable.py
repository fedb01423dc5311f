"""Finds ``tidb-lightning`` and its helper ``tidb-lightning-ctl``, and asks the version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from airflow_dm_loader.errors import ConfigError

_NAME, _CTL_NAME = "tidb-lightning", "tidb-lightning-ctl"
_VERSION = re.compile(r"Release Version:\s*v?(\d{1,9}(?:\.\d{1,9})*)")
_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Lightning:
    """The programs on this worker."""

    path: Path
    version: tuple[int, ...]
    ctl_path: Path | None  # beside it, or on PATH

    def __str__(self) -> str:
        return f"{self.path} {'.'.join(map(str, self.version))}"


def find_lightning(lightning_path: str | None, version: str | None = None) -> Lightning:
    """The program of ``lightning_path``, else that on PATH; ``version``: of a build that does not tell its release.

    Raises:
        ConfigError: there is none, or what is there does not tell its version.
    """
    path = _find(lightning_path)
    beside = path.with_name(_CTL_NAME)
    on_path = shutil.which(_CTL_NAME)
    ctl = beside if os.access(beside, os.X_OK) else Path(on_path) if on_path else None
    return Lightning(path, _ask_version(path, version), ctl)


def child_environment() -> dict[str, str]:
    """This process's environment without Airflow's settings: those hold connections with their passwords."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW__", "AIRFLOW_CONN_"))}


def _find(lightning_path: str | None) -> Path:
    if lightning_path is not None:
        path = Path(lightning_path).absolute()
        if path.is_dir():
            path = path / _NAME
        if not os.access(path, os.X_OK) or not path.is_file():
            raise ConfigError(
                f"lightning_path: {path} is not a program that this worker can run",
                remedy="Install tidb-lightning on every worker that runs run_import, and name its path.",
            )
        return path
    found = shutil.which(_NAME)
    if found is None:
        raise ConfigError(
            f"import_mode: physical needs {_NAME}, and it is not on this worker's PATH",
            remedy="Install it with TiUP (tiup install tidb-lightning) or from the TiDB toolkit on every worker that "
            "runs run_import, or set lightning_path.",
        )
    return Path(found).absolute()


def _ask_version(path: Path, said: str | None) -> tuple[int, ...]:
    try:
        done = subprocess.run(
            [str(path), "-V"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            env=child_environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"lightning_path: {path} -V could not be run: {type(error).__name__}") from error
    match = _VERSION.search(done.stdout + done.stderr)
    if match is None and said is not None and done.returncode == 0:
        return tuple(int(part) for part in said.split("."))
    if match is None:
        raise ConfigError(
            f"lightning_path: {path} -V does not tell a release version",
            remedy="Check that it is tidb-lightning: its -V prints 'Release Version: v8.5.0'. Of a build of your own, "
            "say the release that it was made of as lightning_version.",
        )
    return tuple(int(part) for part in match[1].split("."))
