"""Tables with random columns, values and layouts, as the dump tools would write them and a little worse."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Container
from dataclasses import dataclass, field

from tests.dumps import Table

MODES = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"
HEAD = (
    "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n"
    f"/*!40101 SET SQL_MODE='{MODES}'*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
)
LAYOUTS = ("mydumper 0.10", "mydumper 1.0", "dumpling")
ESCAPES = {0: b"\\0", 10: b"\\n", 13: b"\\r", 26: b"\\Z", 34: b'\\"', 39: b"\\'", 92: b"\\\\"}
MORE_ESCAPES = {9: b"\\t", 8: b"\\b", 65: b"\\A", 37: b"\\%", 95: b"\\_", 10: b"\n", 34: b'"', 39: b"'", 78: b"\\N"}
TEXTS = (
    "", " ", "NULL", "null", "\\N", "N", "\\", "\\\\", "'", '"', "''", '""', "a'b", 'a"b', "\n", "\r\n", "\t",
    "\b", "\0", "\x1a", "),(", "),\n(", ")\n,(", ");\n", ";", ",", "(", ")", "_binary ", ",_binary ", '_binary "',
    "_binary", "/* (", "-- ", "#", "%", "_", "\\%", "\\_", "0x41", "x'41'", "it's", "Zoë", "日本語", "🙂", "e\u0301",
    "a" * 200, "`", "{stream}",
)  # fmt: skip
BLOBS = (
    *(text.encode() for text in TEXTS),
    bytes(range(256)),
    b"\xff\xfe",
    b"\x80",
    b"\xf0\x9f\x99",
    b"\xbf\x5c",
    b"\0\0",
)
JSONS: tuple[object, ...] = (
    None,
    True,
    1.5e300,
    "a\"b\\c/'\n",
    [],
    {},
    {"k": [1, None, "日本 🙂"]},
    {"_binary ": "),("},
    "",
)


@dataclass(frozen=True)
class Kind:
    """A column's type, how its values come about, and whether LOAD DATA may take them.

    ``form`` says how tools write it: number, text, bytes or raw.
    """

    sql: str
    form: str
    value: Callable[[random.Random], bytes]
    by_load_data: bool = True


def _choice(*values: str) -> Callable[[random.Random], bytes]:
    return lambda random: random.choice(values).encode()


def _between(low: int, high: int) -> Callable[[random.Random], bytes]:
    return lambda random: str(random.choice([low, high, 0, 1, random.randint(low, high)])).encode()


def _double(random: random.Random) -> bytes:
    some: float = struct.unpack("<d", random.randbytes(8))[0]
    value = random.choice(["0", "-0", "1.7976931348623157e308", "5e-324", "1e15", "0.1", "1e-7", repr(some)])
    return (value if "n" not in value else "1e100").replace("e+", "e").encode()


def _decimal(whole: int, fraction: int) -> Callable[[random.Random], bytes]:
    def value(random: random.Random) -> bytes:
        digit = random.choice("0159")
        number = digit * random.randint(1, whole) + "." + digit * (fraction - 1) + "5"
        return (random.choice(["", "-"]) + number).encode()

    return value


def _text(random: random.Random) -> bytes:
    return "".join(random.choice(TEXTS) for _ in range(random.randint(0, 3))).encode()


def _blob(longest: int) -> Callable[[random.Random], bytes]:
    return lambda random: b"".join(random.choice(BLOBS) for _ in range(random.randint(0, 3)))[:longest]


def _json(random: random.Random) -> bytes:
    return json.dumps(random.choice(JSONS), ensure_ascii=random.random() < 0.5).encode()


def _point(random: random.Random) -> bytes:
    return struct.pack("<IBIdd", random.choice([0, 4326]), 1, 1, random.uniform(-90, 90), random.uniform(-90, 90))


UTF8MB3 = "character set utf8mb3 collate utf8mb3_general_ci"  # no two servers imply the same collation
LABELS = ("a", "b,c", "it's", 'say "x"', "(y)", "10", "_binary", "%")
_LABELS = ",".join("'" + label.replace("'", "''") + "'" for label in LABELS)
KINDS = (
    Kind("tinyint", "number", _between(-128, 127)),
    Kind("smallint unsigned", "number", _between(0, 65535)),
    Kind("mediumint(8) unsigned zerofill", "number", lambda random: b"%08d" % random.randint(0, 99)),
    Kind("int", "number", _between(-(2**31), 2**31 - 1)),
    Kind("bigint", "number", _between(-(2**63), 2**63 - 1)),
    Kind("bigint unsigned", "number", _between(0, 2**64 - 1)),
    Kind("decimal(65,30)", "number", _decimal(35, 30)),
    Kind("decimal(5,2)", "number", _decimal(3, 2)),
    Kind("decimal(30,0)", "number", _between(-(10**30 - 1), 10**30 - 1)),
    Kind("double", "number", _double),
    Kind("float", "number", _choice("0", "-1.5", "3.40282e38", "1.17549e-38", "16777200", "0.1", "1e-10")),
    Kind("char(9)", "text", _choice("", "a", " a", "\\", '"', "NULL", "Zoë 🙂")),
    Kind("varchar(700)", "text", _text),
    Kind("text", "text", _text),
    Kind(
        f"longtext {UTF8MB3}",
        "text",
        lambda random: _text(random).replace("🙂".encode(), b"?"),
    ),
    Kind("text character set latin1", "text", _blob(600)),
    Kind("text character set ascii", "text", lambda random: _text(random).decode().encode("ascii", "replace")),
    Kind("binary(5)", "bytes", _blob(5)),
    Kind("varbinary(300)", "bytes", _blob(300)),
    Kind("blob", "bytes", _blob(1000)),
    Kind(f"enum({_LABELS})", "text", _choice(*LABELS)),
    Kind(
        f"set({_LABELS.replace('b,c', 'bc')})", "text", _choice("", "a", "a,bc", "it's,(y)", 'say "x",10', "_binary,%")
    ),
    Kind("date", "text", _choice("0000-00-00", "2026-02-31", "9999-12-31", "2026-00-01", "1000-01-01")),
    Kind(
        "datetime(6)",
        "text",
        _choice("0000-00-00 00:00:00.000000", "2026-11-23 01:02:03.000004", "1999-12-31 23:59:59"),
    ),
    Kind(
        "timestamp(3) NULL",
        "text",
        _choice("1970-01-01 00:00:01.000", "2038-01-19 03:14:07.999", "0000-00-00 00:00:00"),
    ),
    Kind("time(6)", "text", _choice("-838:59:59.000000", "838:59:59", "00:00:00.000001", "-00:00:00.5")),
    Kind("json", "text", _json),
    # both ways read these differently, so they must go as statements
    Kind("year", "number", _choice("0000", "0", "1901", "2155", "70", "26"), by_load_data=False),
    Kind("bit(1)", "bytes", lambda random: random.choice([b"\0", b"\1"]), by_load_data=False),
    Kind("bit(64)", "bytes", lambda random: random.randbytes(random.randint(1, 8)), by_load_data=False),
    Kind("bit(9)", "number", _choice("0", "5", "511", "b'101'", "0x1ff"), by_load_data=False),
    Kind("point", "bytes", _point, by_load_data=False),
    Kind("int", "raw", _choice("0x41", "b'101'", "TRUE", "1.5", "'7'", " 7 ", "+7", "(7)", "null"), by_load_data=False),
    Kind("decimal(25,5)", "raw", _choice("1e3", "'7.5'", "9007199254740993e0", " -1.5"), by_load_data=False),
    Kind("enum('1','2','3')", "raw", _choice("2", "'3'", "1"), by_load_data=False),
    Kind("set('1','2','3')", "raw", _choice("2", "'3'", "7"), by_load_data=False),
    Kind("text", "raw", _choice("0x414243", "x'4142'", "_binary 'a,b'", "'a' 'b'", "null", "12"), by_load_data=False),
    Kind("blob", "raw", _choice("0x00ff", "x'00ff'", "_binary '\\0,'", "NULL ", "b'1000001'"), by_load_data=False),
)


def kinds_of(flavour: str) -> tuple[Kind, ...]:
    """Those of a server of that flavour.

    MySQL takes no JSON of a string in the charset binary, so tools convert it there, which LOAD DATA can't. And to it
    -0 is a whole number in a statement, which has no sign: of a DOUBLE only LOAD DATA keeps it.
    """
    if flavour != "mysql":
        return KINDS
    other = {
        "json": Kind("json", "converted", _json, by_load_data=False),
        "double": Kind("double", "number", lambda random: _double(random).replace(b"-0", b"0")),
    }
    return tuple(other.get(kind.sql, kind) for kind in KINDS)


@dataclass(frozen=True)
class RandomTable(Table):
    """``by_load_data``: whether each value is in a form that both ways read alike."""

    comma_first: bool = False
    by_load_data: bool = False
    hex_blob: bool = False
    kinds: tuple[str, ...] = field(default=())

    @property
    def first_statement_tells_the_layout(self) -> bool:
        """Where its rows hold no string, mydumper's quote is guessed; where they hold no hex, there is none."""
        first, all_rows = "".join(self.rows[: self.rows_per_statement]), "".join(self.rows)
        if self.hex_blob and "0x" in all_rows and "0x" not in first:
            return False
        return "'" in first or '"' in first or "'" not in all_rows

    def data(self) -> str:
        step, insert = self.rows_per_statement, self.insert.format(table=self.name)
        parts = [list(self.rows[at : at + step]) for at in range(0, len(self.rows), step)]
        if self.comma_first:
            return self.head + "".join(f"{insert}" + "\n,".join(part) + "\n;\n" for part in parts)
        return self.head + "".join(f"{insert}\n" + ",\n".join(part) + ";\n" for part in parts)


