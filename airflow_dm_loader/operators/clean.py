"""The phase that removes the dump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.base import DumpLoadOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun


class CleanDumpFilesOperator(DumpLoadOperator):
    """Removes the dump's files once every source of the task has finished, where `clean_dump_files` is set.

    DM's `cleanDumpFiles`: mode full removes the dump, mode all keeps metadata and schema files. Only files
    of this dump are removed; one that can't be is a warning, as in DM. Clearing it tries again.
    """

    ui_color = "#e3e3e3"

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import clean_dump_files
        from airflow_dm_loader.progress.phase_words import describe_cleaning

        found = dict(clean_dump_files(run))
        self.log.info("%s", describe_cleaning(found, asked=run.config.reading.clean_dump_files))
        return found
