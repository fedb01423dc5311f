"""What a load that met faults is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dev.private_server import PrivateServer
from tests.dumps import Table, write_dump
from tests.tables import ROWS_WRONG, hashes_by_client, table_hashes

_KEYED = (
    "(`id` int NOT NULL, `v` varchar(60), `n` int, PRIMARY KEY (`id`), KEY `v` (`v`), KEY `n` (`n`,`v`)) ENGINE=InnoDB"
)
_KEYLESS = "(`n` int NOT NULL, `v` varchar(60)) ENGINE=InnoDB"
_ODD = ("it's", 'a \\"quote\\"', "back\\\\slash", "new\\nline", "a),(b;", "nul\\0", "日本語 🙂", "")


@dataclass(frozen=True)
class FaultDump:
    """A dump of tables with and without keys, and what the ``mariadb`` client makes of it."""

    folder: Path
    rows: int
    hashes: dict[str, str] = field(repr=False)

    def assert_arrived_once(self, server: PrivateServer) -> None:
        """Every byte of every table is as the ``mariadb`` client loads it."""
        assert table_hashes(server, ["s"]) == self.hashes, ROWS_WRONG


def write_fault_dump(server: PrivateServer, folder: Path) -> FaultDump:
    """About 60 chunks of 4 KiB; many rows of the table without a key are equal."""
    keyed = [f'({at},"{_ODD[at % 8]} {at}",{at % 7})' for at in range(1600)]
    keyless = [f'({at % 300},"{_ODD[at % 8]} and so on and on, {at % 300}")' for at in range(2400)]
    write_dump(
        folder,
        Table("keyed", _KEYED, keyed, rows_per_statement=60),
        Table("keyed_too", _KEYED, keyed[:700], rows_per_statement=25),
        Table("keyless", _KEYLESS, keyless, rows_per_statement=60),
    )
    return FaultDump(folder, 1600 + 700 + 2400, hashes_by_client(server, folder))
