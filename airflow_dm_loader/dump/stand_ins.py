"""The real names of what mydumper's files call ``mydumper_N``.

mydumper from 0.11 on puts such a stand-in into file names for the name of a schema, table or view that has other
characters than letters, digits, ``-``, ``_`` and blanks. Its ``metadata`` gives a table's real name from 0.15 on, but
some versions (0.16 to 0.19) give it without the stand-in. Of all others the file says it that creates the object,
or else its rows do. Whose names ``metadata`` gives, no file is opened for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.data_formats import DataFormat
from airflow_dm_loader.dump.filenames import DumpFileName, FileKind, are_dumplings
from airflow_dm_loader.dump.metadata_types import METADATA_NAME, DumpMetadata, TableMetadata
from airflow_dm_loader.dump.names import is_stand_in
from airflow_dm_loader.dump.schema_charset import SchemaOrigin
from airflow_dm_loader.dump.schema_files import load_schema_file
from airflow_dm_loader.dump.schema_objects import ObjectKind, created_name
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.dump.table_options import NotAllowedError
from airflow_dm_loader.errors import DumpFormatError, DumpMetadataError, DuplicateFileError, NotCreateStatementError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.settings.choices import DumpTool

_FIRST_BYTES = 64 << 10  # of a data file; its head and the beginning of its first statement have less
_ROWS_OF = re.compile(  # as mydumper writes them
    rb"^(?:(?:INSERT|REPLACE) (?:IGNORE )?INTO|LOAD DATA [^\n]{1,4096}? INTO TABLE) "
    rb"([`\"])((?:(?!\1).|\1\1){1,256}+)\1",
    re.MULTILINE | re.DOTALL,
)
_CREATES_SCHEMA = "the file that creates it, with the ending -schema-create.sql"
_CREATES_TABLE = "the file that creates it, with the ending -schema.sql"
_CREATED_KINDS = {
    FileKind.DATABASE_SCHEMA: ObjectKind.DATABASE,
    FileKind.TABLE_SCHEMA: ObjectKind.TABLE,
    FileKind.VIEW_SCHEMA: ObjectKind.VIEW,
}


@dataclass(frozen=True, slots=True)
class RealNames:
    """What files say of stand-ins: pairs of a schema's stand-in or a table's place in the files, and the real name."""

    schemas: tuple[tuple[str, str], ...] = ()
    tables: tuple[tuple[TableName, str], ...] = ()


class Renaming:
    """Puts the real names of schemas and tables in place of mydumper's stand-ins."""

    def __init__(self, metadata: DumpMetadata, real: RealNames) -> None:
        self._given = metadata
        self._stand_ins = metadata.tool == "ini"
        self._schemas = dict(real.schemas)
        self._tables = dict(real.tables)
        self._files: dict[TableName, str] = {}  # real schema and table -> the table's name in the files

    @property
    def metadata(self) -> DumpMetadata:
        """The same by real names.

        Raises:
            DumpMetadataError: it describes a table twice.
        """
        tables: dict[TableName, TableMetadata] = {}
        for (schema, table), found in self._given.tables.items():
            key = TableName(self._schemas.get(schema, schema), self._tables.get(TableName(schema, table), table))
            if key in tables:
                raise DumpMetadataError(f"the metadata describes the table {key} twice", file=METADATA_NAME)
            tables[key] = replace(found, real_name=key.table)
        return replace(self._given, tables=tables)

    def apply(self, name: str, reading: DumpFileName) -> DumpFileName:
        """The reading by real names.

        Raises:
            DumpMetadataError: nothing gives them.
            DuplicateFileError: another name in the files stands for this table too.
        """
        if reading.schema is None:
            return reading
        schema, table = self._schemas.get(reading.schema, reading.schema), reading.table
        must_know = self._stand_ins and is_loaded(reading)
        if must_know and is_stand_in(reading.schema) and reading.schema not in self._schemas:
            raise unnamed(name, reading.schema, _CREATES_SCHEMA)
        if table is not None:
            key = TableName(reading.schema, table)
            real = real_table(self._given, self._schemas, key) or self._tables.get(key)
            if real is None and must_know and is_stand_in(table):
                raise unnamed(name, table, _CREATES_TABLE)
            table = real or table
            named = TableName(schema, table)
            if self._files.setdefault(named, key.table) != key.table and is_loaded(reading):
                raise DuplicateFileError(
                    f"files of two names, {self._files[named]!r} and {key.table!r}, are for the table {named}",
                    file=name,
                    remedy="If one of them is a leftover of another dump, take its files out; else dump again.",
                )
        return replace(reading, schema=schema, table=table)


