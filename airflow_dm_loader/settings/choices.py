"""The settings that are a choice, with the values that DM gives them."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Choice(StrEnum):
    """One of a few words, which may be written in any case, as in DM."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls.meant_by(value)

    @classmethod
    def meant_by(cls, value: object) -> Self | None:
        """The choice that is meant, in any case; None: there is no such choice."""
        word = value.strip().lower() if isinstance(value, str) else None
        return next((member for member in cls if member.value == word), None)


class Mode(Choice):
    """Whether incremental replication follows the load (DM's ``task-mode``)."""

    FULL = "full"
    ALL = "all"


class ImportMode(Choice):
    """The engine (DM's ``import-mode``)."""

    LOGICAL = "logical"
    PHYSICAL = "physical"
    IMPORT_INTO = "import-into"

    @property
    def reads_files(self) -> bool:
        """Whether the loader reads the data files itself, and keeps a record of each chunk of them that is in."""
        return self is ImportMode.LOGICAL

    @property
    def makes_sequences(self) -> bool:
        """Whether the loader creates what tables take their numbers from, before the tables."""
        return self is not ImportMode.PHYSICAL


class OnDuplicate(Choice):
    """What to do when a row's key is already there (DM's ``on-duplicate-logical``)."""

    REPLACE = "replace"
    ERROR = "error"
    IGNORE = "ignore"
    MANUAL = "manual"


class ReplayConflicts(Choice):
    """Whether rows that were set aside are loaded again."""

    OFF = "off"
    INSERT = "insert"
    REPLACE = "replace"


class OnLoss(Choice):
    """What to do with something by which the target is not what the dump was, and that a person may accept."""

    PAUSE = "pause"
    ACCEPT = "accept"


class OnExistingRows(Choice):
    """What to do with rows that a table holds before the load, and that the load has no record of."""

    AUTO = "auto"  # error where no key tells rows apart, append elsewhere
    ERROR = "error"
    APPEND = "append"
    TRUNCATE = "truncate"
    SWAP = "swap"
    RECREATE = "recreate"


class OnSchemaChange(Choice):
    """What to do where the dump's table has columns that the one in the target lacks."""

    REFUSE = "refuse"
    ADD_COLUMNS = "add_columns"
    IGNORE_COLUMNS = "ignore_columns"


class OnDuplicatePhysical(Choice):
    """DM's ``on-duplicate-physical``."""

    NONE = "none"
    MANUAL = "manual"


class Level(Choice):
    """How much a check counts (DM's ``checksum-physical`` and ``analyze``)."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    OFF = "off"


class OnConflict(Choice):
    """What to do when the load ends with duplicates or a checksum that differs."""

    PAUSE = "pause"
    ASK = "ask"
    ACCEPT = "accept"
    FAIL = "fail"


class LightningCheckpoint(Choice):
    """Where ``tidb-lightning`` keeps its checkpoint."""

    AUTO = "auto"
    FILE = "file"
    MYSQL = "mysql"


class BarrierKind(Choice):
    """Where the sources of one load task wait for each other."""

    TARGET = "target"
    ETCD = "etcd"


class WaitForDump(Choice):
    """When a load begins with its dump."""

    FINISHED = "finished"
    STREAM = "stream"


class DumpTool(Choice):
    """What wrote the dump's SQL files."""

    AUTO = "auto"
    DUMPLING = "dumpling"
    MYDUMPER = "mydumper"
