"""The jobs of the stand-in. A look at a job takes it one step on, so no test has to wait for one."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql

from tests.tidb_stand_in import packets

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pymysql.connections import Connection

    from tests.tidb_stand_in.packets import Value

_STRING = r"'((?:[^'\\]|\\.|'')*)'"
IMPORT_INTO = re.compile(
    rf"IMPORT INTO `((?:[^`]|``)+)`\.`((?:[^`]|``)+)` FROM {_STRING} FORMAT {_STRING} WITH DETACHED(.*)", re.DOTALL
)
_OPTION = re.compile(rf"\s*,\s*(\w+)\s*=\s*(?:{_STRING}|(\d+))")
_OPTIONS = {"THREAD", "MAX_WRITE_SPEED", "DISK_QUOTA", "CHECKSUM_TABLE", "CLOUD_STORAGE_URI"}


class Refused(Exception):
    """The server's error."""

    def __init__(self, errno: int, message: str) -> None:
        self.errno, self.message = errno, message


@dataclass
class Script:
    """What shall become of a job."""

    fails: str | None = None
    leaves_rows: bool = False  # where it fails: what it had put in by then stays
    cancelled: bool = False  # by somebody else
    steps: int = 2  # looks until it ends


@dataclass
class Job:
    """One job as the server keeps it."""

    job_id: int
    schema: str
    table: str
    uri: str
    options: Mapping[str, str]
    session: Mapping[str, str]
    script: Script
    status: str = "pending"
    phase: str = ""
    size: int = 0
    rows: int | None = None
    message: str = ""
    created: datetime = field(default_factory=lambda: datetime(2026, 11, 25, 12, 0, 0))  # noqa: DTZ001
    ended: datetime | None = None


