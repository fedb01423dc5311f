"""A child program: in a process group of its own, its output line by line, and dead when we are.

A child that outlived this process would import on while a retry begins. So the kernel kills it when the thread that
started it ends, however that came.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None  # before the fork: safe after it


class ChildProcess:
    """Starts at once. Use it as a context manager: the child is gone at its end.

    Args:
        on_line: called for each line of stdout and stderr, in a thread of its own.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], on_line: Callable[[str], None]) -> None:
        parent = os.getpid()

        def die_with_parent() -> None:
            if _LIBC is not None:
                _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != parent:  # it died before that
                    os._exit(1)

        self._process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # calls the kernel only, through what is loaded already
        )
        self._on_line = on_line
        self._reader = threading.Thread(target=self._read, name="dm-loader-lightning-output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The child's process id, which is also its group's."""
        return self._process.pid

    def wait(self, timeout_s: float) -> int | None:
        """The exit code, once all its output was read; negative: the signal that killed it. None: it runs on."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(5.0)  # a grandchild may hold the pipe open
        return code

    def stop(self, grace_s: float) -> int:
        """SIGTERM to the group, and SIGKILL to what is left after ``grace_s``."""
        self._signal(signal.SIGTERM)
        code = self.wait(grace_s)
        self._signal(signal.SIGKILL)  # also to children of it that did not go
        if code is None:
            code = self._process.wait()
            self._reader.join(5.0)
        return code

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._on_line(line.decode("utf-8", "replace").rstrip())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.stop(0.0)
