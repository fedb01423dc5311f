"""Triggers and foreign keys that a swap takes away and makes again, with their SQL, stored before one is touched.

Whether each is there is asked of the server, since DDL and a row can't commit together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_text, read_stored
from airflow_dm_loader.target.hanging import Hanging, Hung


@dataclass(frozen=True, slots=True)
class Step(Hung):
    """One of them.

    Attributes:
        take_away, make_again: statements, for the table's schema as the default one.
        session: what ``make_again`` runs in.
    """

    take_away: str
    make_again: str
    session: Mapping[str, str | int] = field(default_factory=dict)


def keep(meta: Meta, token: str, steps: Iterable[Step]) -> None:
    """Write down what is there now, instead of what was known of the same ones; the caller commits."""
    for place, step in enumerate(steps):
        meta.db.execute(
            f"REPLACE INTO {meta['swap_step']} (token, kind, home_schema, home_table, name, place, take_away, "
            "make_again, session) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                token,
                step.kind.value,
                *step.table,
                step.name,
                place,
                step.take_away,
                step.make_again,
                json.dumps(dict(step.session)),
            ),
        )


def stored(meta: Meta, token: str) -> tuple[Step, ...]:
    """Those of a round, in the order in which they are made again."""
    return tuple(
        Step(kind, TableName(schema, table), name, take_away, make_again, _session(name, session))
        for kind, schema, table, name, take_away, make_again, session in meta.db.query(
            "SELECT kind, home_schema, home_table, name, take_away, make_again, session "
            f"FROM {meta['swap_step']} WHERE token = %s ORDER BY kind, place, name",
            (token,),
            shape=(Hanging, *(as_text,) * 6),
        )
    )


def tokens(meta: Meta) -> set[str]:
    """The rounds that have some."""
    rows = meta.db.query(f"SELECT DISTINCT token FROM {meta['swap_step']}", shape=(as_text,))
    return {str(token) for (token,) in rows}


def _session(name: str, stored: str) -> dict[str, str | int]:
    return read_stored(dict[str, str | int], stored, f"the session of {name}")


def forget(meta: Meta, token: str) -> None:
    """All of them are there again; the caller commits."""
    meta.db.execute(f"DELETE FROM {meta['swap_step']} WHERE token = %s", (token,))
