"""What the CREATE statement of an object that runs must look like: its head is held against the grammar to the body.

The body is a program, and whoever sets ``objects`` to load it trusts its author. But the statement makes one object of
a known kind under a name of its own, and nothing else: no replacement, no library (CREATE FUNCTION ... SONAME), nothing
in another schema. The server takes one statement at a time, so nothing can follow the body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from airflow_dm_loader.dump.ddl_tokens import Token, identifier, scan
from airflow_dm_loader.dump.schema_objects import Head, checked_tokens
from airflow_dm_loader.dump.table_options import NotAllowedError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.objects.kinds import BY_WORD, EVENT, FUNCTION, TRIGGER, SchemaObject

_OF_OTHER_SCHEMAS = "it is of another schema than the file"


def understand(statement: str, schema: str, table: str | None, *, most_tokens: int) -> SchemaObject:
    """Hold a CREATE statement, in the usual quotes and escapes, against the grammar of its kind.

    Args:
        schema, table: what the file's name says; None: the triggers may be of any table of the schema.

    Raises:
        NotAllowedError: it is not the CREATE of one object of that schema or table.
    """
    statement = without_wrapping(statement)
    tokens = checked_tokens(statement, most_tokens, of_program=True)
    head = Head(tokens)
    head.word("CREATE")
    if head.is_word("OR"):
        head.at += 1
        head.word("REPLACE")  # what exists is never replaced: the words are left out
    definer = head.definer(statement)
    before = ""
    if head.is_word("AGGREGATE"):
        head.at += 1
        before = "AGGREGATE"
    kind = BY_WORD[head.word(*BY_WORD).upper()]
    if before and kind is not FUNCTION:
        raise NotAllowedError("FUNCTION should stand here", head.place)
    if head.is_word("IF"):
        head.if_not_exists()
    name = _own_name(head, schema)
    found = SchemaObject(kind, schema, name, "", before=before, definer=definer)
    if kind is TRIGGER:
        return _trigger(head, statement, found, table)
    if kind is EVENT:
        return _event(head, statement, found)
    if head.text != "(":
        raise NotAllowedError("the parameters should stand here", head.place)
    return replace(found, sql=statement[head.end_before :])


def without_wrapping(statement: str) -> str:
    """mysqldump's ``/*!50003 CREATE*/ /*!50017 DEFINER=...*/ /*!50003 TRIGGER ... */`` without the comments."""
    if not statement.startswith("/*!5"):
        return statement
    pieces, at = [], 0
    for token in scan(statement):
        if token.kind in {"open", "close"}:
            pieces += [statement[at : token.at], " " * len(token.text)]
            at = token.end
    return "".join((*pieces, statement[at:])).strip()


def with_definer(statement: str, definer: str) -> str:
    """A CREATE with the DEFINER that the setting ``definer`` says: ``keep``, ``drop`` or ``replace:account``."""
    if definer == "keep":
        return statement
    tokens = list(scan(statement))
    at = next((at for at, token in enumerate(tokens) if token.text.upper() == "DEFINER"), len(tokens))
    ends = {"SQL", "VIEW", *BY_WORD}
    stop = next((at for at, token in enumerate(tokens) if token.kind == "word" and token.text.upper() in ends), 0)
    if at < stop:
        statement = statement[: tokens[at].at] + statement[tokens[stop].at :]
        return statement if definer == "drop" else _put(statement, tokens[at].at, definer)
    return statement if definer == "drop" or not stop else _put(statement, tokens[stop].at, definer)


def words(found: SchemaObject) -> list[str]:
    """What an object is, as words: without who defined it, its quotes, blanks and comments, and whether it is on."""
    text = " ".join((found.before, found.timing, quote(found.table) if found.table else "", found.sql))
    return [_plain(token) for token in scan(text) if token.kind not in {"open", "close"}]


def called(statement: str) -> set[str]:
    """The names before a parenthesis in a statement, in lower case: what it may call."""
    tokens = list(scan(statement))
    return {
        (identifier(tokens, at, ansi_quotes=False) or "").lower()
        for at, token in enumerate(tokens[:-1])
        if token.kind in {"word", "name"} and tokens[at + 1].text == "("
    }


def named(statement: str) -> set[str]:
    """All names in a statement, in lower case."""
    tokens = list(scan(statement))
    return {(identifier(tokens, at, ansi_quotes=False) or "").lower() for at in range(len(tokens))}


def _own_name(head: Head, schema: str) -> str:
    place = head.place
    names = head.names()
    if names[:-1] not in ([], [schema]):
        raise NotAllowedError(_OF_OTHER_SCHEMAS, place)
    return names[-1]


def _trigger(head: Head, statement: str, found: SchemaObject, table: str | None) -> SchemaObject:
    timing = [head.word("BEFORE", "AFTER"), head.word("INSERT", "UPDATE", "DELETE")]
    while head.is_word("OR"):  # MariaDB 12
        timing += [head.word("OR"), head.word("INSERT", "UPDATE", "DELETE")]
    timing.append(head.word("ON"))
    place = head.place
    of_table = _own_name(head, found.schema)
    if table is not None and of_table != table:
        raise NotAllowedError(f"it is a trigger of {of_table!r}, but the file's name says {table!r}", place)
    begin = head.end_before
    for word in ("FOR", "EACH", "ROW"):
        head.word(word)
    needs: tuple[str, ...] = ()
    if head.is_word("FOLLOWS", "PRECEDES"):
        head.at += 1
        needs = (_own_name(head, found.schema),)
    return replace(found, timing=" ".join(timing).upper(), table=of_table, sql=statement[begin:], needs=needs)


def _event(head: Head, statement: str, found: SchemaObject) -> SchemaObject:
    """Whether it is on stands apart from all else, since an event is made without running."""
    begin = head.end_before
    head.word("ON")
    head.word("SCHEDULE")
    rest = head.tokens[head.at :]
    do = next((at for at in _outside(rest) if _is(rest[at], "DO")), None)
    if do is None:
        raise NotAllowedError("the event has no DO", head.place)
    said = next((at for at in _outside(rest[:do]) if _is(rest[at], "ENABLE", "DISABLE")), None)
    if said is None:
        comment = next((at for at in _outside(rest[:do]) if _is(rest[at], "COMMENT")), do)
        at = rest[comment].at
        return replace(found, sql=statement[begin:], status="ENABLE", status_at=at - begin)
    last = said + 2 if _is(rest[said + 1], "ON") and _is(rest[said + 2], "SLAVE", "REPLICA") else said
    start, end = rest[said].at, rest[last].end
    sql = statement[begin:start] + statement[end:]
    return replace(found, sql=sql, status=statement[start:end].upper(), status_at=start - begin)


def _outside(tokens: Sequence[Token]) -> list[int]:
    """The places of the tokens that stand in no parentheses."""
    depth, found = 0, []
    for at, token in enumerate(tokens):
        if token.kind == "mark":
            depth += (token.text == "(") - (token.text == ")")
        elif depth == 0:
            found.append(at)
    return found


def _is(token: Token, *expected: str) -> bool:
    return token.kind == "word" and token.text.upper() in expected


def _put(statement: str, at: int, definer: str) -> str:
    return f"{statement[:at]}DEFINER={definer.removeprefix('replace:')} {statement[at:]}"


def _plain(token: Token) -> str:
    if token.kind == "name":
        return token.text[1:-1].replace("``", "`").lower()
    return token.text.lower() if token.kind == "word" else token.text
