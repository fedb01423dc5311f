"""What each value of a choice does, in a few words, as a form offers it. What deletes says so first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from airflow_dm_loader.settings.choices import (
    BarrierKind,
    Choice,
    DumpTool,
    ImportMode,
    Level,
    LightningCheckpoint,
    Mode,
    OnConflict,
    OnDuplicate,
    OnDuplicatePhysical,
    OnExistingRows,
    OnLoss,
    OnSchemaChange,
    ReplayConflicts,
    WaitForDump,
)

DELETES = "⚠ DELETES"

_WORDS: Mapping[type[Choice], Mapping[str, str]] = MappingProxyType(
    {
        Mode: {
            "full": "nothing follows the load",
            "all": "incremental replication follows, from the binlog position",
        },
        ImportMode: {
            "logical": "SQL statements, into any target",
            "physical": "tidb-lightning on the worker, into TiDB",
            "import-into": "TiDB's IMPORT INTO, of a dump in S3 or GCS",
        },
        OnDuplicate: {
            "replace": "the row of the dump replaces the one in the table",
            "error": "the load fails at that row",
            "ignore": "the row in the table stays, the one of the dump is left out",
            "manual": "the row in the table stays, the other is set aside, and somebody decides",
        },
        OnLoss: {
            "pause": "somebody decides at the end",
            "accept": "the load continues, and its report says so",
        },
        ReplayConflicts: {
            "off": "they stay where they are",
            "insert": "those that the tables take now; a row with the same key stays",
            "replace": "the same, and they replace rows with the same key",
        },
        OnExistingRows: {
            "auto": "error where no key tells rows apart, append elsewhere",
            "error": "the load stops before it changes anything",
            "append": "they stay, and the dump's rows are added",
            "truncate": f"{DELETES} all rows of the tables first",
            "recreate": f"{DELETES} the tables first, and makes them anew as the dump has them",
            "swap": "fill new tables beside them, then put all in place by one RENAME TABLE",
        },
        OnSchemaChange: {
            "refuse": "the load stops before it changes anything",
            "add_columns": "they are added by ALTER TABLE, before the rows",
            "ignore_columns": "their values are left out, and the report says so",
        },
        OnDuplicatePhysical: {
            "none": "duplicates are not looked for",
            "manual": "duplicates are taken out and set aside, and somebody decides",
        },
        Level: {
            "required": "a failed check holds the load up",
            "optional": "a failed check is a warning",
            "off": "not checked",
        },
        OnConflict: {
            "pause": "the task fails once; clearing it accepts",
            "ask": "a form under Required Actions asks",
            "accept": "accepted without asking",
            "fail": "the load fails",
        },
        LightningCheckpoint: {
            "auto": "a file beside a local dump, else in the target, as DM",
            "file": "in a file of the worker",
            "mysql": "in the target",
        },
        BarrierKind: {
            "target": "in a table of the target",
            "etcd": "in etcd, as DM does",
        },
        WaitForDump: {
            "finished": "the dump must be whole",
            "stream": "files are loaded as they are finished, while the dump is still being made",
        },
        DumpTool: {
            "auto": "as the files say",
            "dumpling": "strings are UTF-8",
            "mydumper": "strings are the columns' own bytes",
        },
    }
)


def explained(choice: type[Choice]) -> dict[str, str]:
    """Value -> ``replace: the row of the dump replaces the one in the table``."""
    return {member.value: f"{member.value}: {_WORDS[choice][member.value]}" for member in choice}
