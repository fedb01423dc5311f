"""Objects that run, at the target: made as the dump has them, looked at again, and switched on in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from airflow_dm_loader.dump.sql_modes import modes, without_quoting
from airflow_dm_loader.dump.table_options import NotAllowedError
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.objects.grammar import understand, words
from airflow_dm_loader.objects.kinds import EVENT, TRIGGER, Kind, SchemaObject
from airflow_dm_loader.objects.remedies import refused
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation_check import creation_warnings, worth_telling
from airflow_dm_loader.target.schema import ddl_session, in_its_charset

_MANY_TOKENS = 1 << 24  # what the server shows is no larger than what it took
_NOT_KEPT = frozenset({"NO_AUTO_CREATE_USER"})  # about GRANT alone, and gone from MySQL 8
_GONE = frozenset({1305, 1360, 1539})
_SHOWN_WORDS = 6


@dataclass(frozen=True, slots=True)
class Making:
    """How this load's objects are made.

    Attributes:
        definer: ``keep``, ``drop`` or ``replace:account``.
        sql_mode: the user's; None: each file's own, else the target's.
        target_sql_mode, time_zone: where neither says it.
        collations: the setting ``collation_map``.
    """

    definer: str
    sql_mode: str | None
    target_sql_mode: str
    time_zone: str
    collations: Mapping[str, str]

    def account(self, found: SchemaObject) -> str | None:
        """In whose name it is made, as DEFINER= takes it; None: in the loader's own."""
        if self.definer == "keep":
            return found.definer
        return None if self.definer == "drop" else self.definer.removeprefix("replace:")

    def session(self, found: SchemaObject) -> dict[str, str | int]:
        said = found.session
        mode = self.sql_mode if self.sql_mode is not None else said.get("sql_mode", self.target_sql_mode)
        kept = ",".join(name for name in modes(without_quoting(mode)) if name not in _NOT_KEPT)
        session = dict(ddl_session(kept, said.get("time_zone", self.time_zone)))
        if client := said.get("character_set_client"):
            session |= {"character_set_client": client, "character_set_connection": client}
        if collation := said.get("collation_connection", "").lower():
            session["collation_connection"] = self.collations.get(collation, collation)
        return session

    def statement(self, found: SchemaObject) -> str:
        """Its CREATE, under its own name in the schema that is the default one; an event's is off."""
        account = self.account(found)
        definer = f"DEFINER={account}" if account is not None else ""
        head = " ".join(filter(None, ("CREATE", definer, found.before, found.kind.word, quote(found.name))))
        if found.kind is TRIGGER:
            return f"{head} {found.timing} {quote(found.table or '')}{found.sql}"
        if found.kind is EVENT:
            off = "DISABLE" if found.is_enabled else found.status
            return f"{head}{found.sql[: found.status_at]} {off} {found.sql[found.status_at :]}"
        return f"{head}{found.sql}"

    def make(self, db: Database, found: SchemaObject) -> tuple[str, ...]:
        """Make an object that is missing; what the server warned of comes back in its own words."""
        session = self.session(found)
        db.use(found.schema)
        by_hand = f"Make it by hand, or leave {found.kind.part} out (objects); then clear."
        try:
            db.set_session(session)
            create = in_its_charset(self.statement(found), str(session["character_set_client"]), str(found), by_hand)
            return worth_telling(creation_warnings(db, db.execute(create)))
        except LoaderError as error:
            raise refused(error, found) from error

    def switch_on(self, db: Database, found: SchemaObject) -> None:
        """Switch an event on; ALTER would put the loader's account in the place of its definer."""
        account = self.account(found)
        definer = f"DEFINER={account} " if account is not None else ""
        try:
            db.set_session(self.session(found))
            db.execute(f"ALTER {definer}EVENT {TableName(found.schema, found.name).quoted} ENABLE")
        except LoaderError as error:
            if error.errno not in _GONE:  # its time has passed, and it is told as missing
                raise refused(error, found) from error


def there(db: Database, objects: Iterable[SchemaObject]) -> list[SchemaObject]:
    """Those that the target has by name, as far as the user may see them."""
    known: dict[tuple[Kind, str], set[str]] = {}
    found = []
    for one in objects:
        key = one.kind, one.schema
        if key not in known:
            known[key] = {
                _folded(one.kind, str(row[0])) for row in db.query(one.kind.listed, (one.schema,), shape=(as_text, ...))
            }
        if _folded(one.kind, one.name) in known[key]:
            found.append(one)
    return found


def shown(db: Database, wanted: SchemaObject) -> SchemaObject | None:
    """The target's object of that name. None: the account may not see its text, or it can't be read.

    Raises:
        LoaderError: it is gone.
    """
    rows = db.named(f"SHOW CREATE {wanted.kind.word} {TableName(wanted.schema, wanted.name).quoted}")
    text = rows[0].get(wanted.kind.shown) if rows else None
    if not text:
        return None
    try:
        found = understand(str(text), wanted.schema, None, most_tokens=_MANY_TOKENS)
    except NotAllowedError:
        return None
    client, collation = rows[0].get("character_set_client"), rows[0].get("collation_connection")
    return replace(found, session={"character_set_client": str(client), "collation_connection": str(collation)})


def differences(wanted: SchemaObject, found: SchemaObject, collations: Mapping[str, str]) -> Iterator[str]:
    """What of an object is not as in the dump, in words; who defined it, and whether it is on, is not looked at."""
    asked, made = words(wanted), words(found)
    if asked != made:
        at = next((at for at, pair in enumerate(zip(asked, made, strict=False)) if pair[0] != pair[1]), len(asked))
        at = min(at, len(made))
        yield f"{_excerpt(made, at)} instead of {_excerpt(asked, at)}"
    for name, value in found.session.items():
        said = wanted.session.get(name, "").lower()
        said = collations.get(said, said)
        if said and _known(said) != _known(value.lower()):
            yield f"{name} is {value} instead of {said}"


def _excerpt(text: list[str], at: int) -> str:
    return repr(" ".join(text[at : at + _SHOWN_WORDS]))


def _known(charset: str) -> str:
    return charset.replace("utf8mb3", "utf8", 1)


def _folded(kind: Kind, name: str) -> str:
    return name if kind is TRIGGER else name.lower()
