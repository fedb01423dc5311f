"""Compares a loaded table with what was sent and with what the dump's metadata says.

A table that can't be compared is reported as such, with the reason; it never passes for lack of a comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from airflow_dm_loader.dump.metadata import TableMetadata
from airflow_dm_loader.report import Comparison, TableReport
from airflow_dm_loader.state.chunks import TableTotals


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What is known of a table before the server is asked."""

    totals: TableTotals
    metadata: TableMetadata | None
    empty_before: bool
    same_columns: bool  # its columns are defined as in the dump
    other_sources: tuple[str, ...]  # of the same load task, that load into it too
    merged: bool = False  # from several tables of the dump
    rows_before: int | None = None  # that the table held, where the load adds to them
    not_as_dumped: tuple[str, ...] = ()  # columns whose values are others than the dump's, each with the reason
    may_be_uncounted: bool = False  # the tool may have counted 0 for rows that it did not look at


Compared = tuple[Comparison, str]  # and why, in words


def compare_table(
    facts: TableFacts,
    count_rows: Callable[[], int],
    checksum: Callable[[], int | None],
    no_alarm: Callable[[], str] = str,
    compare_with_source: Callable[[], Compared] | None = None,
) -> TableReport:
    """Compare one table.

    Args:
        count_rows: asks the server for COUNT(*).
        checksum: asks the server for CHECKSUM TABLE; None where it has none.
        no_alarm: why another CHECKSUM TABLE than the dump's says nothing of the table; "": it does.
        compare_with_source: compares all values with the source's; None: nobody asked for that.
    """
    totals = facts.totals
    remarks: list[str] = []
    row_count = _conclude(_compare_rows(facts, count_rows), remarks)
    contents = [*_compare_checksum(facts, checksum, no_alarm)]
    if compare_with_source is not None:
        found = _compare_with_source(facts, compare_with_source)
        contents = [found] if contents == [_NO_CHECKSUM] else [*contents, found]
    checksums = _conclude(contents, remarks)
    report = report_table(totals, row_count, checksums, remark="; ".join(dict.fromkeys(remarks)))
    return _with_added(facts, report, count_rows)


def report_table(totals: TableTotals, row_count: Comparison, checksum: Comparison, *, remark: str = "") -> TableReport:
    """What was sent to a table, with what its comparison found."""
    return TableReport(
        table=str(totals.key),
        rows=totals.rows,
        data_bytes=totals.data_bytes,
        replaced=totals.replaced,
        ignored=totals.ignored,
        conflicts=totals.conflicts,
        refused=totals.refused,
        sent_as=totals.sent_as,
        row_count=row_count,
        checksum=checksum,
        remark=remark,
        seconds=round(totals.seconds if totals.wall_s is None else totals.wall_s, 3),
        sender_seconds=round(totals.seconds, 3),
    )


def _with_added(facts: TableFacts, report: TableReport, count_rows: Callable[[], int]) -> TableReport:
    """What became of a table that held rows: nobody can compare it, but rows can be counted."""
    if facts.rows_before is None:
        return report
    added = None if facts.other_sources else count_rows() - facts.rows_before
    return report.model_copy(update={"rows_before": facts.rows_before, "added": added})


_NOT_COUNTED = (
    "as mydumper until 0.14 does of rows that it has not counted (--load-data, --csv): it says no rows of them"
)
_NO_CHECKSUM: Compared = ("not_compared", "the dump gives no checksum")


def _conclude(findings: Iterable[Compared], remarks: list[str]) -> Comparison:
    """The worst of the findings: a difference, else something not compared, else passed."""
    found = list(findings)
    remarks.extend(text for _, text in found if text)
    kinds = {kind for kind, _ in found}
    if "differs" in kinds:
        return "differs"
    return "passed" if "passed" in kinds else "not_compared"


def _compare_rows(facts: TableFacts, count_rows: Callable[[], int]) -> Iterator[Compared]:
    totals = facts.totals
    said = facts.metadata.rows if facts.metadata is not None else None
    if said is not None:
        if said == totals.rows:
            yield "passed", ""
        elif said == 0 and facts.may_be_uncounted:
            yield "not_compared", f"the dump counts 0 rows, {_NOT_COUNTED}"
        else:
            yield "differs", f"the metadata says {said} rows, the data files hold {totals.rows}"
    reason = _not_alone(facts)
    if reason:
        yield "not_compared", f"rows in the target not counted: {reason}"
        return
    counted = count_rows()
    if counted == totals.kept:
        yield "passed", ""
    else:
        yield "differs", f"the table has {counted} rows, {totals.kept} were loaded"


def _compare_checksum(
    facts: TableFacts,
    checksum: Callable[[], int | None],
    no_alarm: Callable[[], str],
) -> Iterator[Compared]:
    said = facts.metadata.data_checksum if facts.metadata is not None else None
    if said is None:
        yield _NO_CHECKSUM
        return
    reason = _not_alone(facts)
    if not reason and not facts.same_columns:
        reason = "its columns are not defined as in the dump"
    if not reason and facts.not_as_dumped:
        reason = "; ".join(facts.not_as_dumped)
    if not reason and facts.merged and facts.totals.kept != facts.totals.rows:
        reason = "rows of the tables that were merged here met"
    if not reason and facts.totals.refused:
        reason = _set_aside(facts.totals)
    if reason:
        yield "not_compared", f"checksum not compared: {reason}"
        return
    found = checksum()
    if found is None:
        yield "not_compared", "checksum not compared: the server has no CHECKSUM TABLE"
    elif found == int(said):
        yield "passed", ""
    elif reason := no_alarm():
        yield "not_compared", f"checksum not compared: {reason}"
    else:
        yield "differs", f"CHECKSUM TABLE gives {found}, the dump says {said}"


def _compare_with_source(facts: TableFacts, compare: Callable[[], Compared]) -> Compared:
    totals = facts.totals
    reason = _not_alone(facts)
    if not reason and totals.kept != totals.rows:
        met = totals.rows - totals.kept - totals.refused
        reason = f"{met} of its rows met a row with the same key" if met else _set_aside(totals)
    return ("not_compared", f"not compared with the source: {reason}") if reason else compare()


def _set_aside(totals: TableTotals) -> str:
    return f"{totals.refused} of its rows were set aside"


def _not_alone(facts: TableFacts) -> str:
    if not facts.empty_before:
        return "the table had rows before"
    if facts.other_sources:
        return "other sources load into it too: " + ", ".join(facts.other_sources)
    return ""
