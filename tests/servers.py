"""The servers that this run's tests work on: one of each kind, started when the first test needs it.

Tests marked ``servers`` run on each; all others on this machine's MariaDB, unless ``--servers`` says otherwise. Where
``TEST_TIDB_DSN``, ``TEST_MYSQL_DSN`` or ``TEST_MARIADB_DSN`` is set, the marked tests run on those instead.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from dev import server_kinds
from dev.private_server import PrivateServer
from tests.foreign_server import ForeignServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

DEFAULT = server_kinds.MARIADB.name
PRIVATE = {kind.name: kind for kind in server_kinds.ALL}
FOREIGN: Mapping[str, str] = {
    name: dsn for name in ("tidb", "mysql", "mariadb") if (dsn := os.environ.get(f"TEST_{name.upper()}_DSN"))
}

# Programs that are not ours to bring: TEST_LIGHTNING and TEST_DUMPLING are their paths.
PROGRAMS: Mapping[str, str] = {
    name: path for name in ("lightning", "dumpling") if (path := os.environ.get(f"TEST_{name.upper()}"))
}
HAD = FOREIGN.keys() | PROGRAMS.keys()  # what tests marked ``needs`` may need

AnyServer = PrivateServer | ForeignServer


def kinds() -> list[str]:
    """What tests marked ``servers`` run on."""
    return list(FOREIGN) or [name for name, kind in PRIVATE.items() if name == DEFAULT or kind.is_installed]


def flavour(kind: str) -> str:
    """Whose words a kind of server speaks: ``mariadb``, ``mysql`` or ``tidb``."""
    return kind if kind in FOREIGN or kind not in PRIVATE else PRIVATE[kind].flavour


def fuzzed_kinds() -> list[str]:
    """What random input is compared with: in ``make fuzz`` each kind, else this machine's."""
    return kinds() if os.environ.get("FUZZ") else [DEFAULT]


def missing() -> list[str]:
    """The kinds that could not be had for this machine."""
    return [] if FOREIGN else sorted(PRIVATE.keys() - kinds())


def described() -> str:
    """The kinds with their versions, for the head of a run."""
    here = [name if name in FOREIGN else f"{name} {PRIVATE[name].version()}" for name in kinds()]
    return ", ".join([*here, *(f"no {name}" for name in missing())])


class Servers:
    """Servers by the names of their kinds; all of them go when the ``with`` ends."""

    def __init__(self) -> None:
        self._running: dict[str, AnyServer] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def private(self, name: str) -> PrivateServer:
        """One of ours, which a test may kill and configure."""
        server = self[name]
        assert isinstance(server, PrivateServer), f"{name} is somebody else's"
        return server

    def __getitem__(self, name: str) -> AnyServer:
        if name not in self._running:
            if name in FOREIGN:
                self._running[name] = ForeignServer(name, FOREIGN[name])
            else:
                self._running[name] = self._stack.enter_context(PrivateServer(PRIVATE[name]))
        return self._running[name]
