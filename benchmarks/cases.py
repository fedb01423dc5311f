"""What is measured: the cases, and which of them are set against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.airflow_way import through_airflow
from benchmarks.peers import WITHOUT_CHECKS, Peer, limit, mariadb_client, myloader, myloader_1, ours, ours_resumed
from benchmarks.programs import Program

# Every peer gets these: durable as the server is by default, memory for the whole dump, no binlog.
SERVER_OPTIONS = {
    "innodb-buffer-pool-size": "1G",
    "innodb-log-file-size": "96M",  # the server's own default
    "innodb-flush-log-at-trx-commit": "1",
}
_BINLOG = {"log-bin": "binlog", "binlog-format": "ROW", "sync-binlog": "1", "server-id": "1"}
_HUGE_ROWS = {"max-allowed-packet": "128M", "innodb-log-file-size": "1G"}  # a row may take a tenth of the redo log


@dataclass(frozen=True, slots=True)
class Case:
    """A peer with a dump and a server of its own."""

    name: str
    label: str
    dump: str
    load: Peer
    options: Mapping[str, str] = field(default_factory=dict)  # over SERVER_OPTIONS
    once: bool = False  # for its memory: one run tells it
    in_chart: bool = False
    needs: tuple[Program, ...] = ()

    @property
    def missing(self) -> tuple[Program, ...]:
        """What it needs and is not here."""
        return tuple(program for program in self.needs if program.path is None)


@dataclass(frozen=True, slots=True)
class Versus:
    """Two cases set against each other by their wall times; the goal is shown, nothing is asserted."""

    case: str
    against: str
    goal: float | None = None  # at most
    in_seconds: bool = False  # the difference is what counts, not the ratio

    @property
    def title(self) -> str:
        return f"{self.case} {'-' if self.in_seconds else '/'} {self.against}"

    def compare(self, wall_s: float, against_wall_s: float) -> float:
        return wall_s - against_wall_s if self.in_seconds else wall_s / against_wall_s


_BOTH_1 = (Program.MYDUMPER_1, Program.MYLOADER_1)

CASES = (
    Case("ours", "airflow-dm-loader", "plain", ours(**WITHOUT_CHECKS), in_chart=True),
    Case("myloader", "myloader, 4 threads", "plain", myloader(4), in_chart=True),
    Case("limit", "LOAD DATA INFILE by hand", "plain", limit, in_chart=True),
    Case("myloader-2", "myloader, 2 threads", "plain", myloader(2)),
    Case("client", "mariadb client, 2 at a time", "plain", mariadb_client(2), in_chart=True),
    Case("ours-checked", "with checksum and analyze", "plain", ours(), in_chart=True),
    Case("ours-indexed", "ours, indexes during the load", "plain", ours(**WITHOUT_CHECKS, defer_indexes=False)),
    Case("ours-statements", "ours, statements only", "plain", ours(**WITHOUT_CHECKS, load_data=False)),
    Case("ours-resume", "ours, the last 10 %", "plain", ours_resumed(**WITHOUT_CHECKS)),
    Case("ours-gzip", "ours, gzip", "gzip", ours(**WITHOUT_CHECKS)),
    Case("ours-zstd", "ours, zstd", "zstd", ours(**WITHOUT_CHECKS)),
    Case("airflow", "the DAG, 2 import tasks", "plain", through_airflow(import_tasks=2, pool_size=2, **WITHOUT_CHECKS)),
    Case(
        "airflow-awake",
        "the DAG, a scheduler that sleeps 0.1 s",
        "plain",
        through_airflow(0.1, import_tasks=2, pool_size=2, **WITHOUT_CHECKS),
    ),
    Case("ours-split", "ours, files of 64 MB", "split", ours(**WITHOUT_CHECKS)),
    Case("myloader-split", "myloader, files of 64 MB", "split", myloader(4)),
    Case("ours-binlog", "ours, binlog", "plain", ours(**WITHOUT_CHECKS), _BINLOG),
    Case("myloader-binlog", "myloader, binlog", "plain", myloader(4, binlog=True), _BINLOG),
    Case("ours-small", "ours, small tables", "small", ours(**WITHOUT_CHECKS)),
    Case("myloader-small", "myloader, small tables", "small", myloader(4)),
    Case("ours-1", "ours, mydumper 1's layout", "mydumper-1", ours(**WITHOUT_CHECKS), needs=(Program.MYDUMPER_1,)),
    Case("myloader-1", "myloader 1, 4 threads", "mydumper-1", myloader_1(4), needs=_BOTH_1),
    Case("ours-dumpling", "ours, dumpling's layout", "dumpling", ours(**WITHOUT_CHECKS), needs=(Program.DUMPLING,)),
    Case("myloader-1-small", "myloader 1, small tables", "small-1", myloader_1(4), needs=_BOTH_1),
    Case("ours-big", "ours, one large file", "big", ours(**WITHOUT_CHECKS), once=True),
    Case("ours-huge", "ours, huge rows", "huge", ours(**WITHOUT_CHECKS), _HUGE_ROWS, once=True),
)

COMPARISONS = (
    Versus("ours", "myloader", 0.60),
    Versus("ours", "myloader-2", 0.60),
    Versus("ours", "client"),
    Versus("ours", "limit", 1.15),
    Versus("ours-1", "limit", 1.15),
    Versus("ours-dumpling", "limit", 1.15),
    Versus("ours-1", "myloader-1", 0.95),
    Versus("ours-small", "myloader-1-small", 0.75),
    Versus("ours-split", "myloader-split", 0.60),
    Versus("ours-binlog", "myloader-binlog"),
    Versus("ours-small", "myloader-small", 1.0),
    Versus("ours-gzip", "ours", 1.05),
    Versus("ours-zstd", "ours", 1.05),
    Versus("ours-resume", "ours", 0.12),
    Versus("ours-checked", "ours"),
    Versus("ours-indexed", "ours"),
    Versus("ours-statements", "ours"),
    Versus("airflow", "ours", 3.0, in_seconds=True),
    Versus("airflow-awake", "ours", 3.0, in_seconds=True),
)


def choose(names: str) -> tuple[Case, ...]:
    """The cases of a list with commas, in our order; all of them for an empty one.

    Raises:
        ValueError: a name is not one of ours.
    """
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    unknown = wanted - {case.name for case in CASES}
    if unknown:
        known = ", ".join(case.name for case in CASES)
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; there are {known}")
    return tuple(case for case in CASES if not wanted or case.name in wanted)
