"""The phases that create the tables, send the rows and build the indexes."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.base import DumpLoadOperator, Load

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.report import LoadStatus


class CreateTablesOperator(DumpLoadOperator):
    """Creates the databases, tables and views that are missing, and shares the data files out.

    The schema half of DM's `runLightning`. What exists stays as it is. The XCom is the list of shares
    that `run_import` is mapped over; key `schema` says what was created. Clearing it creates what is missing.
    """

    ui_color = "#cdeed5"

    def run_phase(self, load: Load, context: Context) -> list[int]:
        from airflow_dm_loader.loader import create_tables, import_shares

        summary = create_tables(load.config, load.target, access=load.access)
        context["ti"].xcom_push(key="schema", value=dict(summary))
        return list(import_shares(load.config, load.target))


class BuildIndexesOperator(DumpLoadOperator):
    """Builds the secondary indexes that tables were created without, where the import has not done so already.

    What is still to be built is in the state tables, so no crash loses an index. Clearing it builds what is
    missing. DM leaves its indexes where they are.
    """

    ui_color = "#cdeed5"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._stop = threading.Event()

    def run_phase(self, load: Load, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import build_indexes

        return dict(build_indexes(load.config, load.target, stop=self._stop))

    def on_kill(self) -> None:
        """Ask the building to stop; it ends its server sessions itself, and raises LoadInterruptedError."""
        self.log.warning("Asked to stop: indexes that are built stay, the others are built later")
        self._stop.set()


class RunImportOperator(DumpLoadOperator):
    """Sends one share of the data files, chunk by chunk; each chunk is committed exactly once.

    The data half of DM's `runLightning`. Clearing it, or a retry, goes on: committed chunks are never sent
    again. Stopping it ends its sessions in the server, and their chunks are rolled back.

    :param share: which share of the data files, counted from 0.
    """

    ui_color = "#cdeed5"

    def __init__(self, *, share: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share
        self._stop = threading.Event()

    def run_phase(self, load: Load, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import run_import

        report = run_import(
            load.config,
            load.target,
            self.share,
            worker=load.worker,
            on_progress=self._say,
            stop=self._stop,
            access=load.access,
        )
        return asdict(report)

    def on_kill(self) -> None:
        """Ask the import to stop; it ends its server sessions itself and raises LoadInterruptedError."""
        self.log.warning("Asked to stop: committed chunks stay, the others are rolled back")
        self._stop.set()

    def _say(self, status: LoadStatus) -> None:
        from airflow_dm_loader.progress import describe

        self.log.info("%s", describe(status))
