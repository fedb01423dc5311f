"""What the user says of a load: :class:`LoadConfig`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import model_validator

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.rules.guard import Guard
from airflow_dm_loader.settings.choices import BarrierKind, ImportMode, Mode, OnExistingRows, WaitForDump
from airflow_dm_loader.settings.grouping import flat, grouped
from airflow_dm_loader.settings.groups.engines import ImportInto, Logical, Physical
from airflow_dm_loader.settings.groups.how import Connection, Coordination, Reporting, State, Tables, Verify, Work
from airflow_dm_loader.settings.groups.what import Reading, What, Where
from airflow_dm_loader.settings.meant import meant
from airflow_dm_loader.settings.streaming import STREAM_ALONE, why_not_streamed
from airflow_dm_loader.settings.strict import Strict
from airflow_dm_loader.settings.table import DM_CODES, GROUPS, SETTINGS, Setting, engines_that_read

if TYPE_CHECKING:
    from airflow_dm_loader.settings.dm_task import DmTask

log = visible_log(__name__)
# All others remove rows, and so must not meet those that another source has sent meanwhile.
_KEEP_ROWS = frozenset({OnExistingRows.AUTO, OnExistingRows.ERROR, OnExistingRows.APPEND})
# Those that put a dump in the place of what was there.
_REPLACING = frozenset({OnExistingRows.SWAP, OnExistingRows.TRUNCATE, OnExistingRows.RECREATE})


class LoadConfig(Strict):
    """One load: which dump, under which name, and how.

    Settings carry TiDB Data Migration's names in snake case. Each is in a group, and may be said with it or without:
    ``LoadConfig(task_name="shop", dump_uri="/dumps/shop", logical={"chunk_bytes": 1 << 20})``; it is read with it:
    ``config.logical.chunk_bytes``. Values of a choice may be written in any case, as in DM. A setting that the chosen
    engine does not look at is refused, unless it has its default.
    """

    what: What
    where: Where
    reading: Reading
    tables: Tables
    connection: Connection
    verify: Verify
    work: Work
    logical: Logical
    physical: Physical
    import_into: ImportInto
    coordination: Coordination
    state: State
    reporting: Reporting

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # said here, so that type checkers ask for no groups

    @model_validator(mode="before")
    @classmethod
    def _by_group(cls, values: object) -> object:
        return grouped(values) if isinstance(values, Mapping) else values

    @model_validator(mode="after")
    def _engine_reads_all(self) -> Self:
        if self.tables.on_existing_rows is OnExistingRows.SWAP and self.what.import_mode is not ImportMode.LOGICAL:
            raise ValueError(
                "on_existing_rows: swap is for import_mode logical, and import_mode is " + self.what.import_mode
            )
        if self.guard_rules is not None and self.tables.on_existing_rows not in _REPLACING:
            raise ValueError(
                "guard: it is for on_existing_rows swap, truncate and recreate, and on_existing_rows is "
                + self.tables.on_existing_rows
            )
        if self.swaps and self.logical.skips:
            raise ValueError(
                "skip_indexes, skip_foreign_keys: on_existing_rows swap would put tables without them in the place of "
                "live ones"
            )
        if self.swaps and self.what.only is not None:
            raise ValueError("only: on_existing_rows swap puts tables in place in one run, and has no steps")
        if self.reporting.replication_file is not None and self.what.mode is not Mode.ALL:
            raise ValueError("replication_file: replication follows with mode all, and mode is " + self.what.mode)
        if ignored := [row for row in SETTINGS.values() if not self.uses(row.name) and not self._is_default(row)]:
            raise ValueError("; ".join(self._not_for_this_engine(row) for row in ignored))
        if (why := why_not_streamed(self.reading, self.what, self.where, self.tables)) is not None:
            raise ValueError(why)
        if self.streams and self.waits_for_sources and len(self.what.all_sources) > 1:
            raise ValueError(f"wait_for_dump: {STREAM_ALONE}")
        return self

    def uses(self, name: str) -> bool:
        """Whether the chosen engine looks at a setting."""
        return self.what.import_mode in SETTINGS[name].engines

    @property
    def swaps(self) -> bool:
        """Whether tables are filled beside the live ones, and then swapped in."""
        return self.tables.on_existing_rows is OnExistingRows.SWAP

    @property
    def streams(self) -> bool:
        """Whether files are loaded while the dump is still being made."""
        return self.reading.wait_for_dump is WaitForDump.STREAM

    @property
    def hides_values(self) -> bool:
        """Whether errors and logs show no value of a row: it is said, or some are masked."""
        return self.reporting.hide_values or bool(self.where.mask)

    @property
    def guard_rules(self) -> Guard | None:
        """How the dump is held against the last load; None: it is not."""
        if not (self.tables.guard or self.swaps):
            return None
        guard = Guard.of(self.tables.guard)
        return guard if guard.looks else None

    @property
    def waits_for_sources(self) -> bool:
        """Whether this source waits for the others of its load task; see ``wait_for_sources``."""
        if self.coordination.wait_for_sources is not None:
            return self.coordination.wait_for_sources
        deletes = self.tables.on_existing_rows not in _KEEP_ROWS
        return deletes or self.what.import_mode is ImportMode.PHYSICAL or self.coordination.barrier is BarrierKind.ETCD

    def flat(self) -> dict[str, Any]:
        """All settings, by their names alone."""
        return {name: getattr(getattr(self, row.group), name) for name, row in SETTINGS.items()}

    def changed(self, **changes: Any) -> Self:
        """These settings with others in their place. Raises ConfigError."""
        return type(self)(**{**self.flat(), **flat(changes)})

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As :meth:`changed`; pydantic's own would take what is wrong, and lose what has no group."""
        return self.changed(**update) if update else super().model_copy(deep=deep)

    @classmethod
    def from_dm_task(cls, task: str | Path | DmTask, source_id: str | None = None, **changes: Any) -> Self:
        """The load of one source as a DM task file describes it; what no load uses is logged, line by line.

        Args:
            task: the file's path, or its text, which has more than one line; or a file that was read already, whose
                notes are then the caller's to tell.
            source_id: which of the file's sources; None: the only one.
            changes: settings that come before the file's.

        Raises:
            ConfigError: with the line and DM's number, for what DM refuses too and for what can't be done here.
        """
        from airflow_dm_loader.settings.dm_task import DmTask, read_dm_task

        found = task if isinstance(task, DmTask) else read_dm_task(task)
        said = flat(changes)
        engine = ImportMode.meant_by(said.get("import_mode"))
        if found is not task:
            for note in found.notes(source_id, engine):
                log.info("%s: %s", found.origin, note)
        try:
            return cls(**{**found.settings(source_id, engine), **said})
        except ConfigError as error:
            raise found.locate(error, source_id) from None

    def to_json(self) -> str:
        """The settings as they are stored with the load: by their names alone, in a stable order, no secret inside."""
        by_group = self.model_dump(mode="json")
        return json.dumps({name: by_group[row.group][name] for name, row in SETTINGS.items()}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What :meth:`to_json` stored, here or in an older version, which took settings of other engines in silence.

        Raises:
            ConfigError: it was stored by a version that has other settings.
        """
        stored = flat(json.loads(text))
        engine = ImportMode.meant_by(stored.get("import_mode"))
        return cls(
            **{
                name: value
                for name, value in stored.items()
                if name not in SETTINGS or engine is None or engine in SETTINGS[name].engines
            }
        )

    @staticmethod
    def engine_in(text: str) -> ImportMode:
        """The engine that :meth:`to_json`'s text names, whatever else it holds."""
        return ImportMode(flat(json.loads(text)).get("import_mode", ImportMode.LOGICAL))

    @classmethod
    def dm_codes(cls) -> Mapping[str, int]:
        """DM's numbers."""
        return DM_CODES

    @classmethod
    def told_by(cls, place: tuple[str, ...]) -> tuple[str, ...]:
        """Settings are told by their names alone."""
        known = len(place) > 1 and place[0] in GROUPS and place[1] in SETTINGS
        return place[1:] if known or place in {(group,) for group in GROUPS} else place

    @classmethod
    def unknown(cls, place: tuple[str, ...]) -> str:
        """What to say of a name that is not known, or not in that group."""
        if len(place) == 1:
            return f"{cls.__name__} has no such setting{meant(place[0], SETTINGS)}"
        if len(place) > 2 or place[0] not in GROUPS:
            return "there is no such key"
        if place[1] in SETTINGS:
            return f"it is in the group {SETTINGS[place[1]].group}, not in {place[0]}"
        names = [name for name, row in SETTINGS.items() if row.group == place[0]]
        return f"the group {place[0]} has no such setting{meant(place[1], names)}"

    def _is_default(self, row: Setting) -> bool:
        group = getattr(self, row.group)
        default = type(group).model_fields[row.name].get_default(call_default_factory=True)
        return bool(getattr(group, row.name) == default)

    def _not_for_this_engine(self, row: Setting) -> str:
        mode = self.what.import_mode
        why = f"{row.elsewhere[mode]}; " if mode in row.elsewhere else ""
        return f"{row.name}: {why}it is for import_mode {engines_that_read(row.name)}, and import_mode is {mode}"