def escaped(value: bytes, escapes: dict[int, bytes]) -> bytes:
    return b"".join(escapes.get(byte, bytes([byte])) for byte in value)


def _literal(
    random: random.Random, layout: str, kind: Kind, value: bytes, *, odd: bool, hex_blob: bool = False
) -> bytes:
    """A value as the tool writes it; ``odd``: in other escapes, which a server reads the same in statements only."""
    if kind.form in {"number", "raw"}:
        return value
    if kind.form == "bytes" and layout == "dumpling":
        return b"x'" + value.hex().encode() + b"'"
    if kind.form == "bytes" and hex_blob:
        return b"0x" + value.hex().upper().encode() if value else b'""'
    quote = b"'" if layout == "dumpling" else b'"'
    escapes = ESCAPES | {ord("\t"): b"\\t"} if random.random() < 0.2 else ESCAPES
    if odd and kind.sql in {"text", "varchar(700)", "blob"}:
        escapes = escapes | random.choice([{byte: escape} for byte, escape in MORE_ESCAPES.items() if escape != quote])
    text = quote + escaped(value, escapes) + quote
    if kind.form == "converted":
        return b"CONVERT(" + text + b" USING UTF8MB4)"
    marked = kind.form == "bytes" or kind.sql == "json" or kind.sql[:4] in {"date", "time"}
    return b"_binary " + text if layout == "mydumper 1.0" and marked else text


