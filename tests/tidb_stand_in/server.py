"""The stand-in's connections: what is about import jobs is answered here, all else goes to the MariaDB behind."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from tests.tidb_stand_in import packets
from tests.tidb_stand_in.jobs import Jobs, Refused

_TXN_MODE = re.compile(r"(?:, )?SESSION `tidb_txn_mode` = '\w+'")
_SHOW_ONE = re.compile(r"SHOW IMPORT JOB (\d+)")
_SHOW_GROUP = re.compile(r"SHOW IMPORT JOBS WHERE GROUP_KEY = '([^']*)'")
_CANCEL = re.compile(r"CANCEL IMPORT JOB (\d+)")


class Dropped(Exception):
    """The connection shall be cut without an answer."""


class TiDBStandIn:
    """Listens on a port of its own; a context manager.

    ``on_statement`` is called with each statement about jobs, before and after it is carried out ("before", "after");
    what it raises happens: :class:`Dropped` cuts the connection, :class:`Refused` is the answer.
    """

    def __init__(self, behind: tuple[str, int], jobs: Jobs, version: str = "8.0.11-TiDB-v8.5.0") -> None:
        self.jobs = jobs
        self.version = version
        self.statements: list[str] = []  # those about jobs
        self.on_statement: Callable[[str, str], None] = lambda _moment, _sql: None
        self._behind = behind
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.restart()

    def restart(self) -> None:
        """Every connection is lost; jobs are not."""
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            behind = socket.create_connection(self._behind)
            for end in (client, behind):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, behind]
            threading.Thread(target=_Connection(self, client, behind).serve, daemon=True).start()


class _Connection:
    def __init__(self, server: TiDBStandIn, client: socket.socket, behind: socket.socket) -> None:
        self._server, self._client, self._behind = server, client, behind
        self._autocommit = True

    def serve(self) -> None:
        with suppress(OSError, Dropped):
            self._authenticate()
            while self._command():
                pass
        for end in (self._client, self._behind):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _authenticate(self) -> None:
        sequence, greeting = packets.read_packet(self._behind)
        packets.write_packet(self._client, sequence, packets.without_tls(greeting))
        while True:
            packets.write_packet(self._behind, *packets.read_packet(self._client))
            sequence, payload = packets.read_packet(self._behind)
            packets.write_packet(self._client, sequence, payload)
            if payload[0] in {packets.OK, packets.ERR}:
                return

    def _command(self) -> bool:
        _, payload = packets.read_packet(self._client)
        if payload[0] == packets.COM_QUIT:
            return False
        if payload[0] == packets.COM_QUERY:
            sql = payload[1:].decode("utf-8", "replace")
            if re.match(r"(?:IMPORT INTO|SHOW IMPORT|CANCEL IMPORT)\b", sql):
                self._answer(self._about_jobs(sql))
                return True
            if match := re.fullmatch(r"SET AUTOCOMMIT = (\d)", sql, re.IGNORECASE):
                self._autocommit = match[1] == "1"
            if sql.startswith("SELECT VERSION()"):
                payload = payload.replace(b"VERSION()", f"'{self._server.version}'".encode(), 1)
            elif "tidb_txn_mode" in sql:
                payload = payload[:1] + _TXN_MODE.sub("", sql).encode()
        packets.write_packet(self._behind, 0, payload)
        self._relay()
        return True

    def _relay(self) -> None:
        """One answer from behind, packet by packet."""
        first, ends = True, 0
        while True:
            sequence, payload = packets.read_packet(self._behind)
            packets.write_packet(self._client, sequence, payload)
            if payload[:1] == bytes([packets.ERR]) or (first and payload[0] == packets.OK):
                return
            first = False
            if payload[0] == packets.EOF and len(payload) < 9:
                ends += 1
                if ends == 2:
                    return

    def _answer(self, answer: list[bytes]) -> None:
        self._client.sendall(packets.framed(answer))

    def _about_jobs(self, sql: str) -> list[bytes]:
        server, jobs = self._server, self._server.jobs
        server.statements.append(sql)
        try:
            server.on_statement("before", sql)
            answer = self._carry_out(sql, jobs)
            server.on_statement("after", sql)
        except Refused as refused:
            return packets.error(refused.errno, refused.message)
        return answer

    def _carry_out(self, sql: str, jobs: Jobs) -> list[bytes]:
        if sql.startswith("IMPORT INTO"):
            if not self._autocommit:
                raise Refused(1105, "cannot run IMPORT INTO in explicit transaction")
            job = jobs.submit(sql, self._session())
            return packets.rows(
                ["Job_ID", "Data_Source", "Target_Table", "Status"],
                [[job.job_id, job.uri, f"`{job.schema}`.`{job.table}`", job.status]],
            )
        if match := _SHOW_ONE.fullmatch(sql):
            return jobs.show([jobs.get(int(match[1]))])
        if jobs.has_groups and (match := _SHOW_GROUP.fullmatch(sql)):
            return jobs.show([job for job in jobs.all if job.options.get("GROUP_KEY", "") == match[1]])
        if sql == "SHOW IMPORT JOBS":
            return jobs.show(list(jobs.all))
        if match := _CANCEL.fullmatch(sql):
            jobs.cancel(int(match[1]))
            return packets.ok()
        raise Refused(1064, f'You have an error in your SQL syntax; near "{sql[-60:]}"')

    def _session(self) -> dict[str, str]:
        """What a job takes over from the session that makes it."""
        packets.write_packet(self._behind, 0, bytes([packets.COM_QUERY]) + b"SELECT @@sql_mode, @@time_zone")
        found: list[bytes] = []
        ends = 0
        while ends < 2:
            _, payload = packets.read_packet(self._behind)
            if payload[0] == packets.EOF and len(payload) < 9:
                ends += 1
            elif ends == 1:
                found.append(payload)
        row, values = found[0], []
        while row:
            values.append(row[1 : 1 + row[0]].decode())
            row = row[1 + row[0] :]
        return {"sql_mode": values[0], "time_zone": values[1]}
