"""What defaults, checks and computed columns of a dump's table may not be: the rows that they are for would run them.

Servers refuse most of it themselves, each some of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_dm_loader.dump.ddl_tokens import Token, identifier, text_at
from airflow_dm_loader.dump.table_options import NotAllowedError

# They wait, lock, or read and write what is no column. In a view, too: TiDB runs parts of its query while it makes it.
ACTING = frozenset({
    "SLEEP", "BENCHMARK", "GET_LOCK", "RELEASE_LOCK", "RELEASE_ALL_LOCKS", "MASTER_POS_WAIT", "SOURCE_POS_WAIT",
    "WAIT_FOR_EXECUTED_GTID_SET", "WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS", "MASTER_GTID_WAIT", "WSREP_SYNC_WAIT_UPTO_GTID",
    "LOAD_FILE", "SETVAL",
})  # fmt: skip
_NEXT_OF = frozenset({"NEXTVAL", "LASTVAL"})  # NEXTVAL(s.q); the other form is NEXT VALUE FOR s.q


def check_expression(tokens: Sequence[Token], at: int) -> None:
    """Raise NotAllowedError where the token begins a query, calls what waits or reads elsewhere, or is a variable."""
    token = tokens[at]
    if token.kind != "word":
        return
    word = token.text.upper()
    if word == "SELECT" or (word in ACTING and text_at(tokens, at + 1) == "("):
        raise NotAllowedError(f"{word} may not stand in a table's definition", token.at)
    if word.startswith("@"):
        raise NotAllowedError("a variable may not stand in a table's definition", token.at)


def sequences_elsewhere(columns: Sequence[Token], schema: str) -> Iterator[str]:
    """Each, in words, that a default takes values from, and that is not of the table's own schema."""
    for at, token in enumerate(columns):
        word = token.text.upper() if token.kind == "word" else ""
        of_call = word in _NEXT_OF and text_at(columns, at + 1) == "("
        of_standard = word == "FOR" and text_at(columns, at - 1).upper() == "VALUE"
        start = at + 1 + of_call
        if (of_call or of_standard) and text_at(columns, start + 1) == ".":
            there = identifier(columns, start, ansi_quotes=True)
            if there is not None and there != schema:
                yield f"the sequence {there}.{identifier(columns, start + 2, ansi_quotes=True)}"
