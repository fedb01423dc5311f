"""Tables of random columns and values, as mydumper writes them into .dat files and dumpling into .csv."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.engines.logical.random_tables import ESCAPES, HEAD, KINDS, Kind, escaped

# The tool's own types: what it writes as a number, without quotes.
MYDUMPER_NUMBERS = frozenset(
    {"smallint unsigned", "mediumint(8) unsigned zerofill", "int", "bigint", "bigint unsigned"}
)
_UTF8_HEAD = HEAD.replace("NAMES binary", "NAMES utf8mb4")

_MYDUMPER_KINDS = [
    *(kind for kind in KINDS if kind.form in {"number", "text", "bytes"} and kind.sql != "bit(9)"),
    Kind("bit(9)", "bytes", lambda random: bytes([random.randint(0, 1), random.randint(0, 255)])),
]
_DUMPLING_KINDS = [
    *(kind for kind in _MYDUMPER_KINDS if kind.sql not in {"text character set latin1", "point", "year"}),
    Kind("year", "number", lambda random: random.choice([b"0000", b"1901", b"2155"])),  # as servers show them
    Kind("text character set latin1", "text", lambda random: random.choice(["", "Zoë", "ÿ\\", "N", "\\N"]).encode()),
]


@dataclass(frozen=True)
class Dialect:
    """How a CSV dump is written: the settings that read it."""

    separator: str = ","
    delimiter: str = '"'
    terminator: str = "\r\n"
    null: str = "\\N"
    backslash_escape: bool = True
    header: bool = True

    @property
    def read_by_server(self) -> bool:
        """Whether LOAD DATA takes its NULL for one."""
        by_escape = self.backslash_escape and self.null == "\\N"
        return by_escape or (self.delimiter != "" and self.null == "NULL")

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "separator": self.separator,
            "delimiter": self.delimiter,
            "terminator": self.terminator if self.terminator not in {"\n", "\r\n"} else "",
            "null": self.null,
            "backslash_escape": self.backslash_escape,
            "header": self.header,
        }


DIALECTS = (
    Dialect(),
    Dialect(terminator="\n"),
    Dialect(separator="|+|", terminator="~\n"),
    Dialect(separator="\t", header=False),
    Dialect(backslash_escape=False),
    Dialect(backslash_escape=False, null="NULL", delimiter="'", separator=";"),
    Dialect(null="NULL"),
    Dialect(null=""),
    Dialect(delimiter="", separator="\t", terminator="\n"),
    Dialect(separator=",;", delimiter="|", null="nil"),
)


@dataclass(frozen=True)
class RecordTable:
    """A table, and its rows in the forms that the test needs: as a file, and as SQL for the server's client."""

    name: str
    create: str
    files: dict[str, bytes] = field(default_factory=dict)
    reference: dict[str, bytes] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()


Values = Sequence[Sequence[bytes | None]]


def dat_table(random: random.Random, name: str) -> RecordTable:
    """As mydumper writes it with --load-data, --csv, --hex-blob and --include-header; the client reads the same."""
    kinds = [random.choice(_MYDUMPER_KINDS) for _ in range(random.randint(1, 8))]
    csv, header, hexed = random.random() < 0.5, random.random() < 0.4, random.random() < 0.4
    separator, quote = (b",", b'"') if csv else (b"\t", b"")
    if random.random() < 0.2:
        separator = b"|;"
    through = [_function(kind, hexed) for kind in kinds]
    rows = _values(random, kinds)
    content = separator.join(quote + b"c%d" % at + quote for at in range(len(kinds))) + b"\n" if header else b""
    for row in rows:
        content += separator.join(
            _mydumper_field(value, kind, through[at], quote, separator)
            for at, (kind, value) in enumerate(zip(kinds, row, strict=True))
        )
        content += b"\n"
    names = [f"`c{at}`" if how is None else f"@c{at}" for at, how in enumerate(through)]
    assigned = ",".join(f"`c{at}`={how % f'@c{at}'}" for at, how in enumerate(through) if how is not None)
    written = "\\t" if separator == b"\t" else separator.decode()
    statement = (
        f"LOAD DATA LOCAL INFILE '{{folder}}s.{name}.00000.dat' INTO TABLE `{name}` CHARACTER SET binary "
        f"FIELDS TERMINATED BY '{written}' ENCLOSED BY '{quote.decode()}' ESCAPED BY '\\\\' LINES STARTING BY '' "
        f"TERMINATED BY '\\n' {'IGNORE 1 LINES ' if header else ''}({','.join(names)})"
        f"{'SET ' + assigned if assigned else ''};\n"
    )
    return RecordTable(
        name,
        _create(kinds),
        {f"s.{name}.00000.dat": content, f"s.{name}.00000.sql": (HEAD + statement).encode()},
        kinds=tuple(kind.sql for kind in kinds),
    )


