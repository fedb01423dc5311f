"""The kinds of object that run, one row each, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ObjectsPart(StrEnum):
    """The kinds as ``objects`` names them."""

    TRIGGERS = "triggers"
    ROUTINES = "routines"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    Attributes:
        word: behind CREATE, DROP IF EXISTS and SHOW CREATE.
        part: which part of the setting ``objects`` it is in.
        privilege: what is needed to make it, on its schema.
        listed: SELECT name of those that a schema has, as far as the user may see them; takes the schema.
        shown: the column of SHOW CREATE that holds the statement, in lower case.
    """

    word: str
    part: ObjectsPart
    privilege: str
    listed: str
    shown: str

    def __str__(self) -> str:
        return self.word.lower()


def _routine(word: str) -> Kind:
    return Kind(
        word,
        ObjectsPart.ROUTINES,
        "CREATE ROUTINE",
        f"SELECT routine_name FROM information_schema.routines WHERE routine_schema = %s AND routine_type = '{word}'",
        f"create {word.lower()}",
    )


FUNCTION = _routine("FUNCTION")
PROCEDURE = _routine("PROCEDURE")
EVENT = Kind(
    "EVENT",
    ObjectsPart.EVENTS,
    "EVENT",
    "SELECT event_name FROM information_schema.events WHERE event_schema = %s",
    "create event",
)
TRIGGER = Kind(
    "TRIGGER",
    ObjectsPart.TRIGGERS,
    "TRIGGER",
    "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = %s",
    "sql original statement",
)

KINDS: tuple[Kind, ...] = (FUNCTION, PROCEDURE, EVENT, TRIGGER)  # views that call functions come behind those
BY_WORD: Mapping[str, Kind] = {kind.word: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """An object as a dump has it.

    Attributes:
        sql: its CREATE, in the usual quotes and escapes, from what follows the name on; of a trigger from what follows
            its table on, of an event without ENABLE and DISABLE.
        before: words before the kind: AGGREGATE, or nothing.
        timing, table: of a trigger: ``BEFORE INSERT ON``, and the table's name.
        status, status_at: of an event: its words for that, and where in ``sql`` they go.
        definer: the account as it stands in the dump, or None.
        session: what the dump says of the session that it was made in.
        needs: names of triggers that must be there before it.
        after: how many kinds are made before its own.
    """

    kind: Kind
    schema: str
    name: str
    sql: str
    before: str = ""
    timing: str = ""
    table: str | None = None
    status: str = ""
    status_at: int = 0
    definer: str | None = None
    session: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    file: str = ""
    offset: int = 0

    @property
    def after(self) -> int:
        return KINDS.index(self.kind)

    @property
    def is_enabled(self) -> bool:
        """Whether it is an event that runs."""
        return self.status == "ENABLE"

    def __str__(self) -> str:
        return f"{self.kind} {self.schema}.{self.name}"
