"""CSV files for TiDB's own two engines: what their one parser can be told, and what of a file is looked at before.

It reads a quoted NULL as NULL, passes over fields that a record has too many, empty lines and a missing end, and puts a
letter of its own in the place of bytes that are none. What would be lost by that is refused where it can be seen from
the settings, the first record or the last byte of a file; of the rest the report says that it was not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.data_formats import Compression
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import ConfigError, DumpFormatError
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.formats.delimited.record_reader import RecordReader
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.report import Finding
from airflow_dm_loader.rules.csv_format import UTF8, CsvFormat
from airflow_dm_loader.state import findings
from airflow_dm_loader.state.meta import Meta

LOGICAL_REMEDY = "Load with import_mode=logical, which reads it so."
_AT_ONCE = 8  # files that are looked at
_LONGEST_HEADER_BYTES = 1 << 20
_END_BYTES = 256  # more than a terminator has
_FOUND_BY = "csv read by TiDB"


def csv_of(files: Iterable[PlannedFile]) -> CsvFormat | None:
    """How the CSV files of a load read; None: it has none."""
    return next((file.csv for file in files if file.csv is not None), None)


def check_csv(csv: CsvFormat, reader: str) -> None:
    """Refuse a dialect in which TiDB's parser would read other values. Raises ConfigError."""
    if csv.character_set not in UTF8 | {"ascii", "binary"} or csv.data_invalid_char_replace is not None:
        raise _refused(reader, "puts a letter of its own in the place of bytes that are none of character_set")
    if csv.delimiter and not csv.not_null and (csv.nulls != ("\\N",) or csv.escape != "\\"):
        raise _refused(
            reader, "takes a field between quotes for NULL too, so that null must be \\N, with backslashes as escapes"
        )


def look_at_files(
    storage: DumpStorage, files: Iterable[PlannedFile], reader: str
) -> Mapping[TableName, tuple[str, ...] | None]:
    """The columns that the CSV files of each table name, which must be the same; None: they name none.

    Raises:
        ConfigError: the dialect is none of TiDB's.
        DumpFormatError: a file's first record is none of names, or its last has no end.
    """
    found = [file for file in files if file.csv is not None and file.source.file_bytes]
    if (csv := csv_of(found)) is None:
        return {}
    check_csv(csv, reader)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        headers = list(pool.map(lambda file: _look_at(storage, file), found))
    columns: dict[TableName, tuple[str, ...] | None] = {}
    for file, names in zip(found, headers, strict=True):
        if columns.setdefault(file.key, names) != names:
            raise DumpFormatError(
                f"its first line names other columns than those of other files of {file.key}, and {reader} would be "
                "told one list",
                file=file.source.name,
                remedy=LOGICAL_REMEDY,
            )
    return columns


def note_csv(meta: Meta, load_id: int, files: Sequence[PlannedFile], reader: str) -> None:
    """Write down what nobody compared; the caller commits."""
    if csv_of(files) is not None:
        text = (
            f"CSV files were read by {reader}: nobody looked for fields that a record has too many, or for values that "
            "a column takes as others"
        )
        findings.keep(meta, load_id, _FOUND_BY, [Finding(kind="csv_not_compared", text=text)])


def _look_at(storage: DumpStorage, file: PlannedFile) -> tuple[str, ...] | None:
    assert file.csv is not None
    form, source = RecordFormat.of_csv(file.csv), file.source
    if source.compression is Compression.NONE and not file.csv.allow_no_final_line_end:
        _check_end(storage, file, form)
    with open_decoded(storage, source.name, source.compression) as decoded:
        reader = RecordReader(decoded, form, file=source.name, max_record_bytes=_LONGEST_HEADER_BYTES)
        return reader.look() if form.header else None


def _check_end(storage: DumpStorage, file: PlannedFile, form: RecordFormat) -> None:
    with storage.open(file.source.name) as stream:
        stream.seek(max(0, file.source.file_bytes - _END_BYTES))
        end = stream.read()
    if not end.endswith(form.terminators):
        raise DumpFormatError(
            "the last record has no line end: a file that was cut looks so",
            file=file.source.name,
            offset=file.source.file_bytes,
            remedy="Put back the file as it was dumped. csv: {allow_no_final_line_end: true} takes it as it is.",
        )


def _refused(reader: str, what: str) -> ConfigError:
    return ConfigError(f"csv: {reader} {what}", remedy=LOGICAL_REMEDY)
