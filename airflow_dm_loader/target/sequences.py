"""Sequences of a dump: created before the tables whose defaults use them, and moved to where they were at the source.

SETVAL moves a sequence forward alone, on every server, so doing it again does no harm: one that was used since stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.schema_files import SchemaFile, SequenceValue
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedSequence
from airflow_dm_loader.target.answers import as_number, maybe
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.refused_creates import refused, together

_ALREADY_THERE = 1050
_GOES_DOWN = "-"


@dataclass(frozen=True, slots=True)
class SequenceDraft:
    """A sequence of the dump, and whether the target has one of its name."""

    planned: PlannedSequence
    file: SchemaFile
    exists: bool


def kept_as_they_are(drafts: Iterable[SequenceDraft], ours: Collection[TableName]) -> Iterator[str]:
    """A warning for each that somebody else made."""
    for draft in drafts:
        if draft.exists and draft.planned.key not in ours:
            yield (
                f"the sequence {draft.planned.key} exists, and stays as it is; where its value "
                "is behind the dump's, it is moved there"
            )


def create_sequences(db: Database, drafts: Sequence[SequenceDraft], *, says_next: bool) -> None:
    """Create what is missing, and move all of them to the dump's values.

    Args:
        db: in a session for DDL.
        says_next: SETVAL can be told that the value is the next one.

    Raises:
        TargetError: the server refuses some; each is named.
    """
    errors: list[LoaderError] = []
    for draft in drafts:
        try:
            _create(db, draft, says_next=says_next)
        except TargetError as error:
            errors.append(error)
    if errors:
        raise together(errors)


def _create(db: Database, draft: SequenceDraft, *, says_next: bool) -> None:
    key, file = draft.planned.key, draft.file
    try:
        if not draft.exists:
            try:
                db.execute(f"CREATE SEQUENCE {key.quoted} {file.rest}".encode("utf-8", "surrogateescape"))
            except LoaderError as error:
                if error.errno != _ALREADY_THERE:
                    raise
        if file.value is not None:
            db.query(
                f"SELECT SETVAL({key.quoted}, {_setval(file.value, file.rest, says_next=says_next)})",
                shape=(maybe(as_number),),
            )
            db.commit()
    except LoaderError as error:
        raise refused(error.at(file=file.name, offset=file.offset, table=str(key)), "sequence") from error


def _setval(value: SequenceValue, options: str, *, says_next: bool) -> str:
    """What follows the name. Without the third argument a value is the last one that was given out."""
    if not value.is_next:
        return str(value.number)
    if says_next:
        return f"{value.number}, 0"
    words = options.lower().replace("=", " ").split()
    down = "increment" in words and any(word.startswith(_GOES_DOWN) for word in words[words.index("increment") :][:3])
    return str(value.number + 1 if down else value.number - 1)
