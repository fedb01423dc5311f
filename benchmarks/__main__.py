"""Measure loads: ``python -m benchmarks``, which ``make bench`` runs. See benchmarks/README.md.

Exit status: 0 when everything was measured and every table was right, 1 when not, 2 for wrong options.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.cases import CASES, SERVER_OPTIONS, Case, choose
from benchmarks.chart import Bar, draw
from benchmarks.measure import LoadFailedError, Measurement
from benchmarks.output import append_history, describe_machine, print_results
from benchmarks.peers import Job
from benchmarks.results import Results
from benchmarks.source import Dump, Sizes, Source, table_states
from dev.private_mariadb import PrivateMariaDB

_HERE = Path(__file__).parent
_CHART = _HERE.parent / "docs" / "images" / "speed.svg"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    console = Console(highlight=False)
    console.width = max(console.width, 120)  # a log has no width of its own
    try:
        cases = choose(options.only)
    except ValueError as error:
        console.print(f"--only: {error}")
        return 2
    if not _has_mydumper(console):
        return 1
    for case in [case for case in cases if case.missing]:
        console.print(f"[dim]left out: {case.name}, since {' and '.join(case.missing)} names no program")
    cases = tuple(case for case in cases if not case.missing)
    _compile_packages()
    sizes = Sizes(options.size_mb, options.big_mib, options.huge_row_mb, options.small_tables)
    try:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
            dumps = _make_dumps(Path(folder), sizes, cases, lambda text: console.print(f"[dim]{text}"))
            results = _measure_all(console, cases, dumps, options.runs, Path(folder))
    except RuntimeError as error:
        console.print(str(error), markup=False, style="red")
        return 1
    if results.measured:
        machine = describe_machine()
        console.print()
        print_results(console, cases, results)
        append_history(options.history, machine, sizes, options.runs, dumps, results)
        charted = [case for case in CASES if case.in_chart and case.name in results.measured]
        if {"ours", "myloader", "limit"} <= {case.name for case in charted}:
            _draw(options.chart, charted, results, dumps["plain"], machine, options.runs)
    return 0 if all(case.name in results.measured for case in cases) else 1


def _measure_all(
    console: Console, cases: Sequence[Case], dumps: Mapping[str, Dump], runs: int, folder: Path
) -> Results:
    """All cases one after the other, and again: what the machine does meanwhile then hits all of them alike.

    Each run begins with another case: the one before it leaves the machine busier or colder than others would.
    """
    results = Results()
    failed: set[str] = set()
    for run in range(1, runs + 1):
        first = (run - 1) % len(cases)
        for case in (*cases[first:], *cases[:first]):
            if case.name in failed or (case.once and run > 1):
                continue
            try:
                measurement = _measure(case, dumps[case.dump], folder)
            except LoadFailedError as error:
                failed.add(case.name)
                results.drop(case)
                console.print(f"{case.name} FAILED: {error}", markup=False, style="red")
                continue
            results.add(case, measurement)
            console.print(f"run {run} of {runs}  {case.name:16} {measurement.wall_s:8.2f} s")
    return results


def _draw(
    file: Path, cases: Sequence[Case], results: Results, dump: Dump, machine: Mapping[str, Any], runs: int
) -> None:
    subtitle = (
        f"{dump.file_bytes / 1e6:.0f} MB in three tables, MariaDB {machine['mariadb']}, {machine['cores']} cores; "
        f"median of {runs} runs, least to greatest"
    )
    bars = [Bar(case.label, _kind(case), results.wall_s(case.name)) for case in cases]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(draw(bars, "Seconds to load a mydumper dump", subtitle))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure loads beside other tools.")
    parser.add_argument("--size-mb", type=int, default=350, help="size of the main dump (default 350)")
    parser.add_argument("--runs", type=int, default=3, help="how often each case is run (default 3)")
    parser.add_argument("--only", default="", metavar="CASE,...", help=", ".join(case.name for case in CASES))
    parser.add_argument("--big-mib", type=int, default=1024, help="size of the one large file (default 1024)")
    parser.add_argument("--huge-row-mb", type=int, default=60, help="size of a huge row (default 60)")
    parser.add_argument("--small-tables", type=int, default=5000, help="how many small tables (default 5000)")
    parser.add_argument("--history", type=Path, default=_HERE / "history.jsonl", help="where a line is added")
    parser.add_argument("--chart", type=Path, default=_CHART, help="where the picture is drawn")
    return parser


def _has_mydumper(console: Console) -> bool:
    """As root on Debian it is installed; else it is said how."""
    if shutil.which("mydumper") and shutil.which("myloader"):
        return True
    apt_get = shutil.which("apt-get")
    if apt_get is None or os.geteuid() != 0:
        console.print("mydumper and myloader are missing. Please run: sudo apt-get install mydumper")
        return False
    console.print("[dim]apt-get install mydumper")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([apt_get, "-qq", "update"], check=True, env=environment)
    subprocess.run([apt_get, "-qq", "-y", "install", "mydumper"], check=True, env=environment)
    return True


def _compile_packages() -> None:
    """Leave bytecode as installers do: where the environment forbids it, each process would compile what it imports."""
    for folder in (sysconfig.get_path("purelib"), str(_HERE.parent / "airflow_dm_loader"), str(_HERE)):
        compileall.compile_dir(folder, quiet=2, workers=0)


def _make_dumps(folder: Path, sizes: Sizes, cases: Sequence[Case], say: Callable[[str], None]) -> dict[str, Dump]:
    """All dumps that the cases need; then the source is gone, so that it costs nothing while others are timed."""
    with Source(folder, sizes, say) as source:
        return {name: source.dump(name) for name in dict.fromkeys(case.dump for case in cases)}


def _measure(case: Case, dump: Dump, folder: Path) -> Measurement:
    """Load into a server of its own; what was loaded must be what was dumped."""
    server = PrivateMariaDB({**SERVER_OPTIONS, **case.options})
    with tempfile.TemporaryDirectory(prefix=f"{case.name}-", dir=folder) as scratch:
        server.start()
        try:
            measurement = case.load(Job(dump, server, Path(scratch)))
            _check(case, dump, server)
        finally:
            server.kill9()  # it would write its whole buffer pool before it ends by itself
            server.stop()
    return measurement


def _check(case: Case, dump: Dump, server: PrivateMariaDB) -> None:
    loaded = table_states(server, dump.schema)
    wrong = [name for name, state in dump.tables.items() if loaded.get(name) != state]
    if wrong:
        raise LoadFailedError(f"{case.name}: {len(wrong)} tables differ from the source, {wrong[0]!r} among them")


def _kind(case: Case) -> str:
    return "limit" if case.name == "limit" else "ours" if case.name.startswith("ours") else "other"


if __name__ == "__main__":
    sys.exit(main())
