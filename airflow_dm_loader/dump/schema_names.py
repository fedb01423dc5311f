"""The real names of databases that mydumper's files call ``mydumper_N``.

``metadata`` gives the real names of tables, but of a database only the ``-schema-create`` file does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import FileKind, parse
from airflow_dm_loader.dump.names import is_stand_in
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import DumpFormatError

_LIMIT_BYTES = 64 << 10  # such a file holds a header and one statement
_CREATE = re.compile(
    rb"^CREATE DATABASE\s+(?:/\*!\d+\s+)?(?:IF NOT EXISTS\s*)?(?:\*/\s*)?([`\"])((?:(?!\1).|\1\1)+)\1",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)


def real_schema_names(storage: DumpStorage, names: Iterable[str]) -> dict[str, str]:
    """The real names, by the names in the files, as the ``-schema-create`` files among ``names`` say.

    Raises:
        DumpFormatError: such a file is corrupt or creates no database.
    """
    real = {}
    for name in sorted(names):
        found = parse(name)
        if found is None or found.kind is not FileKind.DATABASE_SCHEMA or not is_stand_in(str(found.schema)):
            continue
        with open_decoded(storage, name, found.compression) as file:
            match = _CREATE.search(file.read(_LIMIT_BYTES))
        if match is None:
            raise DumpFormatError("the file creates no database, so its real name is not known", file=name)
        real[str(found.schema)] = match[2].replace(match[1] * 2, match[1]).decode()
    return real
