"""Environments beside ``.venv``, made by uv: other versions of Airflow and Python, other packages beside them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
_WAITS_S = (5.0, 30.0)  # between tries: a registry or a network that is slow for a moment


class NotMadeError(Exception):
    """An environment can't be made here and now. That says nothing of the loader."""


def make_environment(
    folder: Path, python: Path, requirements: Sequence[str | Path], *, against_its_word: bool = False
) -> Path:
    """A new environment with this package and more, in a folder that it replaces; its Python.

    Args:
        requirements: arguments of ``uv pip install``.
        against_its_word: whatever this package says that it needs.

    Raises:
        NotMadeError: not at the third try either.
    """
    new = folder / "bin" / "python"
    for wait_s in (*_WAITS_S, None):
        try:
            _uv("venv", "--quiet", "--clear", "--python", python, folder)
            install = ("pip", "install", "--quiet", "--python", new)
            if against_its_word:
                _uv(*install, *requirements)
                _uv(*install, "--no-deps", "-e", ROOT)
            else:
                _uv(*install, "-e", ROOT, *requirements)
        except subprocess.CalledProcessError as error:
            if wait_s is None:
                raise NotMadeError(f"{folder.name}: uv ended with {error.returncode} at the third try") from None
            time.sleep(wait_s)
        else:
            break
    return new


def _uv(*arguments: str | Path) -> None:
    bootstrapped = ROOT / ".bootstrap" / "bin" / "uv"
    subprocess.run(
        [bootstrapped if bootstrapped.exists() else "uv", *arguments],
        check=True,
        env=os.environ
        | {
            "UV_SYSTEM_CERTS": "true",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_HTTP_TIMEOUT": "120",
            "UV_HTTP_RETRIES": "6",
        },
    )
