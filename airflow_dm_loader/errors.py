"""Every error that can reach a user, in one tree.

    LoaderError
    ├── FatalError                      a person must act; a retry fails the same way
    │   ├── ConfigError                 200xx  a setting is wrong
    │   ├── DumpError                   the dump as a whole can't be used
    │   │   ├── DumpMetadataError       11001  metadata is missing, unfinished or unreadable
    │   │   ├── DumpNotFoundError       34014  there is nothing at dump_uri
    │   │   │   └── DumpRefusedError    34014  we may not look
    │   │   ├── SchemaMissingError      34013  rows for a table that nobody creates
    │   │   └── DuplicateFileError      34015  two files claim the same table
    │   ├── WorkerNotMatchError         34017  another host holds the load task
    │   ├── CheckpointError             34018  the stored load is of another dump, or unreadable
    │   ├── TargetError                 34019  the target can't take this load
    │   ├── ImportJobError              34019  a job of IMPORT INTO failed
    │   ├── UnexpectedFileRequestError  34019  the server asked for a file that was not offered to it
    │   └── PausedError                 the load waits for a person to accept what was found
    │       ├── HasDuplicatesError      34020
    │       ├── ChecksumMismatchError   34021
    │       ├── UnlikeLastLoadError     34101  the dump is far from what the last one was
    │       └── RowsRefusedError        34102  rows were set aside that the server refused
    ├── RetriableError                  34019  the same will work later
    │   ├── ConnectionLostError         the server went away or cut us off
    │   ├── LockedError                 a lock wait timeout, a deadlock
    │   ├── BarrierTimeoutError         other sources are not there yet
    │   ├── DumpTimeoutError            the dump did not finish in time
    │   ├── LightningError              tidb-lightning ended before its work was done
    │   └── LoadInterruptedError        we were asked to stop (pause, clear, kill)
    └── DataError                       34019  this row, this file
        ├── DumpFormatError             34006  a file is not what its name says
        │   ├── NotCreateStatementError     34007  a schema file without its CREATE statement
        │   └── UnsupportedStatementError   34009  a statement that a data file may not hold
        └── RowError                    34019  the server refused a row
            └── TooManyErrorRowsError   34103  more than max_error_rows allows

The first level says how to recover; what comes below says what went wrong. ``code`` is TiDB Data
Migration's number wherever DM has one, because that is what people search for; what DM does not know has a number from
34101 on, where DM has none. ``errno`` is the server's own number where a server spoke.
"""

from __future__ import annotations

from typing import Any, ClassVar


class LoaderError(Exception):
    """What went wrong, where, and what to do about it.

    Args:
        message: one sentence, without secrets.
        remedy: what the reader can do now, in words.
        file: the dump file, relative to ``dump_uri``.
        offset: byte offset in the decoded (uncompressed) file.
        table: the target table as ``schema.table``.
        errno: the database server's error number.
        statement: the failing statement; its first 200 bytes are shown.
    """

    code: ClassVar[int] = 34019
    default_remedy: ClassVar[str] = "Correct what the message names, then clear the failed task."

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        file: str | None = None,
        offset: int | None = None,
        table: str | None = None,
        errno: int | None = None,
        statement: bytes | str | None = None,
    ) -> None:
        self.message = message
        self.remedy = remedy or self.default_remedy
        self.file = file
        self.offset = offset
        self.table = table
        self.errno = errno
        self.statement = excerpt(statement) if statement is not None else None
        super().__init__(message)

    def __str__(self) -> str:
        parts = [f"[{self.code}] {visible(self.message)}"]
        if self.errno is not None:
            parts.append(f"server error {self.errno}")
        if self.table is not None:
            parts.append(f"table {visible(self.table)}")
        if self.file is not None:
            at = f" at byte {self.offset}" if self.offset is not None else ""
            parts.append(f"file {visible(self.file)}{at}")
        if self.statement is not None:
            parts.append(f"statement: {visible(self.statement)}")
        return " | ".join(parts) + f" | What to do: {visible(self.remedy)}"

    def at(self, *, file: str | None = None, offset: int | None = None, table: str | None = None) -> LoaderError:
        """Add where it happened, where that is not known yet; returns self."""
        self.file = self.file if self.file is not None else file
        self.offset = self.offset if self.offset is not None else offset
        self.table = self.table if self.table is not None else table
        return self


def visible(text: str) -> str:
    """The text on one line, with control characters, escape codes and marks of direction as escapes.

    Names and values of a dump stand in what people read; raw, they could forge lines of a log, or hide some.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def visible_parts(value: Any) -> Any:
    """The same of all texts in lists and mappings; what is no text stays what it is."""
    match value:
        case str():
            return visible(value)
        case list() | tuple():
            return type(value)(map(visible_parts, value))
        case dict():
            return {visible_parts(name): visible_parts(part) for name, part in value.items()}
        case _:
            return value


def excerpt(statement: bytes | str, limit: int = 200) -> str:
    """The first ``limit`` bytes of a statement, printable whatever they hold."""
    raw = statement.encode("utf-8", "backslashreplace") if isinstance(statement, str) else statement[: limit + 1]
    text = raw[:limit].decode("utf-8", "backslashreplace")
    shown = (c if c in "\t\n" else visible(c) for c in text)
    return "".join(shown) + ("..." if len(raw) > limit else "")


class FatalError(LoaderError):
    """A person must act; a retry would fail the same way."""


class RetriableError(LoaderError):
    """The same attempt can succeed later."""

    default_remedy = "Nothing to fix: the next retry resumes where this one stopped."
    worth_another_try = True
    """Whether this very task should try again; not where it has done so already, up to its bound."""


class DataError(LoaderError):
    """This row or this file can't be loaded as it is."""


