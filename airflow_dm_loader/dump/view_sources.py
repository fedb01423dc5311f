"""Which schemas a view's query reads from: a view shows its readers what its definer may read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_dm_loader.dump.ddl_tokens import Token, identifier

# Where a list of tables begins and ends. Each is a reserved word of every server, so none can be an alias.
_BEGIN = frozenset({"FROM", "JOIN", "STRAIGHT_JOIN", "TABLE"})
_END = frozenset({"SELECT", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "USING"})
_CONDITION = "ON"  # of a join: behind a comma the list goes on


def schemas_read(query: Sequence[Token]) -> Iterator[str]:
    """The schemas of the tables in its lists of tables; a table of the view's own schema need not name it."""
    lists = [False]  # whether a list of tables is being read, in each parenthesis that is open
    in_condition = [False]
    for at, token in enumerate(query):
        if token.kind == "word":
            _note_word(token.text.upper(), lists, in_condition)
        elif token.text == "(":
            lists.append(lists[-1] and not in_condition[-1])
            in_condition.append(False)
        elif token.text == ")" and len(lists) > 1:
            lists.pop()
            in_condition.pop()
        elif token.text == ",":
            in_condition[-1] = False
        elif token.text == "." and lists[-1] and not in_condition[-1] and _is_of_a_table(query, at):
            yield identifier(query, at - 1, ansi_quotes=False) or ""


def _note_word(word: str, lists: list[bool], in_condition: list[bool]) -> None:
    if word in _BEGIN:
        lists[-1], in_condition[-1] = True, False
    elif word in _END:
        lists[-1] = in_condition[-1] = False
    elif word == _CONDITION:
        in_condition[-1] = True


def _is_of_a_table(query: Sequence[Token], dot: int) -> bool:
    """Whether a name stands before the dot, and no call behind it: ``sys.format_bytes(1)`` is no table."""
    return (
        dot > 0
        and query[dot - 1].kind in {"name", "word"}
        and not (dot + 2 < len(query) and query[dot + 2].text == "(")
    )