def csv_table(random: random.Random, name: str, dialect: Dialect) -> RecordTable:
    """As dumpling writes it in that dialect, and the same values as INSERT."""
    kinds = [random.choice(_DUMPLING_KINDS) for _ in range(random.randint(1, 8))]
    rows = [[_fitting(value, kind, dialect) for kind, value in zip(kinds, row, strict=True)]
            for row in _values(random, kinds)]  # fmt: skip
    separator, ends, quote = (text.encode() for text in (dialect.separator, dialect.terminator, dialect.delimiter))
    content = separator.join(quote + b"c%d" % at + quote for at in range(len(kinds))) + ends if dialect.header else b""
    for row in rows:
        fields = (_dumpling_field(value, kind, dialect) for kind, value in zip(kinds, row, strict=True))
        content += separator.join(fields) + ends
    literals = [
        b"(%b)" % b",".join(_literal(value, kind) for kind, value in zip(kinds, row, strict=True)) for row in rows
    ]
    names = b",".join(b"`c%d`" % at for at in range(len(kinds)))
    into = b"INSERT INTO `%b` (%b) VALUES\n" % (name.encode(), names)
    inserts = _UTF8_HEAD.encode() + into + b",\n".join(literals) + b";\n"
    return RecordTable(
        name,
        _create(kinds),
        {f"s.{name}.000000000.csv": content},
        {f"s.{name}.sql": inserts},
        kinds=tuple(kind.sql for kind in kinds),
    )


def _values(random: random.Random, kinds: Sequence[Kind]) -> Values:
    return [
        [None if random.random() < 0.15 else kind.value(random) for kind in kinds] for _ in range(random.randint(1, 12))
    ]


def _create(kinds: Sequence[Kind]) -> str:
    columns = ", ".join(f"`c{at}` {kind.sql}" for at, kind in enumerate(kinds))
    charset = "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci"
    return f"({columns}, `g` int AS (`c0` IS NULL) VIRTUAL) ENGINE=InnoDB {charset}"


def _function(kind: Kind, hexed: bool) -> str | None:
    if kind.sql == "json":
        return "CONVERT(%s USING UTF8MB4)"
    return "UNHEX(%s)" if hexed and kind.sql in {"blob", "text"} else None


def _mydumper_field(value: bytes | None, kind: Kind, how: str | None, quote: bytes, separator: bytes) -> bytes:
    if value is None:
        return b"\\N"
    if how == "UNHEX(%s)":
        return value.hex().encode()
    if kind.sql in MYDUMPER_NUMBERS:
        return value
    text = escaped(value, ESCAPES).replace(separator[:1], b"\\" + separator[:1])
    return quote + text + quote


def _fitting(value: bytes | None, kind: Kind, dialect: Dialect) -> bytes | None:
    """Values that the dialect can't hold are left out: without quotes or escapes, dumpling's files are ambiguous."""
    if value is None or kind.form == "number":
        return value
    if not dialect.delimiter and value in {dialect.null.encode(), b""}:
        return b"x" if "text" in kind.sql or "char" in kind.sql else None
    if not dialect.delimiter and b"\\" not in dialect.null.encode() and value == b"NULL":
        return None
    return value


def _dumpling_field(value: bytes | None, kind: Kind, dialect: Dialect) -> bytes:
    if value is None:
        return dialect.null.encode()
    if kind.form == "number" and kind.sql != "year":
        return value
    quote = dialect.delimiter.encode()
    if dialect.backslash_escape:
        special = quote or dialect.separator.encode()[:1]
        escapes = {0: b"\\0", 13: b"\\r", 10: b"\\n", 92: b"\\\\", special[0]: b"\\" + special}
        return quote + escaped(value, escapes) + quote
    return quote + value.replace(quote, quote * 2) + quote


def _literal(value: bytes | None, kind: Kind) -> bytes:
    if value is None:
        return b"NULL"
    if kind.form == "bytes":
        return b"x'%b'" % value.hex().encode()
    return b"'" + escaped(value, ESCAPES) + b"'"
