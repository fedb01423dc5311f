"""What an engine is: how rows get from a dump's files into their tables, and what the phases ask of it.

An engine is one folder here and one row in :mod:`~airflow_dm_loader.engines.registry`. The phases know no engine by its
name; where engines differ, one of the methods below says how. ``tests/engines/conformance`` runs on all of them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.engines.shown_conflicts import ConflictsShown, describe_kept_conflicts, kept_conflicts
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.rules.skips import NO_SKIPS, Skips
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import files, indexes
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.needed_privileges import Need
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.verify.comparison import compare_tables
from airflow_dm_loader.verify.conclusion import Findings


@dataclass(frozen=True, slots=True)
class ShareReport:
    """What one import task tells when it ends, whichever engine it ran."""

    share: int
    rows_sent: int
    chunks_sent: int
    chunks_skipped: int  # committed before, or by another session meanwhile
    files_done: int
    file_bytes: int  # stored bytes of the share's files
    seconds: float
    rows_sent_known: bool = True  # False: tidb-lightning did not tell how many, and rows_sent is 0


class JobsLook(Protocol):
    """The jobs of one share at one moment."""

    @property
    def waiting(self) -> int:
        """How many have not ended."""

    @property
    def failed(self) -> int: ...

    def describe(self) -> str:
        """All of them in a line."""

    def lines(self) -> tuple[str, ...]:
        """Each in a line."""


class Jobs(Protocol):
    """An engine's jobs in the server, which somebody may wait for without doing anything: an operator defers."""

    def submit(self, run: LoadRun, share: int) -> JobsLook:
        """Make the jobs of a share, where they are not made yet, and look at them once."""

    def look(self, run: LoadRun, share: int) -> JobsLook:
        """How they are; nothing is written down."""

    def settle(self, run: LoadRun, share: int) -> ShareReport:
        """Write down what they came to, once all have ended."""

    def cancel(self, run: LoadRun, share: int) -> int:
        """Cancel those that have not ended; how many."""


class Engine(Protocol):
    """One way to send rows. What has a body here is what holds for an engine that does nothing special."""

    makes_tables: ClassVar[bool] = False  # with the rows, so that create_tables only notes what is there
    jobs: ClassVar[Jobs | None] = None
    what_clears_do: ClassVar[str] = "clearing checksum compares again"  # for people who must decide

    def check_server(self, server: Server) -> tuple[str, ...]:
        """Refuse a server that the engine can't load into (TargetError); what is worth knowing comes back in words."""
        return ()

    def check_dump(self, run: LoadRun, dump: Dump) -> None:
        """Refuse what it can't read, reach or write down (ConfigError, DumpFormatError), before anything is created."""
        return

    def privileges(self, run: LoadRun, plan: LoadPlan, db: Database) -> Iterable[Need]:
        """What its user needs beyond what every load does."""
        return ()

    def remember(self, run: LoadRun, meta: Meta, load: Load, plan: LoadPlan) -> Mapping[str, object]:
        """What the load's notes keep from before its first row on.

        Raises:
            ConfigError, CheckpointError: this run says what the load can't resume with.
        """
        return {}

    def note_tables(self, run: LoadRun) -> dict[str, object]:
        """What create_tables does where the engine ``makes_tables``: write down what each is like now."""
        raise AssertionError("create_tables made them")

    @abstractmethod
    def shares(self, run: LoadRun) -> list[int]:
        """The numbers of the shares that import tasks take: ``[0, 1, ...]``, at least one."""

    @abstractmethod
    def import_share(self, run: LoadRun, share: int) -> ShareReport:
        """Send the rows of a share, each exactly once; what is in already is not sent again."""

    @abstractmethod
    def build_indexes(self, run: LoadRun) -> int:
        """Build the indexes that tables were created without; of how many tables."""

    def findings(self, run: LoadRun, dump: Dump, meta: Meta, load: Load) -> Findings:
        """What is in the tables now, compared with what was sent and with what the dump says.

        Raises:
            CheckpointError: the import has not ended.
        """
        check_all_is_loaded(meta, load, run.config.logical.skips)
        return compare_tables(run, dump, meta, load, ask_server(meta.db))

    def describe_conflicts(self, config: LoadConfig, meta: Meta, load_id: int, count: int) -> str:
        """Which rows met a row with the same key, for the error that asks a person."""
        return describe_kept_conflicts(config, meta, load_id, count)

    def show_conflicts(self, config: LoadConfig, meta: Meta, load_id: int) -> ConflictsShown:
        """The same for the form that asks."""
        return kept_conflicts(config, meta, load_id)

    def after_finish(self, meta: Meta, load: Load) -> None:
        """Remove what only an import that goes on needs. A problem is a warning."""
        return


def check_all_is_loaded(meta: Meta, load: Load, skips: Skips = NO_SKIPS) -> None:
    """Raises CheckpointError where a data file or an index is missing in the target."""
    waiting = [row.name for row in files.list_files(meta, load.load_id) if not row.done]
    if waiting:
        raise CheckpointError(
            f"{len(waiting)} data files are not loaded yet, {waiting[0]!r} among them",
            remedy="Clear run_import: it resumes where it stopped.",
        )
    if indexes.to_build(indexes.waiting_indexes(meta, load.load_id), skips):
        raise CheckpointError(
            "not all indexes are built yet", remedy="Clear run_import: it builds those that are missing."
        )
