"""Files with secrets outlive nobody for long: not even who was killed."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from airflow_dm_loader.engines.physical.secret_files import secret_file, sweep

CHILD = """
import sys, tempfile, time
from airflow_dm_loader.engines.physical.secret_files import secret_file
tempfile.tempdir = sys.argv[1]
with secret_file("secret.toml", "canary") as path:
    print(path, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def child(place: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that holds a secret, and where."""
    process = subprocess.Popen([sys.executable, "-c", CHILD, str(place)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_only_its_user_reads_it_and_it_goes_with_the_block(place: Path) -> None:
    with secret_file("secret.toml", "canary") as path:
        assert path.read_text() == "canary"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        sweep(place)
        assert path.exists()
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_swept_at_the_next_start_and_nothing_else(place: Path) -> None:
    killed, left = child(place)
    alive, used = child(place)
    link = place / "dm-loader-lightning-link"
    (place / "other").mkdir()
    link.symlink_to(place / "other")
    end(killed)
    assert left.exists()

    with secret_file("secret.toml", "mine"):
        assert not left.parent.exists()
        assert used.read_text() == "canary"
        assert list((place / "other").iterdir()) == []
        assert link.is_symlink()

    end(alive)
    sweep(place)
    assert sorted(path.name for path in place.iterdir()) == ["dm-loader-lightning-link", "other"]
