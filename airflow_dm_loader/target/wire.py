"""A socket to a server that may say nothing, or next to nothing, for as long as it likes.

While a session is set up there is one limit for all of it. After that a statement may take hours, so silence alone says
little: a second session looks whether the statement is still at work in the server. Where it is not, or nobody can
look, the wait ends. Bytes count as a sign of life by their number, so that one now and then buys no time.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_dm_loader.errors import ConnectionLostError

_BUFFER_BYTES = 64 << 10
_SLOWEST_BYTES_S = 1024  # an answer that comes slower than this counts as silence in part
_WRITE_TIMEOUT_S = 120.0  # a peer that takes less than a piece in so long is gone
_WRITE_BYTES = 1 << 20
_TICK_S = 0.5
_STOP_S = 5.0  # so long a wait goes on after a stop: whoever stops the load ends its sessions by KILL first
_LONGEST_BEFORE_A_LOOK_S = 60.0


class Outsider(Protocol):
    """A second session, for as long as a question takes."""

    def sees_it_run(self) -> bool:
        """Whether the server's process list shows our session at work; False, too, where nobody can look."""

    def end_it(self) -> None:
        """KILL our session, if the server can be reached."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        set_up_s: for everything until the session can be used.
        silent_s: without a sign of life.
        stop: once true, nothing is waited for any more.
        outsider: looks after a session that is silent; None: nobody does.
    """

    set_up_s: float
    silent_s: float
    stop: Callable[[], bool] | None = None
    outsider: Outsider | None = None


class Wire:
    """What PyMySQL takes for its socket."""

    def __init__(self, endpoint: socket.socket, patience: Patience, until: float) -> None:
        """``until``: when the session must be set up, by the monotonic clock; see :meth:`is_set_up`."""
        self.endpoint = endpoint
        self.patience = patience
        self._until: float | None = until
        self._alive = time.monotonic()  # the last sign of life
        self._look_at = 0.0

    def is_set_up(self) -> None:
        """From here on the limit is silence."""
        self._until = None
        self._hears()

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Go on by TLS. Raises OSError."""
        self.endpoint.settimeout(self._left())
        self.endpoint = context.wrap_socket(self.endpoint, server_hostname=host)

    # -- what PyMySQL calls

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self), _BUFFER_BYTES)

    def settimeout(self, _seconds: float | None) -> None:
        """PyMySQL's limits are of single reads: ours are in force instead."""

    def sendall(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _WRITE_BYTES):
            self._send(view[start : start + _WRITE_BYTES])
        self._hears()

    def close(self) -> None:
        self.endpoint.close()

    # -- what its reader calls

    def read_into(self, buffer: Any) -> int:
        """Of bytes that came, at least one; 0: the server closed the connection."""
        waiting = _Wait(self.patience.stop)
        while True:
            self.endpoint.settimeout(self._next_look(waiting))
            try:
                count = self.endpoint.recv_into(buffer)
            except TimeoutError:
                continue
            now = time.monotonic()
            self._alive = min(now, self._alive + count / _SLOWEST_BYTES_S)
            return count

    # -- how long

    def _send(self, view: memoryview) -> None:
        waiting = _Wait(self.patience.stop)
        while view:
            left = min(_WRITE_TIMEOUT_S - waiting.seconds, self._left())
            if left <= 0:
                raise TimeoutError("timed out")
            self._leave_if_stopped(waiting)
            self.endpoint.settimeout(min(_TICK_S, left))
            try:
                view = view[self.endpoint.send(view) :]
            except TimeoutError:
                continue

    def _hears(self) -> None:
        self._alive = time.monotonic()
        self._look_at = self._alive + min(_LONGEST_BEFORE_A_LOOK_S, self.patience.silent_s / 2)

    def _left(self) -> float:
        """Seconds until the session must be set up. Raises ConnectionLostError."""
        if self._until is None:
            return _WRITE_TIMEOUT_S
        left = self._until - time.monotonic()
        if left <= 0:
            raise not_set_up(self.patience.set_up_s)
        return left

    def _next_look(self, waiting: _Wait) -> float:
        """How long to wait for the next byte before looking around again. Raises ConnectionLostError."""
        self._leave_if_stopped(waiting)
        if self._until is not None:
            return min(_TICK_S, self._left())
        if time.monotonic() >= self._look_at:
            self._look()
        left = self._alive + self.patience.silent_s - time.monotonic()
        if left <= 0:
            raise ConnectionLostError(
                f"the server said nothing for {self.patience.silent_s:g} s (silent_server_s), and no second session "
                "sees the statement at work there",
                remedy="Nothing to fix: the next retry resumes where this one stopped. If the server does take so long "
                "behind a proxy that hides it, raise silent_server_s of the target.",
            )
        return min(_TICK_S, left)

    def _look(self) -> None:
        self._look_at = time.monotonic() + min(_LONGEST_BEFORE_A_LOOK_S, self.patience.silent_s / 2)
        if self.patience.outsider is not None and self.patience.outsider.sees_it_run():
            self._hears()

    def _leave_if_stopped(self, waiting: _Wait) -> None:
        if waiting.stopped_for_s > _STOP_S:
            if self.patience.outsider is not None and self._until is None:
                self.patience.outsider.end_it()
            raise ConnectionLostError("the load was stopped while it waited for the server")


class _Reading(io.RawIOBase):
    """A wire's raw reading side, which leaves it open when it goes: TLS gets another one."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.read_into(buffer)


class _Wait:
    """One wait, and since when it has been asked to end."""

    def __init__(self, stop: Callable[[], bool] | None) -> None:
        self._stop = stop
        self._begun = time.monotonic()
        self._stopped: float | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @property
    def stopped_for_s(self) -> float:
        if self._stop is None or not self._stop():
            return 0.0
        if self._stopped is None:
            self._stopped = time.monotonic()
        return time.monotonic() - self._stopped


def dial(host: str, port: int, unix_socket: str | None, until: float) -> socket.socket:
    """A connected socket; each of the host's addresses gets its part of the time. Raises OSError."""
    if unix_socket is not None:
        return _connected(socket.AF_UNIX, unix_socket, until)
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # of a name that is none
        raise OSError(f"no host name: {error}") from error
    for number, (family, _, _, _, place) in enumerate(places, start=1):
        now = time.monotonic()
        try:
            endpoint = _connected(family, place, now + (until - now) / (len(places) - number + 1))
        except OSError:
            if number == len(places):
                raise
        else:
            endpoint.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return endpoint
    raise OSError(f"{host} has no address")


def _connected(family: int, place: Any, until: float) -> socket.socket:
    endpoint = socket.socket(family, socket.SOCK_STREAM)
    try:
        endpoint.settimeout(max(0.01, until - time.monotonic()))
        endpoint.connect(place)
    except BaseException:
        endpoint.close()
        raise
    return endpoint


def not_set_up(seconds: float) -> ConnectionLostError:
    """The server took too long before the session could be used."""
    return ConnectionLostError(
        f"the server did not complete the session's set-up within {seconds:g} s (connect_timeout_s)",
        remedy="Check that a MySQL server answers at that host and port, and is not overloaded; if it needs longer, "
        "raise connect_timeout_s of the target.",
    )
