"""What a finished load tells OpenLineage: the dump that went in, the tables that came out, and how they were compared.

Needs ``[openlineage]``; without it, or with OpenLineage switched off, nobody asks. Names of datasets follow
OpenLineage's own convention: https://openlineage.io/docs/spec/naming
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airflow_dm_loader.location import DumpLocation, StorageKind
from airflow_dm_loader.operators.assets import server_uri

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_dm_loader.config import TargetConfig
    from airflow_dm_loader.loader import LoadRun
    from airflow_dm_loader.report import LoadReport, TableReport


class _Asserting(Protocol):
    def __call__(self, *, assertion: str, success: bool) -> Any: ...


@dataclass(frozen=True, slots=True)
class FinishedLoad:
    """A load that has finished in this try of a task."""

    dump_uri: str
    target: TargetConfig
    report: LoadReport

    @classmethod
    def of(cls, run: LoadRun, report: LoadReport) -> FinishedLoad:
        """What ``run`` came to."""
        return cls(run.config.what.dump_uri, run.target, report)


class TellsLineage:
    """Mixed into the operators that end a load; they set ``finished_load``. Airflow's OpenLineage calls the method."""

    finished_load: FinishedLoad | None = None

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:
        """None where nothing was loaded: the load waits for somebody, or had been finished before."""
        if self.finished_load is None or self.finished_load.report.skipped:
            return None
        return lineage_of(self.finished_load)


def lineage_of(load: FinishedLoad) -> OperatorLineage[Any, Any]:
    """The datasets of a load, with rows and bytes of each, and what was asserted of the tables."""
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.generated.input_statistics_input_dataset import InputStatisticsInputDatasetFacet

    namespace, name = dump_dataset(load.dump_uri)
    statistics = InputStatisticsInputDatasetFacet(rowCount=load.report.rows, size=load.report.file_bytes)
    dump = InputDataset(namespace=namespace, name=name, inputFacets={"inputStatistics": statistics})
    return OperatorLineage(inputs=[dump], outputs=[_table(load, table) for table in load.report.tables])


def dump_dataset(dump_uri: str) -> tuple[str, str]:
    """Namespace and name of the dump: ``("s3://bucket", "nightly/shop")``, ``("file", "/dumps/shop")``."""
    location = DumpLocation.parse(dump_uri)
    if location.folder is not None:
        return "file", str(location.folder)
    scheme = "abfss" if location.kind is StorageKind.AZURE else location.kind.value
    return f"{scheme}://{location.bucket}", location.prefix.rstrip("/") or "/"


def _table(load: FinishedLoad, table: TableReport) -> Any:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.generated.data_quality_assertions_dataset import (
        Assertion,
        DataQualityAssertionsDatasetFacet,
    )
    from openlineage.client.generated.output_statistics_output_dataset import OutputStatisticsOutputDatasetFacet

    facets: dict[str, Any] = {}
    if asserted := _assertions(table, Assertion):
        facets["dataQualityAssertions"] = DataQualityAssertionsDatasetFacet(assertions=asserted)
    return OutputDataset(
        namespace=server_uri(load.target),
        name=table.table,
        facets=facets,
        outputFacets={
            "outputStatistics": OutputStatisticsOutputDatasetFacet(rowCount=table.rows, size=table.data_bytes)
        },
    )


def _assertions(table: TableReport, assertion: _Asserting) -> list[Any]:
    """What was compared; what was not asserts nothing."""
    compared = {"row_count": table.row_count, "checksum": table.checksum}
    return [
        assertion(assertion=name, success=found == "passed")
        for name, found in compared.items()
        if found in ("passed", "differs")
    ]
