"""The settings that are a choice, with the values that DM gives them."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """Whether incremental replication follows the load (DM's ``task-mode``)."""

    FULL = "full"
    ALL = "all"


class ImportMode(StrEnum):
    """The engine (DM's ``import-mode``)."""

    LOGICAL = "logical"
    PHYSICAL = "physical"
    IMPORT_INTO = "import-into"


class OnDuplicate(StrEnum):
    """What to do when a row's key is already there (DM's ``on-duplicate-logical``)."""

    REPLACE = "replace"
    ERROR = "error"
    IGNORE = "ignore"
    MANUAL = "manual"


class OnDuplicatePhysical(StrEnum):
    """DM's ``on-duplicate-physical``."""

    NONE = "none"
    MANUAL = "manual"


class Level(StrEnum):
    """How much a check counts (DM's ``checksum-physical`` and ``analyze``)."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    OFF = "off"


class OnConflict(StrEnum):
    """What to do when the load ends with duplicates or a checksum that differs."""

    PAUSE = "pause"
    ASK = "ask"
    ACCEPT = "accept"
    FAIL = "fail"


class LightningCheckpoint(StrEnum):
    """Where ``tidb-lightning`` keeps its checkpoint."""

    AUTO = "auto"
    FILE = "file"
    MYSQL = "mysql"


class BarrierKind(StrEnum):
    """Where the sources of one load task wait for each other."""

    TARGET = "target"
    ETCD = "etcd"


class DumpTool(StrEnum):
    """What wrote the dump's SQL files."""

    AUTO = "auto"
    DUMPLING = "dumpling"
    MYDUMPER = "mydumper"