class ConfigError(FatalError):
    """A setting is unknown, contradictory or out of range."""

    code = 20000
    default_remedy = "Correct the setting and trigger the load again."

    def __init__(self, message: str, *, code: int | None = None, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        if code is not None:
            self.code = code  # type: ignore[misc]  # one class, DM's number per setting


class DumpError(FatalError):
    """The dump as a whole can't be used."""

    code = 11001


class DumpMetadataError(DumpError):
    """The ``metadata`` file is missing, unfinished or unreadable."""

    code = 11001
    default_remedy = "Check that the dump finished, and that dump_uri names the folder that holds its metadata file."


class DumpNotFoundError(DumpError):
    """There is no dump at ``dump_uri``."""

    code = 34014
    default_remedy = "Check dump_uri, and that this worker can read it."


class DumpRefusedError(DumpNotFoundError):
    """The dump's folder or bucket lets us not look, or not read."""

    default_remedy = "Give this worker, or the connection in dump_conn_id, permission to list the dump and read it."


class SchemaMissingError(DumpError):
    """A data file has no schema file, and the target has no such table."""

    code = 34013
    default_remedy = "Dump the schema too, or create the table in the target first."


class DuplicateFileError(DumpError):
    """Two files of the dump claim to be the same thing."""

    code = 34015
    default_remedy = "Keep one of the two files: a dump folder must hold a single dump."


class WorkerNotMatchError(FatalError):
    """The load-task lock is held by another host, which has the dump."""

    code = 34017
    default_remedy = "Run the load on the host that has the dump, or put the dump on shared storage."


class CheckpointError(FatalError):
    """The stored state does not belong to this load, or can't be understood."""

    code = 34018
    default_remedy = "Use another task_name, or set remove_meta to forget the stored load and start afresh."


class TargetError(FatalError):
    """The target can't take this load: privileges, settings, table shapes."""

    code = 34019
    default_remedy = (
        "The message is the server's own: correct at the server, or in the settings, what it names; then clear the "
        "failed task. What was committed stays."
    )


class ImportJobError(FatalError):
    """A job of IMPORT INTO failed, or somebody cancelled it."""

    default_remedy = (
        "Fix what the message says. Empty the table if it holds rows (TRUNCATE TABLE), then clear run_import: only "
        "the tables that are not imported yet get a new job."
    )


class UnexpectedFileRequestError(FatalError):
    """The server asked for a file that no statement of ours names."""

    default_remedy = "Do not trust this server: it tried to read a file of this machine. Check host, port and TLS."


class PausedError(FatalError):
    """The load is complete but for a person's word."""

    default_remedy = "Look at what was found. Clearing resolve_conflicts accepts it, on_conflict=accept does at once."


class HasDuplicatesError(PausedError):
    """Rows of the dump met rows with the same key."""

    code = 34020


class ChecksumMismatchError(PausedError):
    """The target's tables differ from what the dump says."""

    code = 34021


class UnlikeLastLoadError(PausedError):
    """The dump brings far less than the last load brought (see the setting ``guard``)."""

    code = 34101


class RowsRefusedError(PausedError):
    """Rows were set aside that the server refused, or would have changed (see the setting ``max_error_rows``)."""

    code = 34102


class ConnectionLostError(RetriableError):
    """The server went away, refused a connection for now, or cut us off."""


class LockedError(RetriableError):
    """A lock wait timeout or a deadlock: somebody else was in the way."""


class BarrierTimeoutError(RetriableError):
    """Other sources of the load task did not arrive in time."""

    default_remedy = "Start or fix the sources that are named, then clear this task."
    worth_another_try = False


class DumpTimeoutError(RetriableError):
    """The dump that was waited for did not finish in time."""

    default_remedy = "Look whether the dump is still running, or failed; then clear this task: it waits again."
    worth_another_try = False


class LightningError(RetriableError):
    """``tidb-lightning`` ended before its work was done."""

    default_remedy = (
        "Look at its lines in this task's log. A retry, or clearing run_import, resumes at its checkpoint: what is "
        "imported is not imported again."
    )


class LoadInterruptedError(RetriableError):
    """The load was asked to stop; what was committed stays, and the next try resumes there."""

    worth_another_try = False


class DumpFormatError(DataError):
    """A file's content is not what its name says."""

    code = 34006
    default_remedy = (
        "Look at the file at that byte. Fixed in place, in its old size, it resumes with a clear. A file that was cut "
        "or dumped again makes another dump: empty the tables and set remove_meta."
    )


class NotCreateStatementError(DumpFormatError):
    """A schema file without its one CREATE statement, or with something else in it."""

    code = 34007
    default_remedy = "Look at the schema file: it must hold one CREATE statement. If it was cut, dump it again."


class UnsupportedStatementError(DumpFormatError):
    """A data file holds a statement other than head settings, INSERT and REPLACE."""

    code = 34009
    default_remedy = (
        "Look at the file at that byte. If it was damaged, put the sound file in its place. Run a statement that "
        "belongs there by hand, and put blanks in its place: the file must keep its size. Then clear."
    )


class RowError(DataError):
    """The server refused a row; nothing of its chunk was kept."""

    default_remedy = (
        "Fix the target table, or the row without changing the file's size, then clear "
        "the failed task: the load resumes at this chunk."
    )


class TooManyErrorRowsError(RowError):
    """More rows are wrong than ``max_error_rows`` allows; nothing of the last one's chunk was kept."""

    code = 34103
    default_remedy = (
        "Look at the rows that were set aside, in dm_loader_conflict of the meta schema. Fix the target table, or the "
        "rows without changing the file's size, or raise max_error_rows; then clear the failed task: the load resumes "
        "at this chunk."
    )