def may_stand_in(name: str) -> bool:
    """Whether a file's name may hold a stand-in."""
    return "mydumper_" in name


def read_real_names(
    storage: DumpStorage, resolved: Mapping[str, DumpFileName | None], metadata: DumpMetadata
) -> RealNames:
    """The real names that ``metadata`` does not give.

    Raises:
        DumpMetadataError: of a schema or table that has rows or a definition, nothing gives the name (11001).
        NotCreateStatementError: a schema file holds no CREATE statement of its kind (30001).
    """
    readings = {name: found for name, found in sorted(resolved.items()) if found is not None}
    if metadata.tool == "text" and are_dumplings(readings):  # it writes a name as it is, also one of this form
        return RealNames()
    reader = _Reader(storage, SchemaOrigin.of(metadata, DumpTool.AUTO))
    schemas = {
        str(found.schema): reader.created(name, found)
        for name, found in readings.items()
        if found.kind is FileKind.DATABASE_SCHEMA and is_stand_in(str(found.schema))
    }
    tables: dict[TableName, str] = {}
    for key, files in _without_name(readings, metadata, schemas).items():
        real = next(filter(None, (reader.table_of(name, found) for name, found in files)), None)
        if real is None:
            raise unnamed(files[0][0], key[1], _CREATES_TABLE)
        tables[key] = real
    for name, found in readings.items():
        if found.schema is not None and is_stand_in(found.schema) and found.schema not in schemas and is_loaded(found):
            raise unnamed(name, found.schema, _CREATES_SCHEMA)
    return RealNames(tuple(schemas.items()), tuple(tables.items()))


def is_loaded(found: DumpFileName) -> bool:
    """Whether a load makes something of the file, so that it must know what for."""
    return isinstance(found.kind, DataFormat) or found.kind in _CREATED_KINDS


def unnamed(name: str, stand_in: str, missing: str) -> DumpMetadataError:
    """The error that a file stands for a name that nothing gives."""
    return DumpMetadataError(
        f"nothing gives the real name that mydumper replaced by {stand_in!r}",
        file=name,
        remedy=f"Put the missing file back: {missing}; it may hold the CREATE statement alone. Or dump again with the "
        "schemas.",
    )


def real_table(metadata: DumpMetadata, schemas: Mapping[str, str], key: TableName) -> str | None:
    """A table's name as ``metadata`` gives it, which names schemas by their files or by their real names."""
    for named in (key, TableName(schemas.get(key.schema, key.schema), key.table)):
        if named in metadata.file_tables:
            return metadata.file_tables[named].table
    return None


def _without_name(
    readings: Mapping[str, DumpFileName], metadata: DumpMetadata, schemas: Mapping[str, str]
) -> dict[TableName, list[tuple[str, DumpFileName]]]:
    """The tables that only files can name, with their files: first those that create them."""
    found: dict[TableName, list[tuple[str, DumpFileName]]] = {}
    for name, reading in readings.items():
        if reading.schema is None or reading.table is None or not is_stand_in(reading.table):
            continue
        key = TableName(reading.schema, reading.table)
        if is_loaded(reading) and real_table(metadata, schemas, key) is None:
            found.setdefault(key, []).append((name, reading))
    return {key: sorted(files, key=lambda file: isinstance(file[1].kind, DataFormat)) for key, files in found.items()}


class _Reader:
    def __init__(self, storage: DumpStorage, origin: SchemaOrigin) -> None:
        self._storage = storage
        self._origin = origin

    def table_of(self, name: str, found: DumpFileName) -> str | None:
        if isinstance(found.kind, DataFormat):
            return self._table_with_rows(name, found) if found.kind.has_head else None
        return self.created(name, found)

    def created(self, name: str, found: DumpFileName) -> str:
        """The name of what a schema file's statement creates."""
        assert isinstance(found.kind, FileKind)
        file = load_schema_file(self._storage, name, self._origin)
        try:
            return created_name(file.create.decode("utf-8", "surrogateescape"), _CREATED_KINDS[found.kind])
        except NotAllowedError as error:
            raise NotCreateStatementError(
                f"this should give the name that {found.table or found.schema} stands for: {error.problem}",
                file=name,
                offset=file.offset,
                statement=file.create,
            ) from None

    def _table_with_rows(self, name: str, found: DumpFileName) -> str | None:
        with open_decoded(self._storage, name, found.compression) as file:
            match = _ROWS_OF.search(file.read(_FIRST_BYTES))
        if match is None:
            return None
        quote = match[1]
        try:
            return match[2].replace(quote * 2, quote).decode()
        except UnicodeDecodeError:
            raise DumpFormatError("the name of its table is not UTF-8", file=name) from None
