"""Opens a data file in the form that it has: SQL, or records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import FileKind
from airflow_dm_loader.dump.inventory import Companion, DataFile
from airflow_dm_loader.dump.records.companion import (
    COMPANION_LIMIT_BYTES,
    LoadStatement,
    names_file,
    parse_companion,
)
from airflow_dm_loader.dump.records.layout import RecordLayout
from airflow_dm_loader.dump.records.record_format import RecordFormat
from airflow_dm_loader.dump.statements import check_table
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.engines.logical.chunk import TableColumns
from airflow_dm_loader.engines.logical.chunk_chain import ChunkChain
from airflow_dm_loader.engines.logical.chunks import ChunkReader
from airflow_dm_loader.engines.logical.record_chunks import RecordChunkReader
from airflow_dm_loader.errors import CheckpointError, DumpFormatError
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.settings.choices import DumpTool
from airflow_dm_loader.state.files import FileRow


@contextmanager
def open_chunks(
    planned: PlannedFile,
    row: FileRow,
    *,
    storage: DumpStorage,
    table: TableColumns | None,
    committed: Mapping[int, int],
    chunk_bytes: int,
    max_statement_bytes: int,
    load_data: bool,
    dump_tool: DumpTool = DumpTool.AUTO,
) -> Iterator[ChunkChain]:
    """The chunks of a data file that are not committed yet.

    Args:
        table: what its rows hold, and the target table; None where ``create_tables`` did not prepare it.
        max_statement_bytes: a statement or record that has no end within so many bytes is an error.
        load_data: whether LOAD DATA may be used.
        dump_tool: what wrote SQL files.

    Raises:
        DumpFormatError: a ``.dat`` has no LOAD DATA statement that can be understood.
    """
    source = planned.source
    layout = None if source.kind is FileKind.DATA_SQL else _record_layout(planned, storage)
    with open_decoded(storage, source.name, source.compression) as decoded:
        if layout is None:
            yield ChunkReader(
                decoded,
                row,
                source_table=(source.schema, source.table),
                committed=committed,
                chunk_bytes=chunk_bytes,
                max_statement_bytes=max_statement_bytes,
                table=table,
                load_data=load_data,
                dump_tool=dump_tool,
            )
            return
        if table is None:
            raise CheckpointError(
                "the load has no record of this table", remedy="Clear create_tables: it prepares the tables."
            )
        yield RecordChunkReader(
            decoded,
            row,
            layout=layout,
            table=table,
            committed=committed,
            chunk_bytes=chunk_bytes,
            max_record_bytes=max_statement_bytes,
            load_data=load_data,
        )


def _record_layout(planned: PlannedFile, storage: DumpStorage) -> RecordLayout:
    """How a file of records reads: as its companion says, or as ``csv`` does."""
    if planned.csv is not None:
        form = RecordFormat.of_csv(planned.csv)
        return RecordLayout(form, None, {}, {"names": form.charset})
    assert planned.source.companion is not None  # the plan has no .dat without one
    return _load_statement(planned.source, planned.source.companion, storage).layout


def _load_statement(source: DataFile, companion: Companion, storage: DumpStorage) -> LoadStatement:
    """The one statement of the companion that names the file; it must be for the file's table."""
    with open_decoded(storage, companion.name, companion.compression) as decoded:
        content = decoded.read(COMPANION_LIMIT_BYTES + 1)
    if len(content) > COMPANION_LIMIT_BYTES:
        raise DumpFormatError(f"a LOAD DATA statement has no {COMPANION_LIMIT_BYTES} bytes", file=companion.name)
    statements = parse_companion(content, file=companion.name)
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
    check_table(found[0].schema, found[0].table, (source.schema, source.table), found[0].statement, file=companion.name)
    return found[0]
