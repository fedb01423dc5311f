"""What Lightning's errors mean, as 8.5.3 worded them: which end a load at once, and which are tried again."""

from __future__ import annotations

import pytest

from airflow_dm_loader.engines.physical.failures import failure
from airflow_dm_loader.errors import HasDuplicatesError, LightningError, LoaderError, RowError, TargetError

RESTORE = "[Lightning:Restore:"


@pytest.mark.parametrize(
    ("text", "kind", "errno", "remedy"),
    [
        (
            f"{RESTORE}ErrRestoreTable]restore table `s`.`t` failed: [`s`.`t`] write rows exceed conflict threshold: "
            "Error 1062 (23000): Duplicate entry '1' for key 't.PRIMARY'",
            RowError,
            1062,
            "A row with this key exists",
        ),
        (
            f"{RESTORE}ErrRestoreTable]restore table `s`.`t` failed: Error 1048 (23000): Column 'v' cannot be null",
            RowError,
            1048,
            "",
        ),
        (f"{RESTORE}ErrEncodeKV]encode kv error in file s.t.sql:0 at offset 28: column count mismatch", RowError, None,
         "without changing the file's size"),
        (f"{RESTORE}ErrEncodeKV]encode kv error: [types:1406]Data too long for column 'v'", RowError, 1406, ""),
        (f"{RESTORE}ErrUnknownColumns]unknown columns in header (nope)", RowError, None, "Correct the table"),
        (f"{RESTORE}ErrInvalidSchemaStmt]invalid schema statement: 'CREATE TABLE t (v geometry)'", TargetError, None,
         "schema file"),
        (f"{RESTORE}ErrSchemaNotExists]table `s`.`t` schema not found", TargetError, None, "schema file"),
        (
            f"{RESTORE}ErrCreateSchema]create schema failed: run create schema job failed: Error 8239 (HY000): Unknown "
            "placement policy 'nope'",
            TargetError,
            8239,
            "tidb_placement_mode",
        ),
        ("[Lightning:DB:ErrDBConnect]failed to connect database: Error 1045 (28000): Access denied", TargetError, 1045,
         "Check user and password"),
        ("[Lightning:Config:ErrInvalidConfig]unsupported `tikv-importer.backend` (zzz)", TargetError, None, "setting"),
        ("config file contained unknown configuration options: lightning.nonsense", TargetError, None, "setting"),
        ("[Lightning:Storage:ErrEmptySourceDir]data-source-dir 'file:///x' doesn't exist or contains no files",
         TargetError, None, "dump_uri"),
        ("[Lightning:PreCheck:ErrCheckTableEmpty]table(s) [`s`.`t`] are not empty", TargetError, None, "check"),
        (f"{RESTORE}ErrFoundDuplicateKey]found duplicate key", HasDuplicatesError, None, "Remove the duplicates"),
        ("[Lightning:DB:ErrDBConnect]failed to connect database: dial tcp 127.0.0.1:1: connection refused",
         LightningError, None, ""),
        ("Error 1205 (HY000): Lock wait timeout exceeded", LightningError, None, ""),
        ("Error 1146 (42S02): Table 's.t' doesn't exist", LightningError, None, ""),
        ("table `s`.`t` is in mode import", LightningError, None, ""),
        ("[Lightning:KV:ErrNotLeader]not leader", LightningError, None, ""),
    ],
)  # fmt: skip
def test_an_error_is_told_by_its_code_and_number(
    text: str, kind: type[LoaderError], errno: int | None, remedy: str
) -> None:
    error = failure(1, text, text)

    assert (type(error), error.errno) == (kind, errno)
    assert remedy in (error.remedy or "")
    assert error.message == f"tidb-lightning failed with exit code 1: {text}"
