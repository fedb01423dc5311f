"""The meta schema's versions: numbered migrations, each in a file of its own and a row of this table.

To change what is stored: write ``mNNN_what.py`` with a :class:`Migration`, and add its row below.
"""

from __future__ import annotations

from airflow_dm_loader.state.migrations import (
    m001_tables_of_0_1_0,
    m002_findings,
    m003_rows_that_exist,
    m004_order_of_indexes,
    m005_swaps,
    m006_rows_kept,
    m007_history,
    m008_error_rows,
    m009_swap_steps,
    m010_splits,
    m011_moments_of_chunks,
    m012_versions_of_files,
)
from airflow_dm_loader.state.migrations.migration import Migration, tables_after

MIGRATIONS: tuple[Migration, ...] = (
    m001_tables_of_0_1_0.MIGRATION,
    m002_findings.MIGRATION,
    m003_rows_that_exist.MIGRATION,
    m004_order_of_indexes.MIGRATION,
    m005_swaps.MIGRATION,
    m006_rows_kept.MIGRATION,
    m007_history.MIGRATION,
    m008_error_rows.MIGRATION,
    m009_swap_steps.MIGRATION,
    m010_splits.MIGRATION,
    m011_moments_of_chunks.MIGRATION,
    m012_versions_of_files.MIGRATION,
)

VERSION = MIGRATIONS[-1].number
TABLES = tables_after(MIGRATIONS)  # name without dm_loader_ -> columns and keys