def random_table(
    random: random.Random, name: str, flavour: str = "mariadb", *, without: Container[str] = ()
) -> RandomTable:
    """One table that a server of that flavour takes, without columns of some kinds.

    About two of three are such that LOAD DATA may take them.
    """
    layout = random.choice(LAYOUTS)
    charset = "_utf8mb4" if flavour == "mysql" else ""  # written out there, and not that of the session
    wanted = random.random() < 0.67
    choice = [kind for kind in kinds_of(flavour) if kind.sql not in without and (not wanted or kind.by_load_data)]
    kinds = [random.choice(choice) for _ in range(random.randint(1, 9))]
    odd = not wanted and random.random() < 0.5
    hex_blob = layout != "dumpling" and random.random() < 0.25

    def written(kind: Kind) -> bytes:
        return _literal(random, layout, kind, kind.value(random), odd=odd, hex_blob=hex_blob)

    rows = []
    for _ in range(random.randint(1, 12)):
        values = [
            "NULL" if random.random() < 0.1
            else written(kind).decode("utf-8", "surrogateescape")
            for kind in kinds
        ]  # fmt: skip
        rows.append(f"({','.join(values)})")
    columns = [f"`c{at}` {kind.sql}" for at, kind in enumerate(kinds)]
    names = [f"`c{at}`" for at in range(len(kinds))]
    generated = random.random() < 0.4
    listed = generated or random.random() < 0.4
    if generated:
        columns.insert(
            random.randint(0, len(columns)),
            f"`g` varchar(20) AS (concat({charset}'(', `c0` is null, {charset}',')) VIRTUAL",
        )
        stored = "VIRTUAL" if kinds[0].sql.startswith("char") else "STORED"  # MariaDB can't store what comes of a CHAR
        columns.append(f"`h` int GENERATED ALWAYS AS (`c0` is null) {stored}")
    if random.random() < 0.3:
        # MySQL forgets an expression where an INSERT names no columns.
        columns.append(f"`hidden` int INVISIBLE DEFAULT {'3' if flavour == 'mysql' else '(1 + 2)'}")
    if random.random() < 0.5:
        columns += ["`id` int NOT NULL AUTO_INCREMENT", "PRIMARY KEY (`id`)"]
        names.append("`id`")
        rows = [f"{row[:-1]},{at})" for at, row in enumerate(rows)]  # from 0
    verb = random.choice(["INSERT INTO", "INSERT INTO", "REPLACE INTO", "INSERT IGNORE INTO"])
    return RandomTable(
        name,
        f"({', '.join(columns)}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
        rows,
        insert=f"{verb} `{{table}}` {'(' + ','.join(names) + ') ' if listed else ''}VALUES",
        rows_per_statement=random.randint(1, 6),
        head=HEAD,
        comma_first=layout == "mydumper 1.0",
        by_load_data=wanted,
        hex_blob=hex_blob,
        kinds=tuple(kind.sql for kind in kinds),
    )
