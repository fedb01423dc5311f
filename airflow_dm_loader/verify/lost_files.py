"""Files of which the dump's own count says that they were lost: that pauses a load, however much checks count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from airflow_dm_loader.dump.file_numbers import NumberGap
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable
from airflow_dm_loader.report import Finding
from airflow_dm_loader.state.chunks import TableTotals


def lost_rows(plan: LoadPlan, sent: Iterable[tuple[PlannedTable, TableTotals]]) -> Iterator[Finding]:
    """A finding for each table with a gap in its file numbers and fewer rows than the dump counts."""
    gaps: dict[TableName, list[NumberGap]] = defaultdict(list)
    for gap in plan.gaps:
        gaps[gap.key].append(gap)
    for table, totals in sent:
        counted = table.metadata.rows if table.metadata is not None else None
        of_table = [gap for source in table.sources for gap in gaps[source.key]]
        if of_table and counted is not None and totals.rows < counted:
            yield Finding(
                kind="missing_files",
                table=table.name,
                text=f"a data file was lost: the dump counts {counted} rows, its files hold {totals.rows}, and of "
                f"{of_table[0].schema}.{of_table[0].table} {of_table[0].text}",
                rows=counted - totals.rows,
                pauses=True,
            )