@dataclass
class Jobs:
    """All of them.

    Args:
        files: the objects of a bucket under a prefix, by key.
        keys: what a URI must hold to read them.
        connect: a connection to the MariaDB behind.
        has_groups: whether GROUP_KEY is known.
        columns: how SHOW names and orders what it tells, beginning with those of the newest version.
    """

    files: Callable[[str, str], Mapping[str, bytes]]
    keys: Mapping[str, str]
    connect: Callable[[], AbstractContextManager[Connection[Any]]]
    has_groups: bool = True
    cancelled_word: str = "cancelled"
    reversed_columns: bool = False
    scripts: dict[str, Script] = field(default_factory=dict)  # table -> of its next job
    all: list[Job] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    first_id: int = 1

    def submit(self, sql: str, session: Mapping[str, str]) -> Job:
        match = IMPORT_INTO.fullmatch(sql)
        if match is None:
            raise Refused(1064, f"You have an error in your SQL syntax; near '{sql[-120:]}'")
        schema, table = (name.replace("``", "`") for name in match.groups()[:2])
        uri, data_format = _plain(match[3]), _plain(match[4])
        options = {name.upper(): _plain(text) or number for name, text, number in _OPTION.findall(match[5])}
        for name in options.keys() - _OPTIONS - ({"GROUP_KEY"} if self.has_groups else set()):
            raise Refused(8163, f"Unknown option {name.lower()}")
        if data_format != "sql":
            raise Refused(8157, f"The FORMAT '{data_format}' is not supported")
        with self.lock:
            if any((job.schema, job.table) == (schema, table) and job.ended is None for job in self.all):
                raise Refused(8173, "PreCheck failed: there is active job on the target table already")
            found = self._matching(uri)
            size = sum(map(len, found.values()))
            if not size:
                raise Refused(8173, "PreCheck failed: No file matched, or the file is empty.")
            if self._count(schema, table):
                raise Refused(8173, "PreCheck failed: target table is not empty")
            script = self.scripts.pop(table, Script())
            job = Job(self.first_id + len(self.all), schema, table, uri, options, session, script, size=size)
            self.all.append(job)
            return job

    def cancel(self, job_id: int) -> None:
        with self.lock:
            job = self.get(job_id)
            if job.ended is not None:
                raise Refused(8171, "The current job status cannot perform the operation. need pending or running")
            self._end(job, self.cancelled_word, "cancelled by user")

    def get(self, job_id: int) -> Job:
        for job in self.all:
            if job.job_id == job_id:
                return job
        raise Refused(8170, f"Job ID {job_id} doesn't exist")

    def show(self, found: list[Job]) -> list[bytes]:
        """The answer, after a step of each."""
        with self.lock:
            for job in found:
                self._step(job)
            table = [self._told(job) for job in found]
        names = list(self._told(Job(0, "", "", "", {}, {}, Script())))
        if self.reversed_columns:
            names.reverse()
        return packets.rows(names, [[row[name] for name in names] for row in table])

    def _told(self, job: Job) -> dict[str, Value]:
        told: dict[str, Value] = {"Job_ID": job.job_id}
        if self.has_groups:
            told["Group_Key"] = job.options.get("GROUP_KEY", "")
        told |= {
            "Data_Source": job.uri,
            "Target_Table": f"`{job.schema}`.`{job.table}`",
            "Table_ID": 100 + job.job_id,
            "Phase": job.phase,
            "Status": job.status,
            "Source_File_Size": f"{job.size}B",
            "Imported_Rows": job.rows,
            "Result_Message": job.message,
            "Create_Time": job.created,
            "Start_Time": job.created if job.status != "pending" else None,
            "End_Time": job.ended,
            "Created_By": "loader@%",
        }
        if self.has_groups:
            told |= {"Last_Update_Time": job.created, "Cur_Step": job.phase, "Cur_Step_Progress_Pct": "50"}
        return told

    def _step(self, job: Job) -> None:
        if job.ended is not None:
            return
        job.script.steps -= 1
        if job.script.steps > 0:
            job.status, job.phase, job.rows = "running", "importing", 0
        elif job.script.cancelled:
            self._end(job, self.cancelled_word, "")
        elif job.script.fails is not None:
            if job.script.leaves_rows:
                self._import(job)
            self._end(job, "failed", job.script.fails)
        else:
            try:
                self._import(job)
            except pymysql.MySQLError as error:
                self._end(job, "failed", str(error))
                return
            job.rows = self._count(job.schema, job.table)
            self._end(job, "finished", "")

    def _end(self, job: Job, status: str, message: str) -> None:
        job.status, job.message, job.phase = status, message, ""
        job.ended = job.created.replace(minute=5)

    def _matching(self, uri: str) -> dict[str, bytes]:
        parts = urlsplit(uri)
        given = dict(parse_qsl(parts.query))
        if parts.scheme not in {"s3", "gcs"} or any(given.get(name) != value for name, value in self.keys.items()):
            raise Refused(8159, f"Access to the source has been denied. Please check the URI, access key ...: {uri}")
        pattern = unquote(parts.path).strip("/")
        found = re.compile("[^/]*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
        return {
            key: data for key, data in self.files(parts.netloc, pattern.split("*")[0]).items() if found.fullmatch(key)
        }

    def _import(self, job: Job) -> None:
        for key, data in sorted(self._matching(job.uri).items()):
            text = gzip.decompress(data) if key.endswith(".gz") else data
            with self.connect() as connection, connection.cursor() as cursor:
                cursor.execute(f"USE `{job.schema}`")
                for name, value in job.session.items():
                    cursor.execute(f"SET SESSION {name} = %s", (value,))
                cursor.execute("SET NAMES binary")
                cursor.execute("SET SESSION foreign_key_checks = 0")  # a physical import knows none
                for statement in re.split(rb";\n", text):
                    if statement.strip().upper().startswith(b"INSERT"):
                        connection.query(statement)
                connection.commit()

    def _count(self, schema: str, table: str) -> int:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM `{schema}`.`{table}`")
            row = cursor.fetchone()
            return int(str(row[0])) if row else 0


def _plain(text: str) -> str:
    return re.sub(r"\\(.)|''", lambda match: match[1] or "'", text, flags=re.DOTALL)
