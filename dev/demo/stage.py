"""Where the demo is told: a console of its own, a temporary folder, and the clearing up afterwards.

Airflow and its libraries write hundreds of lines to stdout and stderr. These go to a file from the first
import on, by file descriptor, so that nothing finds a way around it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import traceback
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.padding import Padding

from dev.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

PLAIN_COLUMNS = 110  # where there is no terminal to ask
INDENT = 3


class Stage:
    """Use it as a context manager; ``cleanup`` takes what else must end with it."""

    def __init__(self) -> None:
        self.cleanup = ExitStack()
        self._tell_on = os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors="replace")
        self.console = Console(
            file=self._tell_on,
            width=None if self._tell_on.isatty() else PLAIN_COLUMNS,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="dm-loader-demo-"))
        self._guard = Guard(self.folder)
        self.cleanup.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._outer_temp = tempfile.gettempdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)  # whatever anybody puts there goes with us
        self._log_file = self.folder / "airflow.log"
        signal.signal(signal.SIGINT, self._interrupted)
        self._send_output_to(self._log_file)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.cleanup.close()
        self._guard.dismiss()

    # -- telling ---------------------------------------------------------------------------------------

    def say(self, text: RenderableType = "", style: str | None = None, *, indent: int = 0, end: str = "\n") -> None:
        self.console.print(Padding(text, (0, 0, 0, indent), expand=False) if indent else text, style=style, end=end)

    def tell(self, text: RenderableType, style: str | None = None) -> None:
        """A paragraph of a story."""
        self.say(text, style, indent=INDENT)

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """Say what begins, and when it is done how long it took, with what was put into the list."""
        self.say(f"{what} ... ", end="")
        started = monotonic()
        results: list[str] = []
        yield results
        self.say(", ".join([*results, f"{monotonic() - started:.1f} s"]), style="green")

    def fail(self, why: str, error: BaseException | None = None) -> int:
        """Say what went wrong, keep the log, and give the exit status."""
        sys.stdout.flush()
        sys.stderr.flush()
        handle, kept = tempfile.mkstemp(prefix="dm-loader-demo-", suffix=".log", dir=self._outer_temp)
        with os.fdopen(handle, "w") as file:
            file.write(self._log_file.read_text(errors="replace"))
            if error is not None:
                traceback.print_exception(error, file=file)
        self.say()
        self.say(why, style="bold red")
        self.say(f"What Airflow logged is in {kept}")
        return 1

    # -- the end ---------------------------------------------------------------------------------------

    def _send_output_to(self, path: Path) -> None:
        with path.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)

    def _interrupted(self, number: int, _frame: Any) -> None:
        """Clear up here and now: Airflow's task runner would take a KeyboardInterrupt for a failed task.

        The guard stays at its post, for what a child process may still be writing.
        """
        signal.signal(signal.SIGINT, lambda *_: os._exit(128 + number))  # again: the guards clear up alone
        try:
            with suppress(RuntimeError):  # it came while a line was being written
                self.say()
                self.say("Stopped. Clearing up.", style="bold")
            self.cleanup.close()
        finally:
            os._exit(128 + number)
