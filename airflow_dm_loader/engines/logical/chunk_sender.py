"""One connection's work: chunk after chunk, each sent until it is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_dm_loader.engines.logical.load_context import LoadContext
from airflow_dm_loader.engines.logical.sender_connection import SenderConnection
from airflow_dm_loader.engines.logical.transaction import load_chunk, load_together
from airflow_dm_loader.errors import LoaderError, LoadInterruptedError, RetriableError
from airflow_dm_loader.formats.base import Chunk, SendAgainError
from airflow_dm_loader.hidden_values import hide_in_message
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.state.chunks import ChunkCounts, ChunkIsBusy, DuplicateAtCommitError

_log = visible_log(__name__)


class ChunkSender:
    """Loads chunks over one connection, which is opened when needed and dropped after any error.

    Args:
        is_ending: once true, nobody else's chunk is waited for any more.
    """

    def __init__(self, context: LoadContext, is_ending: Callable[[], bool]) -> None:
        self._context = context
        self._is_ending = is_ending
        self._connection = SenderConnection(context)

    @property
    def connection_id(self) -> int | None:
        """The server's number of this connection, for KILL."""
        return self._connection.connection_id

    def send(self, chunk: Chunk) -> ChunkCounts | None:
        """Load a chunk, exactly once; None: another session had committed it.

        Any error leaves nothing of the chunk in the target, and the connection closed.
        """
        table = chunk.file.key
        in_place = table in self._context.checked_in_place
        while True:
            try:
                counts = load_chunk(self._context, self._connection, chunk, in_place=in_place)
                if in_place and counts is not None:
                    self._context.checked_in_place.add(table)  # its next chunks would most likely fare the same
                return counts
            except DuplicateAtCommitError as error:
                self.close()
                if in_place:  # what was there was looked at, so it came in meanwhile
                    raise RetriableError(error.message, errno=error.errno) from error
                in_place = True
                _log.info("%s from byte %d is sent again, each row checked: %s", *_place(chunk), self._shown(error))
            except SendAgainError as error:
                self.close()
                _log.info("%s from byte %d is sent another way: %s", *_place(chunk), self._shown(error))
            except ChunkIsBusy as busy:
                self.close()
                if self._is_ending():
                    raise LoadInterruptedError("the load ends, so another session's chunk is not waited for") from busy
                _log.info("another session is still at %s from byte %d; waiting for it", *_place(chunk))
            except LoaderError as error:
                self.close()
                self._context.throttle.met(error)
                error.at(file=chunk.file.name, offset=chunk.start, table=str(chunk.file.key))
                raise
            except BaseException:
                self.close()
                raise

    def send_together(self, group: Sequence[Chunk]) -> list[ChunkCounts] | None:
        """Load several small chunks in one transaction: all of them, or none.

        None: something came between, and nothing of it is kept. Then send them one by one, which tells what it was,
        and lets the others in.
        """
        try:
            return load_together(self._context, self._connection, group)
        except LoaderError as error:
            self.close()
            self._context.throttle.met(error)
            first = group[0].file.name
            _log.info("%d small files from %s on go one by one: %s", len(group), first, self._shown(error))
            return None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection; the server undoes what it had open."""
        self._connection.close()

    def _shown(self, error: LoaderError) -> str:
        return hide_in_message(error.message, error.errno) if self._context.config.hides_values else error.message


def _place(chunk: Chunk) -> tuple[str, int]:
    """For the log: the file, and where the chunk starts in it."""
    return chunk.file.name, chunk.start
