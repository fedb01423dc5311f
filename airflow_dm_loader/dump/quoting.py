"""Statements in the usual quotes and escapes, whatever ``sql_mode`` they were written under."""

from __future__ import annotations

import re

from airflow_dm_loader.dump.sql_modes import Quoting

_COMMENT = rb"/\*(?!M?!|T!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/|--(?=[\x00- \x7f]|\Z)[^\n]*+|\#[^\n]*+"
_IDENTIFIER = rb"`[^`]*+`"
_STRINGS = {True: rb"'[^'\\]*+(?:\\.[^'\\]*+)*+'", False: rb"'[^']*+'"}
_DOUBLE_QUOTED = {True: rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', False: rb'"[^"]*+"'}
_DOUBLE_QUOTED_NAME = rb'"[^"]*+(?:""[^"]*+)*+"'


def with_usual_quotes(statement: bytes, quoting: Quoting) -> bytes:
    """The same statement as it would be written without ANSI_QUOTES and NO_BACKSLASH_ESCAPES."""
    if quoting == Quoting() or (b'"' not in statement and (quoting.backslash_escapes or b"\\" not in statement)):
        return statement
    strings = _STRINGS[quoting.backslash_escapes]
    doubled = _DOUBLE_QUOTED_NAME if quoting.ansi_quotes else _DOUBLE_QUOTED[quoting.backslash_escapes]
    pieces = re.compile(
        b"(?P<other>" + _COMMENT + b"|" + _IDENTIFIER + b")|(?P<string>" + strings + b")|(?P<double>" + doubled + b")",
        re.DOTALL,
    )

    def rewrite(match: re.Match[bytes]) -> bytes:
        text = match[0]
        if match["other"] is not None:
            return text
        if match["double"] is not None and quoting.ansi_quotes:
            return b"`" + text[1:-1].replace(b'""', b'"').replace(b"`", b"``") + b"`"
        return text if quoting.backslash_escapes else text.replace(b"\\", b"\\\\")

    return pieces.sub(rewrite, statement)
