"""Opens a file of records: a CSV file reads as the setting ``csv`` says, a ``.dat`` as its companion does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_dm_loader.dump.compression import DecodedFile, open_decoded
from airflow_dm_loader.dump.inventory import Companion, DataFile
from airflow_dm_loader.dump.statements import check_table
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import CheckpointError, DumpFormatError
from airflow_dm_loader.formats.base import Reading
from airflow_dm_loader.formats.delimited.companion import (
    COMPANION_LIMIT_BYTES,
    LoadStatement,
    names_file,
    parse_companion,
)
from airflow_dm_loader.formats.delimited.record_chunks import RecordChunkReader
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.formats.delimited.record_layout import RecordLayout, session_charset
from airflow_dm_loader.formats.delimited.utf8_file import Utf8File
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.rules.csv_format import CsvFormat
from airflow_dm_loader.state.files import FileRow


class DelimitedFormat:
    """CSV files, and mydumper's ``.dat``."""

    @contextmanager
    def open(self, planned: PlannedFile, row: FileRow, reading: Reading) -> Iterator[RecordChunkReader]:
        """See :class:`~airflow_dm_loader.formats.base.Format`.

        Raises:
            DumpFormatError: a ``.dat`` has no LOAD DATA statement that can be understood.
        """
        layout = _record_layout(planned, reading.storage)
        if reading.table is None:
            raise CheckpointError(
                "the load has no record of this table", remedy="Clear create_tables: it prepares the tables."
            )
        with open_decoded(reading.storage, planned.source.name, planned.source.compression) as decoded:
            yield RecordChunkReader(
                _as_utf8(decoded, planned.csv, reading.max_row_bytes),
                row,
                layout=layout,
                table=reading.table,
                committed=reading.committed,
                chunk_bytes=reading.chunk_bytes,
                max_record_bytes=reading.max_row_bytes,
                load_data=reading.load_data,
            )


def _as_utf8(decoded: DecodedFile, csv: CsvFormat | None, most_bytes: int) -> DecodedFile | Utf8File:
    """The file; where its charset can't be cut by bytes, as if it were in UTF-8."""
    if csv is None or not csv.is_recoded:
        return decoded
    return Utf8File(decoded, csv.character_set, replacement=csv.data_invalid_char_replace, most_bytes=most_bytes)


def _record_layout(planned: PlannedFile, storage: DumpStorage) -> RecordLayout:
    """How a file of records reads: as its companion says, or as ``csv`` does."""
    if planned.csv is not None:
        form = RecordFormat.of_csv(planned.csv)
        return RecordLayout(form, None, {}, {"names": session_charset(form.charset)})
    assert planned.source.companion is not None  # the plan has no .dat without one
    return _load_statement(planned.source, planned.source.companion, storage, planned.charset).layout


def _load_statement(source: DataFile, companion: Companion, storage: DumpStorage, charset: str | None) -> LoadStatement:
    """The one statement of the companion that names the file; it must be for the file's table."""
    with open_decoded(storage, companion.name, companion.compression) as decoded:
        content = decoded.read(COMPANION_LIMIT_BYTES + 1)
    if len(content) > COMPANION_LIMIT_BYTES:
        raise DumpFormatError(f"a LOAD DATA statement has no {COMPANION_LIMIT_BYTES} bytes", file=companion.name)
    statements = parse_companion(content, file=companion.name, charset=charset)
    found = [each for each in statements if names_file(each.data_file, source.name, source.compression)]
    if len(found) != 1 or len(statements) != companion.data_files:
        named = ", ".join(repr(each.data_file) for each in statements)
        raise DumpFormatError(
            f"its LOAD DATA statements are for {named}; it should hold one for {source.name!r}, and "
            f"{companion.data_files} in all, as many as there are .dat files beside it",
            file=companion.name,
            offset=statements[0].statement.offset,
            remedy="Put the files back as they were dumped: one statement names each .dat file, and none is missing.",
        )
    check_table(found[0].schema, found[0].table, source.key, found[0].statement, file=companion.name)
    return found[0]
