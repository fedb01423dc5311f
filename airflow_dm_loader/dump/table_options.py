"""What may follow the list of columns in a CREATE TABLE: options and partitions, as servers write them.

An option that reads or writes elsewhere than in the server's own tables (a folder, another server, another table) is
told apart: a load never makes such a table, but loads into one that a person has made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_dm_loader.dump.ddl_tokens import Token

_PLAIN = frozenset({
    "AUTO_INCREMENT", "AVG_ROW_LENGTH", "CHECKSUM", "TABLE_CHECKSUM", "PAGE_CHECKSUM", "COMMENT", "COMPRESSION",
    "DELAY_KEY_WRITE", "ENCRYPTION", "KEY_BLOCK_SIZE", "MAX_ROWS", "MIN_ROWS", "PACK_KEYS", "ROW_FORMAT",
    "STATS_AUTO_RECALC", "STATS_PERSISTENT", "STATS_SAMPLE_PAGES", "TRANSACTIONAL", "SECONDARY_ENGINE",
    "SECONDARY_ENGINE_ATTRIBUTE", "ENGINE_ATTRIBUTE", "AUTOEXTEND_SIZE", "SEQUENCE", "TABLESPACE",
    "PAGE_COMPRESSED", "PAGE_COMPRESSION_LEVEL", "ENCRYPTED", "ENCRYPTION_KEY_ID",
    "SHARD_ROW_ID_BITS", "PRE_SPLIT_REGIONS", "AUTO_ID_CACHE", "AUTO_RANDOM_BASE", "TTL_ENABLE", "TTL_JOB_INTERVAL",
    "AFFINITY",
})  # fmt: skip
_ENGINE = frozenset({"ENGINE", "TYPE"})
_CHARSETS = frozenset({"CHARSET", "COLLATE"})
_OF_SEQUENCES = frozenset({
    "START", "WITH", "MINVALUE", "MAXVALUE", "INCREMENT", "BY", "CACHE", "NOCACHE", "CYCLE", "NOCYCLE", "NO", "AS",
    "BIGINT", "INT", "INTEGER", "MEDIUMINT", "SMALLINT", "TINYINT", "SIGNED", "UNSIGNED", "ENGINE", "INNODB",
})  # fmt: skip
_NEVER = frozenset({"SELECT", "TABLE", "AS", "WITH", "REPLACE", "IGNORE", "UNION", "EXECUTE", "INTO"})
_VALUES_OF_PARTITIONS = frozenset({"LESS", "IN"})
_FOLDERS = frozenset({"DATA", "INDEX"})


class NotAllowedError(ValueError):
    """The statement is not one that dump tools write for this object; ``at``: where in it."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at


@dataclass(slots=True)
class Options:
    """What was found.

    Attributes:
        engines: each that is named, in upper case, also of partitions.
        unsafe: what reaches out of the table's own schema: folders, servers, tables and sequences of others.
    """

    engines: list[str] = field(default_factory=list)
    unsafe: list[str] = field(default_factory=list)

    def read_table(self, run: Sequence[Token]) -> None:
        """Whole options of a table, with partitions as the last of them. Raises NotAllowedError."""
        reader = _Run(run)
        while reader.left:
            if not reader.takes_mark(","):
                self._read_option(reader)

    def _read_option(self, reader: _Run) -> None:
        if reader.takes("PARTITION", "BY"):
            self._read_partitions(reader)
        elif reader.takes("WITH", "SYSTEM", "VERSIONING"):
            pass
        elif reader.takes("ON", "COMMIT"):  # of a temporary table
            reader.expect("DELETE", "PRESERVE")
            reader.expect("ROWS")
        elif reader.takes("STORAGE"):
            reader.expect("DISK", "MEMORY")
        elif reader.takes("PLACEMENT", "POLICY"):
            reader.value()
        elif reader.takes("TTL"):
            reader.value()
            reader.expect_mark("+")
            reader.expect("INTERVAL")
            reader.value()
            reader.value()
        elif reader.takes("DATA", "DIRECTORY") or reader.takes("INDEX", "DIRECTORY"):
            reader.value()
            self.unsafe.append("DATA DIRECTORY")
        elif reader.takes("CHARACTER", "SET") or reader.takes("DEFAULT", "CHARACTER", "SET"):
            reader.value()
        else:
            reader.takes("DEFAULT")
            self._read_named(reader)

    def _read_named(self, reader: _Run) -> None:
        name = reader.name()
        if name in _CHARSETS or name in _PLAIN:
            reader.value()
        elif name in _ENGINE:
            self.engines.append(reader.value().upper())
        elif reader.is_mark("=") or name == "CONNECTION":
            reader.value_or_list()
            self.unsafe.append(name)
        else:
            raise reader.unexpected()

    def _read_partitions(self, reader: _Run) -> None:
        """Partitions to the statement's end; there is nothing else that may follow them."""
        depth = 0
        while reader.left:
            if reader.takes_mark("("):
                depth += 1
            elif reader.takes_mark(")"):
                depth -= 1
                if depth < 0:
                    raise reader.unexpected()
            elif reader.takes("VALUES"):
                if depth != 1 or not reader.is_word(*_VALUES_OF_PARTITIONS):
                    raise reader.unexpected()
            elif reader.takes("DATA", "DIRECTORY") or reader.takes("INDEX", "DIRECTORY"):
                self.unsafe.append("DATA DIRECTORY")
            elif reader.takes("CONNECTION"):
                self.unsafe.append("CONNECTION")
            elif depth and reader.takes("ENGINE"):
                self.engines.append(reader.value().upper())
            elif reader.is_word(*_NEVER):
                raise reader.unexpected()
            else:
                reader.skip()


