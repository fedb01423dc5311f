"""Files of a dump that is still being made: taken up one by one, before it is known which others there will be.

Their places do not come from the order of the dump's files, which is not known yet, but from that of their arrival.
They stay what they are once the dump is whole: chunks are stored by them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import CheckpointError, RetriableError, RowError
from airflow_dm_loader.identifiers import OfTable, TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedFile
from airflow_dm_loader.state import holds, loads
from airflow_dm_loader.state.batches import batches, insert
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_text, as_truth, maybe

FIRST_PLACE = 1 << 30  # more than any dump has files
_DUPLICATE_KEY = 1062
_SINCE = 12  # the version of the meta schema that has the versions of files
_REMEDY = (
    "If the dump tool began anew, empty the tables of this load, set remove_meta and trigger again. Else put the file "
    "back as it was."
)


@dataclass(frozen=True, slots=True)
class ArrivedFile(OfTable):
    """A file that was taken up; ``schema`` and ``table`` are the target's."""

    file_id: int
    name: str
    schema: str
    table: str
    file_bytes: int
    version: str
    done: bool
    begun: bool  # a chunk of it is in


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it is now. ``version`` "": it was not asked for."""

    file_bytes: int
    version: str = ""


def places(meta: Meta, config: LoadConfig) -> dict[str, int]:
    """name -> place of the files that were taken up before the load's dump was whole."""
    version = meta.version
    if version is None or version < _SINCE:
        return {}
    rows = meta.db.query(
        f"SELECT f.name, f.file_id FROM {meta['load']} l JOIN {meta['file']} f ON f.load_id = l.load_id "
        "WHERE l.task_name = %s AND l.source_id = %s AND f.file_id >= %s",
        (config.what.task_name, config.what.source_id, FIRST_PLACE),
        shape=(as_text, as_number),
    )
    return {str(name): int(file_id) for name, file_id in rows}


def list_arrived(meta: Meta, load_id: int) -> tuple[ArrivedFile, ...]:
    """In the order of their arrival."""
    rows = meta.db.query(
        "SELECT f.file_id, f.name, f.table_schema, f.table_name, f.file_bytes, f.version, f.done, "
        f"EXISTS (SELECT 1 FROM {meta['chunk']} c WHERE c.load_id = f.load_id AND c.file_id = f.file_id "
        f"AND c.end_offset IS NOT NULL) FROM {meta['file']} f WHERE f.load_id = %s AND f.file_id >= %s "
        "ORDER BY f.file_id",
        (load_id, FIRST_PLACE),
        shape=(as_number, as_text, as_text, as_text, as_number, maybe(as_text), as_truth, as_truth),
    )
    return tuple(
        ArrivedFile(int(row[0]), row[1], row[2], row[3], int(row[4]), row[5] or "", bool(row[6]), bool(row[7]))
        for row in rows
    )


def take_up(
    meta: Meta, config: LoadConfig, load_id: int, plan: LoadPlan, versions: Mapping[str, str]
) -> dict[str, int]:
    """Register the files of the plan that are not yet, each at the next place; the caller commits.

    Returns:
        name -> place, of all that were taken up by now.

    Raises:
        CheckpointError: the load has been sealed or forgotten, and goes on elsewhere.
        RetriableError: another attempt took files up at the same moment.
    """
    meta.db.rollback()  # what is read from here on is of now
    loads.lock_arriving(meta, load_id)
    before = list_arrived(meta, load_id)
    known = {file.name: file.file_id for file in before}
    new = [file for file in plan.files if file.source.name not in known]
    next_place = max(known.values(), default=FIRST_PLACE - 1) + 1
    known |= {file.source.name: next_place + number for number, file in enumerate(new)}
    try:  # not one of them may be ignored: its chunks would be taken for another file's
        insert(
            meta.db,
            f"{meta['file']} (load_id, file_id, name, table_schema, table_name, file_bytes, version)",
            [
                (load_id, known[name], name, file.schema, file.table, file.source.file_bytes, versions[name])
                for file in new
                for name in [file.source.name]
            ],
        )
    except RowError as error:
        if error.errno != _DUPLICATE_KEY:
            raise
        raise RetriableError("another attempt took files of the dump up at the same moment") from error
    holds.forget_actions(meta, config, {file.key for file in new} - {file.key for file in before})
    return known


def drop_unbegun(meta: Meta, load: Load, files: Sequence[ArrivedFile]) -> None:
    """Forget files of which no row is in; the load gets another number, so that none can come in any more. Commits."""
    loads.lock(meta, load.load_id)
    for some in batches([file.file_id for file in files]):
        in_places = f"load_id = %s AND file_id IN ({', '.join(['%s'] * len(some))})"
        meta.db.execute(f"DELETE FROM {meta['file']} WHERE {in_places}", (load.load_id, *some))
        if meta.db.query(
            f"SELECT file_id FROM {meta['chunk']} WHERE {in_places} AND end_offset IS NOT NULL FOR UPDATE",
            (load.load_id, *some),
            shape=(as_number,),
        ):
            meta.db.rollback()
            raise changed(files[0].name)
    loads.renumber(meta, load.load_id, uuid.uuid4().hex)
    meta.db.commit()


def unlike(
    files: Iterable[ArrivedFile], found: Mapping[str, Found], look: Callable[[str], Found] | None = None
) -> list[ArrivedFile]:
    """The files that are gone, or have another size or version by now.

    Args:
        found: what is listed.
        look: looks at one file, where the listing gives no versions.
    """
    others = []
    for file in files:
        now = found.get(file.name)
        if now is not None and now.file_bytes == file.file_bytes and not now.version and look is not None:
            now = look(file.name)
        if (
            now is None
            or now.file_bytes != file.file_bytes
            or (now.version and file.version and now.version != file.version)
        ):
            others.append(file)
    return others


def changed(name: str) -> CheckpointError:
    """Rows of another version of the file are in."""
    return CheckpointError(
        "the file was changed, or is gone, since rows of it were loaded while the dump was being made",
        file=name,
        remedy=_REMEDY,
    )


def check_as_planned(files: Iterable[ArrivedFile], planned: Mapping[int, PlannedFile]) -> None:
    """Refuse where the whole dump says something else of a file than its name did.

    Raises:
        CheckpointError: rows of it went into another table than they should have (34018).
    """
    for file in files:
        now = planned.get(file.file_id)
        if now is None or now.key != TableName(file.schema, file.table):
            place = "nowhere" if now is None else str(now.key)
            raise CheckpointError(
                f"the file was loaded into {file.key} while the dump was being made; by its metadata, and by the rules "
                f"of this load, it goes {place if now is None else 'into ' + place}",
                file=file.name,
                table=str(file.key),
                remedy="Empty the table, set remove_meta, and load the dump as it is now: wait_for_dump=finished.",
            )
