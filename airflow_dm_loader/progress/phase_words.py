"""What each phase did, in a line for its task's log. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from airflow_dm_loader.report import Finding, TableReport, some_of

_SHOWN_NAMES = 8
_TOOLS = {"text": "dumpling, or mydumper until 0.10", "ini": "mydumper from 0.11 on"}


def counted(number: int, thing: str) -> str:
    """``1 table``, ``1,500 tables``; the thing's plural has an s."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def named(names: Collection[str], thing: str) -> str:
    """``2 tables (s.a, s.b)``, with as many names as one likes to read."""
    return counted(len(names), thing) + (f" ({some_of(list(names), _SHOWN_NAMES)})" if names else "")


def tool_name(form: str, said: str = "auto") -> str:
    """The tool that wrote a dump, by the form of its metadata and the setting ``dump_tool``."""
    return said if said != "auto" else _TOOLS[form]


def describe_registration(found: Mapping[str, Any]) -> str:
    """What ``prepare_checkpoint`` gives, with ``path``."""
    from humanize import naturalsize

    what = f"{counted(found['files'], 'data file')}, {naturalsize(found['file_bytes'])}"
    if found["path"] == "finished":
        return f"This load had finished before: nothing is sent again ({what})"
    if found["path"] == "resolve":
        return f"This load is paused: all is sent, and somebody must decide on what was found ({what})"
    begun = "A new load" if found["fresh"] else "This load was begun before; it resumes, and what is committed stays"
    return f"{begun}: {what}"


def describe_creation(summary: Mapping[str, Any], shares: int) -> str:
    """What ``create_tables`` gives."""
    parts = [f"Created {named(summary.get('created', ()), 'table')}"]
    if existing := summary.get("existing"):
        parts.append(f"{named(existing, 'table')} existed")
    if views := summary.get("views"):
        parts.append(f"created {named(views, 'view')}")
    parts.append(f"{counted(shares, 'import task')} to send the rows")
    return "; ".join(parts)


def describe_share(report: Mapping[str, Any]) -> str:
    """What ``run_import`` gives."""
    from humanize import naturalsize

    if report["rows_sent_known"]:
        sent = f"{counted(report['rows_sent'], 'row')} sent in {counted(report['chunks_sent'], 'chunk')}"
    else:
        sent = "Sent by tidb-lightning, which did not tell how many rows"
    parts = [sent]
    if report["chunks_skipped"]:
        parts.append(f"{counted(report['chunks_skipped'], 'chunk')} had been committed before")
    parts.append(f"{counted(report['files_done'], 'file')} of {naturalsize(report['file_bytes'])}")
    parts.append(f"{report['seconds']:.1f} s")
    return " | ".join(parts)


def describe_stream(streamed: Mapping[str, Any]) -> str:
    """What ``stream_dump`` gives."""
    if not streamed["files"]:
        return "The dump is whole"
    files, rows = counted(streamed["files"], "file"), counted(streamed["rows"], "row")
    return f"The dump is whole; {rows} of {files} were loaded while it was being made"


def describe_comparison(verdict: str, tables: Collection[TableReport], findings: Collection[Finding]) -> str:
    """What ``verify`` found."""
    words = {
        "clean": "Clean",
        "has_duplicates": "Rows met rows with the same key",
        "checksum_differs": "Tables differ from the dump",
        "unlike_last_load": "The dump brings far less than the last load did",
        "rows_refused": "Rows were set aside that the server refused",
    }
    counts = {
        "row count": [table.row_count for table in tables],
        "checksum": [table.checksum for table in tables],
    }
    parts = [words.get(verdict, verdict)]
    for what, found in counts.items():
        parts += [f"{what} {_plain(word)}: {counted(n, 'table')}" for word, n in sorted(Counter(found).items())]
    if rows := sum(table.conflicts for table in tables):
        parts.append(f"{counted(rows, 'row')} in conflict")
    if rows := sum(table.refused for table in tables):
        parts.append(f"{counted(rows, 'row')} refused")
    if findings:
        parts.append(counted(len(findings), "finding"))
    return " | ".join(parts)


def _plain(word: str) -> str:
    return word.replace("_", " ")


def describe_analysis(found: Mapping[str, Any]) -> str:
    """What ``analyze`` gives."""
    return f"Statistics of {counted(found['tables'], 'table')} refreshed" + (
        f"; {counted(len(found['problems']), 'table')} could not be" if found["problems"] else ""
    )


def describe_cleaning(found: Mapping[str, Any], *, asked: bool) -> str:
    """What ``clean_dump_files`` gives."""
    if not asked:
        return "The dump is kept: clean_dump_files is off"
    return f"Removed {named(found['removed'], 'file')} of the dump"
