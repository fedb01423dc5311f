from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.measure import LoadFailedError, run_measured


def test_measures_the_process_and_not_the_one_that_started_it(tmp_path: Path) -> None:
    """150 MiB are held here: the kernel counts them as a child's peak when it is started by vfork."""
    ballast = bytearray(os.urandom(1 << 20) * 150)
    program = "import time; held = bytearray(b'x' * (40 << 20)); time.sleep(0.3)"
    measured = run_measured([sys.executable, "-c", program], server_pid=os.getpid(), log=tmp_path / "log")
    assert measured.peak_rss_bytes is not None
    assert 40 << 20 < measured.peak_rss_bytes < len(ballast)


def test_the_largest_of_the_children_counts(tmp_path: Path) -> None:
    child = "held = bytearray(b'x' * (300 << 20))"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    measured = run_measured([sys.executable, "-c", program], server_pid=os.getpid(), log=tmp_path / "log")
    assert measured.peak_rss_bytes is not None
    assert measured.peak_rss_bytes > 300 << 20


def test_a_peer_that_fails_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(LoadFailedError, match=r"ended with 3:\nno such dump"):
        run_measured(
            [sys.executable, "-c", "import sys; print('no such dump'); sys.exit(3)"],
            server_pid=os.getpid(),
            log=tmp_path / "log",
        )
