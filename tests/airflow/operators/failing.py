"""An operator that fails as it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.base import DumpLoadOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun


class Failing(DumpLoadOperator):
    """Raises what it is told to. Clearing it raises it again.

    :param error: what to raise.
    :param times: how often.
    """

    def __init__(self, *, error: Exception | None = None, times: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error = error
        self.times = times
        self.tried: list[int] = []  # Airflow works on a copy, which shares it

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        self.tried.append(run.worker.try_number)
        if self.error and len(self.tried) <= self.times:
            raise self.error
        return {"config": run.config.to_json(), "target": run.target.address, "try": run.worker.try_number}
