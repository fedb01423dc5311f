"""Clean-up that survives us: a small process that waits for our death, even by ``kill -9``."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# `read` fails when the last writer of the pipe is gone. Twice, since something may be writing there yet.
_SCRIPT = """
pid=
groups=
while read -r word; do
    case $word in
    dismissed) exit 0 ;;
    nobody) pid= ;;
    -*) groups="$groups $word" ;;
    *) pid=$word ;;
    esac
done
[ -n "$pid" ] && kill -9 "$pid"
for group in $groups; do kill -9 "$group"; done
rm -rf -- "$1"
sleep 3
rm -rf -- "$1"
"""


class Guard:
    """Once this process is gone, kills the process that it watches and removes ``folder``."""

    def __init__(self, folder: Path) -> None:
        read_end, self._write_end = os.pipe()
        try:
            # Its own session, so that a signal to our process group leaves it at its post.
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "guard", str(folder)],
                stdin=read_end,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(read_end)
        os.register_at_fork(after_in_child=self._let_go)  # a forked child must not keep the pipe open

    def watch(self, pid: int | None) -> None:
        """From now on this process is the one to kill; None: none is."""
        self._say("nobody" if pid is None else str(pid))

    def watch_group(self, leader: int) -> None:
        """This process group is to be killed too, with whatever else was said."""
        self._say(f"-{leader}")

    def dismiss(self) -> None:
        """Let the guard go home: the clean-up is done."""
        if self._write_end >= 0:
            self._say("dismissed")
            self._let_go()
            self._process.wait()

    def _say(self, word: str) -> None:
        if self._write_end >= 0:  # in a forked child the server is none of our business
            os.write(self._write_end, f"{word}\n".encode())

    def _let_go(self) -> None:
        if self._write_end >= 0:
            os.close(self._write_end)
            self._write_end = -1
