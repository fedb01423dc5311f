"""A script's statements, as the mysql client cuts them: up to the delimiter that the script says."""

from __future__ import annotations

import re

from airflow_dm_loader.dump.lexer import Statement, StatementReader
from airflow_dm_loader.dump.read_ahead import DecodedBytes

_SANDBOX = rb"/\*M?!999999\\-[^*]*+\*/"  # mariadb-dump's first line, a command to the client
_BLANK = re.compile(
    rb"(?:[\s;]++|/\*(?!M?!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/|--(?=\s)[^\n]*+\n|\#[^\n]*+\n|" + _SANDBOX + rb")*+",
    re.DOTALL,
)
_DELIMITER = re.compile(rb"DELIMITER[ \t]++(\S++)[ \t\r]*+(?:\n|\Z)", re.IGNORECASE)
_LOOKED_AT_BYTES = 256  # a DELIMITER line is whole in so many
_COMMENT_BYTES = 64 << 10  # of comments before a statement, that are kept
_OPENS_COMMENT = (b"--", b"#", b"/*")
_OPENS_STATEMENT = (b"/*!", b"/*M!")


class ScriptReader(StatementReader):
    """Reads statements one after the other; see :class:`~airflow_dm_loader.dump.lexer.StatementReader`.

    Attributes:
        comments: those before the statement that was read last; behind the last statement, once there are no more.
        delimiter: what ends statements at this place.
    """

    def __init__(self, source: DecodedBytes, *, file: str, max_statement_bytes: int = 64 << 20) -> None:
        super().__init__(source, file=file, max_statement_bytes=max_statement_bytes)
        self.comments = b""
        self.delimiter = b";"

    def __next__(self) -> Statement:
        self.comments = b""
        self._pass_blanks()
        while said := _DELIMITER.match(self._ahead.data, self._ahead.at):
            self.delimiter = said[1]
            self._ahead.at = said.end()
            self._pass_blanks()
        if self.delimiter == b";" or not self._ahead.rest_bytes:
            return super().__next__()
        return self._up_to_delimiter()

    def _pass_blanks(self) -> None:
        """Go to the next statement, of which enough is there to tell a DELIMITER."""
        while True:
            ahead = self._ahead
            self._pass(_BLANK.match(ahead.data, ahead.at).end())  # type: ignore[union-attr]  # matches b""
            is_open = ahead.data.startswith(_OPENS_COMMENT, ahead.at) and not ahead.data.startswith(
                _OPENS_STATEMENT, ahead.at
            )
            if not is_open and ahead.rest_bytes >= _LOOKED_AT_BYTES:
                return
            if ahead.rest_bytes > self._max_bytes:
                raise self._unfinished(f"no comment ends within {self._max_bytes} bytes (max_statement_bytes)")
            if not self._read_more():
                break
        tail = ahead.data[ahead.at :] + b"\n"  # ends a comment on the last line
        if _BLANK.match(tail).end() == len(tail):  # type: ignore[union-attr]
            self._pass(len(ahead.data))

    def _pass(self, end: int) -> None:
        ahead = self._ahead
        self.comments = (self.comments + ahead.data[ahead.at : end])[-_COMMENT_BYTES:]
        ahead.at = end

    def _up_to_delimiter(self) -> Statement:
        """mysqldump, like the client, looks for no delimiter within a line."""
        end = re.compile(re.escape(self.delimiter) + rb"[ \t\r]*+(?:\n|\Z)")
        is_whole = False
        while True:
            ahead = self._ahead
            found = end.search(ahead.data, ahead.at)
            if found and (is_whole or found[0].endswith(b"\n")):
                begin, stop, after = ahead.at, found.start(), found.end()
                del found
                return self._cut(begin, stop, after, proven=False)
            if is_whole:
                raise self._unfinished("the file ends in the middle of a statement")
            if ahead.rest_bytes > self._max_bytes:
                raise self._unfinished(f"no statement ends within {self._max_bytes} bytes (max_statement_bytes)")
            is_whole = not self._read_more()
