"""The meta schema, as :mod:`airflow_dm_loader.state.migrations` make it. People query its tables.

Every row carries the version of its form; a version that this code does not know is an error, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.state.migrating import bring_up, version_of
from airflow_dm_loader.state.migrations import TABLES, VERSION
from airflow_dm_loader.state.migrations.migration import ROW_VERSION, column_names, meta_table
from airflow_dm_loader.state.views import make_views
from airflow_dm_loader.target.connection import Database

# Of one load, by its number. Its own row first, then its senders', as a chunk takes them before it writes its own row:
# no chunk can commit once they are gone, and one that is under way is waited for at the row that it took first.
_HELD_BY_CHUNKS = ("load", "sender")
_OF_ONE_LOAD = (
    *_HELD_BY_CHUNKS,
    *(name for name, body in TABLES.items() if name not in _HELD_BY_CHUNKS and "load_id" in column_names(body)),
)


@dataclass(frozen=True, slots=True)
class Meta:
    """A connection and the meta schema that it works on."""

    db: Database
    schema: str

    def __getitem__(self, name: str) -> str:
        """``meta["chunk"]`` -> `` `dm_meta`.`dm_loader_chunk` ``."""
        return meta_table(self.schema, name)

    def create(self) -> None:
        """Create the schema and its tables where they are missing; see :mod:`~airflow_dm_loader.state.migrating`.

        The views beside them, too, where the account may create views.
        """
        before = self.version
        bring_up(self.db, self.schema)
        make_views(self.db, self.schema, anew=before != VERSION)

    def exists(self) -> bool:
        """Whether a loader has worked here before."""
        return self.version is not None

    @property
    def version(self) -> int | None:
        """See :func:`~airflow_dm_loader.state.migrating.version_of`."""
        return version_of(self.db, self.schema)

    def forget(self, load_id: int) -> None:
        """Remove all that is stored of a load; its row goes first, so that no chunk of it can commit after."""
        for name in _OF_ONE_LOAD:
            self.db.execute(f"DELETE FROM {self[name]} WHERE load_id = %s", (load_id,))

    def renumber(self, load_id: int, new_load_id: int) -> None:
        """Put all that is stored of a load under another number; its row goes first, as in :meth:`forget`."""
        for name in _OF_ONE_LOAD:
            self.db.execute(f"UPDATE {self[name]} SET load_id = %s WHERE load_id = %s", (new_load_id, load_id))


def check_version(version: int, what: str) -> None:
    """Refuse a stored row whose form this code does not know."""
    if version != ROW_VERSION:
        raise CheckpointError(
            f"{what} is stored in version {version}; this loader knows version {ROW_VERSION}",
            remedy="Use the loader that wrote it, or set remove_meta to forget the stored load.",
        )
