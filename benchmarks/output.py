"""What a benchmark leaves: tables in the terminal, and a line of JSON in the history."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.cases import Case
from benchmarks.results import Results
from benchmarks.source import Dump, Sizes

_ROOT = Path(__file__).parents[1]


def print_results(console: Console, cases: Sequence[Case], results: Results) -> None:
    """Seconds are medians; wall has the least and the greatest too."""
    shown = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    shown.add_column("Case", no_wrap=True)
    shown.add_column("What", no_wrap=True)
    for heading in ("Wall s", "Min-max", "Start s", "Client CPU", "Server CPU", "Peak MiB"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for case in cases:
        if case.name not in results.measured:
            continue
        wall, inner = results.wall_s(case.name), results.detail(case.name, "inner_s")
        peak = results.peak_rss_bytes(case.name)
        shown.add_row(
            case.name,
            case.label,
            f"{wall.middle:.2f}",
            f"{wall.least:.2f}-{wall.greatest:.2f}",
            "" if inner is None else f"{wall.middle - inner:.2f}",
            _seconds(results.middle(case.name, "client_cpu_s")),
            _seconds(results.middle(case.name, "server_cpu_s")),
            "" if peak is None else f"{peak / (1 << 20):.0f}",
        )
    console.print(shown)
    compared = Table("Wall times, paired in each run", box=box.SIMPLE, show_edge=False, pad_edge=False)
    for heading in ("Median", "min to max", "Goal"):
        compared.add_column(heading, justify="right")
    for pair, spread in results.comparisons():
        compared.add_row(
            pair.title,
            f"{spread.middle:.2f}",
            f"{spread.least:.2f} to {spread.greatest:.2f}",
            "" if pair.goal is None else f"{pair.goal:.2f}{' s' if pair.in_seconds else ''}",
        )
    if compared.row_count:
        console.print()
        console.print(compared)
    for case in cases:
        loaded = results.detail(case.name, "loaded_before") if case.name in results.measured else None
        if loaded is not None:
            console.print(f"{case.name}: {loaded:.1%} of the dump's bytes were committed before (median).")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def append_history(
    file: Path, machine: Mapping[str, Any], sizes: Sizes, runs: int, dumps: Mapping[str, Dump], results: Results
) -> None:
    """One line a benchmark; no names of hosts and no paths, for the file is committed."""
    entry = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        **machine,
        "sizes": asdict(sizes),
        "runs": runs,
        "dump_bytes": {name: dump.file_bytes for name, dump in dumps.items()},
        "cases": {
            name: {
                "wall_s": [round(one.wall_s, 3) for one in measured],
                "client_cpu_s": _rounded([one.client_cpu_s for one in measured]),
                "server_cpu_s": _rounded([one.server_cpu_s for one in measured]),
                "peak_rss_mib": _rounded([one.peak_rss_bytes and one.peak_rss_bytes / (1 << 20) for one in measured]),
                "details": [dict(one.details) for one in measured],
            }
            for name, measured in results.measured.items()
        },
        "compared": {
            pair.title: [round(spread.least, 3), round(spread.middle, 3), round(spread.greatest, 3)]
            for pair, spread in results.comparisons()
        },
    }
    with file.open("a") as history:
        history.write(json.dumps(entry) + "\n")


def _rounded(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else round(value, 2) for value in values]


def describe_machine() -> dict[str, Any]:
    """Cores, memory and the versions that matter."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / (1 << 30), 1),
        "python": platform.python_version(),
        "mariadb": _version("mariadbd"),
        "mydumper": _version("mydumper"),
    }


def _version(program: str) -> str:
    path = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    said = subprocess.run([path or program, "--version"], capture_output=True, check=True, text=True).stdout
    found = re.search(r"\d+\.\d+[.\d]*", said)
    return found[0].rstrip(".") if found else said.strip()


def _commit() -> str:
    """With a plus sign where files differ from it."""
    git = shutil.which("git")
    if git is None:
        return ""
    described = subprocess.run(
        [git, "-C", str(_ROOT), "describe", "--always", "--dirty=+", "--exclude=*"],
        capture_output=True,
        check=False,
        text=True,
    )
    return described.stdout.strip()