def check_database_options(run: Sequence[Token]) -> None:
    """A database's charset, collation, encryption, comment and placement. Raises NotAllowedError."""
    reader = _Run(run)
    while reader.left:
        if reader.takes("PLACEMENT", "POLICY") or reader.takes("CHARACTER", "SET"):
            reader.value()
            continue
        if reader.takes("DEFAULT"):
            continue
        if reader.name() not in {*_CHARSETS, "ENCRYPTION", "COMMENT"}:
            raise reader.unexpected()
        reader.value()


def check_sequence_options(run: Sequence[Token]) -> None:
    """A sequence's numbers and words. Raises NotAllowedError."""
    reader = _Run(run)
    while reader.left:
        if not (reader.is_word(*_OF_SEQUENCES) or reader.is_number or reader.is_mark("=") or reader.is_mark("-")):
            raise reader.unexpected()
        reader.skip()


class _Run:
    """Tokens that are read one after the other."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def left(self) -> bool:
        return self._at < len(self._tokens)

    @property
    def is_number(self) -> bool:
        return self.left and self._tokens[self._at].text.isdigit()

    def is_word(self, *words: str) -> bool:
        return self.left and self._tokens[self._at].kind == "word" and self._tokens[self._at].text.upper() in words

    def is_mark(self, text: str) -> bool:
        return self.left and self._tokens[self._at].kind == "mark" and self._tokens[self._at].text == text

    def takes(self, *words: str) -> bool:
        """Take these words, one after the other, if they stand here."""
        found = self._tokens[self._at : self._at + len(words)]
        if [token.text.upper() if token.kind == "word" else "" for token in found] != list(words):
            return False
        self._at += len(words)
        return True

    def takes_mark(self, text: str) -> bool:
        found = self.is_mark(text)
        self._at += found
        return found

    def expect(self, *words: str) -> None:
        if not self.is_word(*words):
            raise self.unexpected()
        self._at += 1

    def expect_mark(self, text: str) -> None:
        if not self.takes_mark(text):
            raise self.unexpected()

    def name(self) -> str:
        """An option's name, in upper case."""
        if not self.left or self._tokens[self._at].kind not in {"word", "name"}:
            raise self.unexpected()
        self._at += 1
        return self._tokens[self._at - 1].text.strip("`").upper()

    def value(self) -> str:
        """A single value, with or without ``=`` before it, without its quotes."""
        self.takes_mark("=")
        if not self.left or self._tokens[self._at].kind == "mark" or self.is_word(*_NEVER):
            raise self.unexpected()
        self._at += 1
        return self._tokens[self._at - 1].text.strip("'\"`")

    def value_or_list(self) -> None:
        self.takes_mark("=")
        if not self.takes_mark("("):
            self.value()
            return
        while not self.takes_mark(")"):
            if not self.left or self.is_word(*_NEVER) or self.is_mark("("):
                raise self.unexpected()
            self._at += 1

    def skip(self) -> None:
        self._at += 1

    def unexpected(self) -> NotAllowedError:
        """The error for what stands here."""
        if not self.left:
            return NotAllowedError("a value is missing", self._tokens[-1].end)
        token = self._tokens[self._at]
        return NotAllowedError(f"{token.text[:40]!r} may not stand in such a statement", token.at)
