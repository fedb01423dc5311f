"""The charset of a schema file's bytes: by its head, the tool, and the table or view that it creates.

dumpling writes UTF-8. mydumper wrote a table's CREATE in UTF-8 until 0.19, and from 0.20 on in the table's own charset,
behind the same ``SET NAMES binary``. It writes a view's in the ``character_set_client`` that its file sets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from airflow_dm_loader.dump.byte_order_mark import LOOKED_AT_BYTES, UTF8_MARK, is_wide, wide_text_error
from airflow_dm_loader.dump.codecs import UTF8, WIDE, UnknownLettersError, decode
from airflow_dm_loader.dump.dump_tool import tool_of
from airflow_dm_loader.dump.metadata_types import DumpMetadata
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.settings.choices import DumpTool

_NAMES = re.compile(rb"^(?:/\*!\d+ )?SET NAMES ['\"]?(\w+)['\"]?", re.IGNORECASE | re.MULTILINE)
_CLIENT = re.compile(rb"^(?:/\*!\d+ )?SET character_set_client\s*=\s*['\"]?(\w+)", re.IGNORECASE | re.MULTILINE)
_SETTING = re.compile(rb"(?:/\*!\d+ )?SET (?!@|character_set|collation)", re.IGNORECASE)
_CREATE = re.compile(rb"^CREATE\s", re.IGNORECASE | re.MULTILINE)
_TABLE_CHARSET = re.compile(
    rb"^\) [^\n]*?\bCHARSET=(\w+)", re.MULTILINE
)  # SHOW CREATE TABLE's last line but partitions
_MOST_BEFORE_CREATE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class SchemaOrigin:
    """Who wrote a dump's schema files.

    Attributes:
        tool: AUTO: each file's head tells.
        in_table_charset: whether that is a mydumper which writes a table's CREATE in the table's charset.
    """

    tool: DumpTool = DumpTool.AUTO
    in_table_charset: bool = False

    @classmethod
    def of(cls, metadata: DumpMetadata, dump_tool: DumpTool) -> SchemaOrigin:
        """As the setting says, else as ``metadata`` does: only mydumper writes the INI form."""
        if dump_tool is DumpTool.AUTO and metadata.tool == "ini":
            dump_tool = DumpTool.MYDUMPER
        return cls(dump_tool, dump_tool is not DumpTool.DUMPLING and metadata.ddl_in_table_charset)


def as_utf8(raw: bytes, origin: SchemaOrigin, *, file: str) -> bytes:
    """A decoded schema file's text in UTF-8.

    A byte order mark of UTF-8 becomes blanks: it says what the file is in, and the places of all else stay.

    Raises:
        DumpFormatError: the charset that it must be in does not have its bytes.
    """
    if is_wide(raw[:LOOKED_AT_BYTES]):
        raise wide_text_error(file)
    marked = raw.startswith(UTF8_MARK)
    if marked:
        raw = raw.replace(UTF8_MARK, b" " * len(UTF8_MARK), 1)
    if raw.isascii():
        return raw
    problems = []
    for charset in ("utf8mb4",) if marked else _charsets(raw, origin):
        try:
            return decode(raw, charset).encode()
        except UnknownLettersError as problem:
            problems.append(f"as {charset}: {problem}")
    raise DumpFormatError(
        f"the file can't be read {', nor '.join(problems)}",
        file=file,
        remedy="Put back the file as it was dumped; or write it in UTF-8 yourself, with SET NAMES utf8mb4 as its first "
        "line.",
    )


def _charsets(raw: bytes, origin: SchemaOrigin) -> tuple[str, ...]:
    """What the file may be in, the likeliest first."""
    begin = _CREATE.search(raw)
    head = raw[: begin.start() if begin is not None else _MOST_BEFORE_CREATE_BYTES]
    names = _word(_NAMES, head)
    tool = _tool(head) if origin.tool is DumpTool.AUTO else origin.tool
    if tool is DumpTool.DUMPLING:
        return ("utf8mb4",)
    if (client := _word(_CLIENT, head)) is not None:
        return (client,) if tool is DumpTool.MYDUMPER else tuple(dict.fromkeys(("utf8mb4", client)))
    if names is not None and names != "binary":
        return (names,)
    table = _word(_TABLE_CHARSET, raw)
    if table is None or table in WIDE | UTF8 | {"binary"}:
        return ("utf8mb4",)
    return (table,) if origin.in_table_charset else ("utf8mb4", table)


def _tool(head: bytes) -> DumpTool:
    """By the settings that the file begins with."""
    lines = (line.rstrip(b"; \r") for line in head.split(b"\n"))
    return tool_of(list(takewhile(_SETTING.match, filter(None, lines))), b"", "")


def _word(pattern: re.Pattern[bytes], text: bytes) -> str | None:
    match = pattern.search(text)
    return match[1].decode("ascii", "replace").lower() if match is not None else None
