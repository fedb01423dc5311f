"""Small dumps of CSV, as dumpling writes it, and of mydumper's .dat files, for tests that load them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.dumps import HEAD, WITH_KEY, Table, write_dump

COMPANION = (
    "LOAD DATA LOCAL INFILE '{dat}' INTO TABLE `{table}` FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' "
    "LINES STARTING BY '' TERMINATED BY '\\n' ({columns});\n"
)


@dataclass(frozen=True)
class CsvTable(Table):
    """``rows`` are lines without their end; ``columns`` are the header; None: there is none."""

    columns: Sequence[str] | None = ("id", "v")
    terminator: str = "\r\n"

    @property
    def data_file(self) -> str:
        return f"{self.schema}.{self.name}.000000000.csv"

    def data(self) -> str:
        header = [",".join(f'"{column}"' for column in self.columns)] if self.columns is not None else []
        return "".join(f"{line}{self.terminator}" for line in (*header, *self.rows))


@dataclass(frozen=True)
class DatTable(Table):
    """``rows`` are lines without their end, with tabs."""

    columns: Sequence[str] = ("id", "v")
    companion: str | None = COMPANION

    @property
    def data_file(self) -> str:
        return f"{self.schema}.{self.name}.00000.dat"

    @property
    def companion_file(self) -> str:
        return f"{self.schema}.{self.name}.00000.sql"

    def data(self) -> str:
        return "".join(f"{line}\n" for line in self.rows)

    def write_companion(self, folder: Path) -> None:
        if self.companion is not None:
            columns = ",".join(f"`{column}`" for column in self.columns)
            text = self.companion.format(dat=self.data_file, table=self.name, columns=columns)
            (folder / self.companion_file).write_text(self.head + text)


RecordTable = CsvTable | DatTable


def csv_rows(start: int, end: int) -> list[str]:
    return [f'{at},"the row of number {at}"' for at in range(start, end)]


def dat_rows(start: int, end: int) -> list[str]:
    return [f"{at}\tthe row of number {at}" for at in range(start, end)]


def numbered_records(name: str, count: int, create: str = WITH_KEY, *, csv: bool) -> RecordTable:
    """The rows of :func:`tests.dumps.numbered` in another form."""
    if csv:
        return CsvTable(name, create, csv_rows(0, count))
    return DatTable(name, create, dat_rows(0, count))


def write_records(folder: Path, *tables: Table, schema_files: bool = True) -> Path:
    """As :func:`tests.dumps.write_dump`, with the LOAD DATA statements beside .dat files."""
    write_dump(folder, *tables, schema_files=schema_files)
    for table in tables:
        if isinstance(table, DatTable):
            table.write_companion(folder)
    return folder


__all__ = ["COMPANION", "HEAD", "CsvTable", "DatTable", "csv_rows", "dat_rows", "numbered_records", "write_records"]
