"""What a schema file may hold: the one CREATE statement of the object that its name says, and nothing else.

A dump is data. Whoever can write one must not get to run statements with the loader's privileges, so each statement is
read as tokens from its first to its last, and what the grammar of dump tools does not have is refused before anything
runs. What stands in version comments is held against the grammar too; how a comment ends must be beyond doubt, since a
server may run it or pass over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from airflow_dm_loader.dump.column_expressions import ACTING, check_expression, sequences_elsewhere
from airflow_dm_loader.dump.ddl_tokens import Token, identifier, scan
from airflow_dm_loader.dump.table_options import (
    NotAllowedError,
    Options,
    check_database_options,
    check_sequence_options,
)
from airflow_dm_loader.dump.view_sources import schemas_read

_MARKS_OF_NO_STATEMENT = frozenset("'\"`\\;")  # a quote that is never closed, and what ends a statement
_MOST_TOKENS_OF_A_HEAD = 64
GLOBAL_TEMPORARY = "GLOBAL TEMPORARY"  # TiDB's tables whose rows each session has for itself
_SELECTS = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})


class ObjectKind(StrEnum):
    """What a CREATE statement makes."""

    DATABASE = "database"
    TABLE = "table"
    VIEW = "view"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """What a schema file is for, by its name. ``name``: None for a database."""

    kind: ObjectKind
    schema: str
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.schema}" + (f".{self.name}" if self.name is not None else "")


@dataclass(frozen=True, slots=True)
class Definition:
    """A CREATE statement that was understood.

    Attributes:
        before: what stands between CREATE and the kind: a view's ALGORITHM, DEFINER and SQL SECURITY; GLOBAL TEMPORARY
            of a table.
        rest_at: where, behind the object's name, its definition begins.
        engines: a table's, in upper case, also those of its partitions.
        unsafe: options, and sequences of defaults, that are not the table's own: only a person may make such a table.
        reads: the schemas that a view's query names.
    """

    before: str
    rest_at: int
    engines: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


def understand(statement: str, wanted: SchemaObject, *, most_tokens: int) -> Definition:
    """Hold a CREATE statement, with the usual quotes and escapes, against the grammar of its kind.

    Raises:
        NotAllowedError: it is for another object, or holds what such a statement may not.
    """
    tokens = checked_tokens(statement, most_tokens)
    head = Head(tokens)
    before = head.begin(statement, wanted.kind)
    head.name_of(wanted)
    rest = tokens[head.at :]
    rest_at = tokens[head.at - 1].end
    options = Options()
    reads: Iterable[str] = ()
    match wanted.kind:
        case ObjectKind.TABLE:
            behind = _after_columns(rest, rest_at)
            options.unsafe += sequences_elsewhere(rest[: len(rest) - len(behind)], wanted.schema)
            _each_run(behind, options.read_table)
        case ObjectKind.VIEW:
            reads = schemas_read(_checked_query(rest, rest_at))
        case ObjectKind.DATABASE:
            _each_run(rest, check_database_options)
        case ObjectKind.SEQUENCE:
            _each_run(rest, check_sequence_options)
    return Definition(
        before, rest_at, tuple(options.engines), tuple(dict.fromkeys(options.unsafe)), tuple(dict.fromkeys(reads))
    )


def created_name(statement: str, kind: ObjectKind) -> str:
    """The name of what a CREATE statement creates; what follows the name is not looked at.

    Raises:
        NotAllowedError: it creates something of another kind.
    """
    head = Head(list(islice(scan(statement), _MOST_TOKENS_OF_A_HEAD)))
    head.begin(statement, kind)
    return head.names()[-1]


def checked_tokens(statement: str, most: int, *, of_program: bool = False) -> list[Token]:
    """The tokens; each comment and quote must end where every server ends it.

    Args:
        of_program: it has a body of several statements, each with a ``;``.
    """
    marks = _MARKS_OF_NO_STATEMENT - {";"} if of_program else _MARKS_OF_NO_STATEMENT
    tokens: list[Token] = []
    end_of_comment = -1
    for token in scan(statement):
        if len(tokens) >= most:
            raise NotAllowedError(
                f"the statement has more than {most} words and signs (max_schema_file_bytes, of which each takes 16)",
                token.at,
            )
        if token.kind == "mark" and (token.text[0] in marks or token.text < " " or token.text == "\x7f"):
            raise NotAllowedError(f"{token.text[0]!r} stands outside of quotes", token.at)
        before = tokens[-1] if tokens else None
        if token.text.startswith("/*") and token.kind == "mark":
            raise NotAllowedError("a comment is not closed, or is one to some servers only", token.at)
        if before is not None and before.end == token.at and before.text + token.text in {"/*", "--"}:
            raise NotAllowedError("a comment is not closed, or is one to some servers only", before.at)
        if token.kind == "open":
            if end_of_comment >= 0:
                raise NotAllowedError("a version comment within another", token.at)
            end_of_comment = statement.find("*/", token.end)
        elif token.kind == "close":
            if token.at != end_of_comment:
                raise NotAllowedError("where this version comment ends is not the same to all servers", token.at)
            end_of_comment = -1
        elif end_of_comment >= 0 and token.end > end_of_comment:
            raise NotAllowedError("where this version comment ends is not the same to all servers", token.at)
        tokens.append(token)
    if end_of_comment >= 0 or (tokens and tokens[-1].kind == "open"):
        raise NotAllowedError("a version comment is not closed", tokens[-1].at)
    return tokens


class Head:
    """Reads a statement up to the name of what it creates."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def begin(self, statement: str, kind: ObjectKind) -> str:
        """Up to the name; what stands before the word for the kind comes back, see :class:`Definition`."""
        self.word("CREATE")
        before = self.options_before(kind, statement)
        self.word(*(("DATABASE", "SCHEMA") if kind is ObjectKind.DATABASE else (kind.upper(),)))
        if kind is not ObjectKind.VIEW:
            self.if_not_exists()
        return before

    def word(self, *words: str) -> str:
        """One of these words, as it stands; it is passed."""
        if not self.is_word(*words):
            raise NotAllowedError(f"{' or '.join(words)} should stand here", self.place)
        self.at += 1
        return self.tokens[self.at - 1].text

    def if_not_exists(self) -> None:
        """IF NOT EXISTS, in a version comment or not, where it stands here."""
        commented = self._kind == "open"
        self.at += commented
        if commented or self.is_word("IF"):
            self.word("IF")
            self.word("NOT")
            self.word("EXISTS")
        if commented:
            if self._kind != "close":
                raise NotAllowedError("the end of the version comment should stand here", self.place)
            self.at += 1

    def options_before(self, kind: ObjectKind, statement: str) -> str:
        """What may stand before the word for the kind, as it stands."""
        if kind is ObjectKind.VIEW:
            return self.view_options(statement)
        if kind is ObjectKind.TABLE and self.is_word("GLOBAL"):
            self.at += 1
            self.word("TEMPORARY")
            return GLOBAL_TEMPORARY
        return ""

    def view_options(self, statement: str) -> str:
        """ALGORITHM, DEFINER and SQL SECURITY, as they stand."""
        start = self.place
        if self.is_word("ALGORITHM"):
            self.at += 1
            self._mark("=")
            self.word("UNDEFINED", "MERGE", "TEMPTABLE")
        self.definer(statement)
        if self.is_word("SQL"):
            self.at += 1
            self.word("SECURITY")
            self.word("DEFINER", "INVOKER")
        return statement[start : self.place].strip()

    def definer(self, statement: str) -> str | None:
        """The account of DEFINER=..., as it stands; None: nobody is named."""
        if not self.is_word("DEFINER"):
            return None
        self.at += 1
        self._mark("=")
        start = self.place
        self._account()
        return statement[start : self.end_before]

    def name_of(self, wanted: SchemaObject) -> None:
        place = self.place
        names = self.names()
        expected = [wanted.schema] if wanted.name is None else [wanted.schema, wanted.name]
        if names not in (expected, expected[-1:]):
            raise NotAllowedError(f"it creates {'.'.join(names)!r}, but the file's name says {expected[-1]!r}", place)

    def names(self) -> list[str]:
        """The object's name, behind that of its schema where it stands there."""
        names = [self._name()]
        if self.text == ".":
            self.at += 1
            names.append(self._name())
        return names

    def _account(self) -> None:
        """`` `user`@`host` ``, a role, or CURRENT_USER with or without parentheses; an @ is part of a word."""
        user = self._part_of_account()
        if self._kind == "word" and self.text.startswith("@"):
            user, self.at = self.text, self.at + 1
        if user.endswith("@"):
            self._part_of_account()
        if self.text == "(":
            self.at += 1
            self._mark(")")

    def _part_of_account(self) -> str:
        if self._kind not in {"name", "string", "word"}:
            raise NotAllowedError("an account should stand here", self.place)
        self.at += 1
        token = self.tokens[self.at - 1]
        return token.text if token.kind == "word" else ""

    def _name(self) -> str:
        name = identifier(self.tokens, self.at, ansi_quotes=False)
        if not name:
            raise NotAllowedError("a name should stand here", self.place)
        self.at += 1
        return name

    def _mark(self, text: str) -> None:
        if self.text != text:
            raise NotAllowedError(f"{text} should stand here", self.place)
        self.at += 1

    def is_word(self, *words: str) -> bool:
        """Whether one of these stands here."""
        return self._kind == "word" and self.text.upper() in words

    @property
    def end_before(self) -> int:
        """Where in the statement the token before ends."""
        return self.tokens[self.at - 1].end

    @property
    def _kind(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else ""

    @property
    def text(self) -> str:
        """The token that stands here."""
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    @property
    def place(self) -> int:
        """Where in the statement."""
        if self.at < len(self.tokens):
            return self.tokens[self.at].at
        return self.tokens[-1].end if self.tokens else 0


def _after_columns(rest: Sequence[Token], place: int) -> Sequence[Token]:
    """What follows the list of columns, which is looked through. Raises NotAllowedError."""
    if not rest or rest[0].text != "(" or _is_word(rest[1:2], "LIKE"):
        raise NotAllowedError("the list of columns should stand here", rest[0].at if rest else place)
    depth, depth_before_comment = 0, 0  # 0: not within one
    for at, token in enumerate(rest):
        if token.kind == "open":
            depth_before_comment = depth
        elif token.kind == "close":
            if depth != depth_before_comment:
                raise NotAllowedError("a parenthesis of the version comment is not closed in it", token.at)
            depth_before_comment = 0
        elif token.kind == "mark":
            depth += (token.text == "(") - (token.text == ")")
            if depth == depth_before_comment == 0:
                return rest[at + 1 :]
            if depth < depth_before_comment:
                raise NotAllowedError("the version comment closes a parenthesis that is not its own", token.at)
        else:
            check_expression(rest, at)
    raise NotAllowedError("the list of columns is not closed", rest[-1].end)


def _checked_query(rest: Sequence[Token], place: int) -> Sequence[Token]:
    """A view's query, behind the names of its columns and AS, which every server takes for just that."""
    at = 0
    if rest and rest[0].text == "(":
        while at < len(rest) and rest[at].text != ")":
            at += 1
            if at < len(rest) and rest[at].kind not in {"name", "word"} and rest[at].text not in {",", ")"}:
                raise NotAllowedError("the names of the view's columns should stand here", rest[at].at)
        at += 1
    if not _is_word(rest[at : at + 1], "AS"):
        raise NotAllowedError("AS should stand here", rest[at].at if at < len(rest) else place)
    query = rest[at + 1 :]
    while query and query[0].text == "(":
        query = query[1:]
    if not query or not _is_word(query[:1], *_SELECTS):
        raise NotAllowedError("a query should stand here", query[0].at if query else place)
    for at, token in enumerate(query):
        if token.kind in {"open", "close"}:
            raise NotAllowedError("a version comment may not stand in a view's query", token.at)
        # Servers take a function's name in quotes, too.
        called = token.text.strip("`").upper() if at + 1 < len(query) and query[at + 1].text == "(" else ""
        if called in ACTING:
            raise NotAllowedError(f"{called} may not stand in a view's query", token.at)
        if _is_word([token], "INTO"):
            raise NotAllowedError("INTO may not stand in a view's query", token.at)
    return query


def _each_run(rest: Sequence[Token], check: Callable[[Sequence[Token]], None]) -> None:
    """Check what stands outside of version comments, and each of them: in it must stand whole options."""
    run: list[Token] = []
    for token in rest:
        if token.kind in {"open", "close"}:
            check(run)
            run = []
        else:
            run.append(token)
    check(run)


def _is_word(tokens: Sequence[Token], *words: str) -> bool:
    return bool(tokens) and tokens[0].kind == "word" and tokens[0].text.upper() in words
