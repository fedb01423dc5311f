"""The INI form of ``metadata``: mydumper 0.11 and later.

No INI library takes it: ``[config]`` stands twice, comments carry data, section names are quoted
identifiers that may hold dots and brackets, and values are not INI values::

    # Started dump at: 2026-11-23 17:29:14
    [config]
    quote-character = BACKTICK

    [myloader_session_variables]
    SQL_MODE='NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION' /*!40101

    [source]
    # executed_gtid_set = "0-7-28"
    # SOURCE_LOG_FILE = "vm-bin.000001"
    # SOURCE_LOG_POS = 606443

    [`shop`.`orders`]
    real_table_name=orders
    rows = 2400

    [`shop`]
    schema_checksum = E7DF63B3
    [config]
    max-statement-size = 95729
    # Finished dump at: 2026-11-23 17:29:14

Older versions write ``[master]`` for ``[source]``, ``File = ...`` and ``Position = ...`` without a ``#``,
and ``Rows`` for ``rows``; keys are read in any case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from airflow_dm_loader.dump.metadata_types import DumpMetadata, Line, TableMetadata
from airflow_dm_loader.dump.names import is_stand_in, unquote
from airflow_dm_loader.identifiers import TableName

_TIMES = re.compile(r"#\s*(Started|Finished) dump at:(.*)")
_SECTION = re.compile(r"\[(.*)\]\s*")
_SETTING = re.compile(r"(?P<comment>#\s*)?(?P<key>[^=\s]+)(?P<space>[ \t]*)=(?P<value>.*)")
_SESSION_VARIABLE = re.compile(r"\s*+([A-Za-z_][A-Za-z0-9_]*+)\s*+=(.*)")

_QUOTES = {"BACKTICK": "`", "DOUBLE_QUOTE": '"'}
_KNOWN_CONFIG = frozenset({"local-infile", "num-sequences"})
# Of [source]: what is known and of no use here. A password may stand here, so values are never quoted.
_KNOWN_SOURCE = re.compile(r"channel_name|(?:source|master)_\w+|n?myloader_exec_\w+")
_BINLOG_KEYS = {
    "file": "name",
    "source_log_file": "name",
    "master_log_file": "name",
    "position": "pos",
    "source_log_pos": "pos",
    "master_log_pos": "pos",
    "executed_gtid_set": "gtid",
}
_DATABASE_KEYS = frozenset({"schema_checksum", "post_checksum", "triggers_checksum", "events_checksum"})
_TABLE_KEYS = frozenset(field.name for field in fields(TableMetadata)) - {"real_name"} | {"real_table_name"}
_GTID_LINE = re.compile(
    r"[ \t]*+(?:#[ \t]*+)?+([0-9A-Fa-f][-0-9A-Za-z_:]*+(?:,[ \t]*+[0-9A-Fa-f][-0-9A-Za-z_:]*+)*+,?+)[ \t]*+\"?+[ \t]*+"
)
_FLAGS = {"0": False, "1": True}
_NOTHING = frozenset({"", "(null)", "null"})


class IniForm:
    """Parses one file; not to be used twice."""

    def __init__(self) -> None:
        self._times: dict[str, str] = {}
        self._quote = "`"
        self._ddl_in_table_charset = False
        self._counts_statements_only = False
        self._binlog: dict[str, str] = {}
        self._binlog_pos: int | None = None
        self._session: dict[str, str] = {}
        self._tables: dict[TableName, tuple[Line, dict[str, Any]]] = {}
        self._table: dict[str, Any] = {}
        self._warnings: list[str] = []
        self._open_gtid = False
        self._read: Callable[[Line], None] = self._read_unknown

    def parse(self, lines: list[Line]) -> DumpMetadata:
        """What the lines say."""
        for line in lines:
            if not line.text.strip():
                continue
            if match := _TIMES.fullmatch(line.text):
                self._times[match[1]] = line.time_of(match[2].strip())
            elif match := _SECTION.fullmatch(line.text):
                self._start_section(line, match[1])
            else:
                self._read(line)
        tables: dict[TableName, TableMetadata] = {}
        file_tables: dict[TableName, TableName] = {}
        for (schema, file_table), (line, values) in self._tables.items():
            table = TableMetadata(**{"real_name": file_table} | values)
            if (schema, table.real_name) in tables:
                raise line.error(f"describes table {table.real_name!r} of {schema!r} a second time")
            tables[TableName(schema, table.real_name)] = table
            if "real_name" in values or not is_stand_in(file_table):
                file_tables[TableName(schema, file_table)] = TableName(schema, table.real_name)
        if self._binlog.get("name") and self._binlog_pos is None:
            self._warnings.append(f"metadata names the binlog file {self._binlog['name']!r} but no position in it")
        return DumpMetadata(
            tool="ini",
            started_at=self._times.get("Started", ""),
            finished_at=self._times.get("Finished"),
            binlog_name=self._binlog.get("name", ""),
            binlog_pos=self._binlog_pos,
            binlog_gtid=self._binlog.get("gtid", ""),
            tables=tables,
            file_tables=file_tables,
            session_variables=self._session,
            quote_character=self._quote,
            ddl_in_table_charset=self._ddl_in_table_charset,
            counts_statements_only=self._counts_statements_only,
            warnings=tuple(self._warnings),
        )

    def _start_section(self, line: Line, name: str) -> None:
        self._close_gtid(line)
        if name.startswith(tuple(_QUOTES.values())):
            self._start_object(line, name)
        elif name == "config":
            self._read = self._read_config
        elif name == "myloader_session_variables":
            self._read = self._read_session_variable
        elif name in ("source", "master"):
            self._read = self._read_source
        elif name == "replication" or name.startswith("replication."):
            self._read = _skip  # where the source itself replicates from: not the position of this dump
        else:
            self._warnings.append(f"metadata section {line.quoted()} is not known and was not used")
            self._read = _skip

    def _start_object(self, line: Line, name: str) -> None:
        quote = re.escape(self._quote)
        identifier = f"{quote}((?:[^{quote}]|{quote}{quote})+){quote}"
        match = re.fullmatch(rf"{identifier}(?:\.{identifier})?", name)
        if match is None:
            raise line.error(f"is no section of a table or a schema, with {self._quote} as the quote character")
        if match[2] is None:
            self._read = self._read_database
            return
        key = TableName(unquote(match[1], self._quote), unquote(match[2], self._quote))
        if key in self._tables:
            raise line.error("starts the same section a second time")
        self._table = {}
        self._tables[key] = (line, self._table)
        self._read = self._read_table

    def _read_unknown(self, line: Line) -> None:
        self._warnings.append(line.unknown())

    def _read_config(self, line: Line) -> None:
        key, value = self._setting(line)
        if key in {"quote-character", "quote_character"}:  # with an underscore from 0.15 to 0.18
            if value.upper() not in _QUOTES:
                raise line.error(f"should be one of {', '.join(_QUOTES)}")
            self._quote = _QUOTES[value.upper()]
        elif key == "max-statement-size":  # it came with 0.20.1, as tables' CREATE in their own charset did
            self._ddl_in_table_charset = True
        elif key is not None and key not in _KNOWN_CONFIG:
            self._warnings.append(line.unknown())

    def _read_session_variable(self, line: Line) -> None:
        match = _SESSION_VARIABLE.fullmatch(line.text)
        value = "" if match is None else _without_version(match[2].strip())
        if match is None or (value[:1] in ("'", '"') and (len(value) < 2 or value[-1] != value[0])):
            raise line.error("should set a session variable")
        if value.lower() in _NOTHING:
            return
        self._session[match[1]] = value.strip("'\"") if value[:1] in ("'", '"') else value

    def _read_source(self, line: Line) -> None:
        if self._open_gtid and (more := _GTID_LINE.fullmatch(line.text)):
            self._binlog["gtid"] += more[1]
            self._open_gtid = more[1].endswith(",")
            return
        self._close_gtid(line)
        match = _SETTING.fullmatch(line.text.strip())
        key = match["key"].lower() if match else ""
        if match is None or (key not in _BINLOG_KEYS and not _KNOWN_SOURCE.fullmatch(key)):
            what = f"key {match['key'][:64]!r}" if match else "text"
            self._warnings.append(f"metadata line {line.number} has {what} that is not known and was not used")
        elif key in _BINLOG_KEYS:
            name, value = _BINLOG_KEYS[key], match["value"].strip().strip('"')
            if value.lower() in _NOTHING and name != "pos":
                return
            if name == "pos" and value.lower() != "(null)":
                self._binlog_pos = line.number_of(value, "the binlog position")
            elif name != "pos":
                self._binlog[name] = value
                self._open_gtid = name == "gtid" and value.endswith(",")

    def _close_gtid(self, line: Line) -> None:
        """A GTID set goes on over lines that each end in a comma, but the last."""
        if self._open_gtid:
            raise line.error("should go on with the GTID set of the line before, which ends in a comma")

    def _read_database(self, line: Line) -> None:
        key, value = self._setting(line)
        if key is not None and key not in _DATABASE_KEYS:
            self._warnings.append(line.unknown())
        elif key is not None and not value:
            raise line.error("has no value")

    def _read_table(self, line: Line) -> None:
        key, value = self._setting(line)
        if key is None:
            return
        if key not in _TABLE_KEYS:
            self._warnings.append(line.unknown())
        elif not value:
            raise line.error("has no value")
        elif key == "real_table_name":
            self._table["real_name"] = unquote(value, self._quote)
        elif key == "rows":
            self._counts_statements_only |= line.text.startswith("Rows")  # as it was written until 0.14
            self._table[key] = line.number_of(value, "the table's rows")
        elif key in ("is_view", "is_sequence"):
            if value not in _FLAGS:
                raise line.error("should be 0 or 1")
            self._table[key] = _FLAGS[value]
        elif value.lower() not in _NOTHING:
            if key == "data_checksum":
                line.number_of(value, "the table's checksum")
            elif not re.fullmatch(r"[0-9A-Fa-f]+", value):
                raise line.error("should hold a checksum in hexadecimal digits")
            self._table[key] = value

    def _setting(self, line: Line) -> tuple[str | None, str]:
        """(key in lower case, value); the key is None where the line is none, which becomes a warning."""
        match = _SETTING.fullmatch(line.text)
        if match is None or match["comment"]:
            self._warnings.append(line.unknown())
            return None, ""
        # mydumper writes real_table_name= without a space, and a name may start with one.
        return match["key"].lower(), match["value"].strip() if match["space"] else match["value"]


def _skip(line: Line) -> None:
    """A line of a section that says nothing about this load."""


def _without_version(value: str) -> str:
    """The value without the version comment that mydumper opens behind it: ``/*!40101``."""
    before, mark, version = value.rpartition("/*!")
    return before.rstrip() if mark and version.isdecimal() else value
