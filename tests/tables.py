"""What a server holds: rows, hashes of whole tables, and the same dump loaded by the server's own client."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from backports import zstd

from airflow_dm_loader.identifiers import TableName, quote
from tests.dumps import SAMPLES, expected
from tests.servers import AnyServer

# What a test says where rows were not there exactly once. CI never runs such a test again (.ci/run).
ROWS_WRONG = "a row was lost, doubled or changed"


def query(server: AnyServer, sql: str, *args: object) -> list[tuple[Any, ...]]:
    """The rows of one statement, run as root and committed."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(sql, args or None)
        return list(cursor.fetchall())


def one(server: AnyServer, sql: str, *args: object) -> Any:
    """The first value of a statement's only row."""
    ((value, *_),) = query(server, sql, *args)
    return value


def is_mariadb(server: AnyServer) -> bool:
    return "MariaDB" in one(server, "SELECT VERSION()")


def count(server: AnyServer, table: str) -> int:
    return int(one(server, f"SELECT COUNT(*) FROM {table}"))


def chunks(server: AnyServer) -> int:
    """Chunks that are committed; 0 where no loader has worked yet."""
    there = query(
        server,
        "SELECT 1 FROM information_schema.tables WHERE table_schema = 'dm_meta' AND table_name = 'dm_loader_chunk'",
    )
    return count(server, "dm_meta.dm_loader_chunk") if there else 0


def table_hashes(server: AnyServer, schemas: Iterable[str], plain: Callable[[str], str] = str) -> dict[str, str]:
    """``schema.table`` -> a hash over its definition and the bytes of all columns of all rows.

    Equal for equal multisets of rows only; the order of keys in the definition does not count. ``plain`` makes
    definitions equal that are.
    """
    hashes = {}
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        for schema in sorted(schemas):
            cursor.execute(
                "SELECT table_name, column_name, data_type FROM information_schema.columns "
                "JOIN information_schema.tables USING (table_schema, table_name) "
                "WHERE table_schema = %s AND table_type = 'BASE TABLE' ORDER BY table_name, ordinal_position",
                (schema,),
            )
            columns: dict[str, list[str]] = {}
            for table, column, kind in cursor.fetchall():
                value = f"CAST({quote(column)} AS DOUBLE)" if kind == "float" else quote(column)
                columns.setdefault(table, []).append(f"IFNULL(HEX(CAST({value} AS BINARY)), 'NULL')")
            for table, values in columns.items():
                cursor.execute(f"SELECT CONCAT_WS(',', {', '.join(values)}) FROM {TableName(schema, table).quoted}")
                rows = sorted(row for (row,) in cursor.fetchall())
                cursor.execute(f"SHOW CREATE TABLE {TableName(schema, table).quoted}")
                ((_, definition),) = cursor.fetchall()
                lines = re.sub(r" AUTO_INCREMENT=\d+", "", plain(definition)).replace(",\n", "\n").split("\n")
                digest = hashlib.sha256("\n".join([*sorted(lines), *rows]).encode()).hexdigest()
                hashes[f"{schema}.{table}"] = f"{len(rows)} rows, {digest}"
    return hashes


def hashes_by_client(server: AnyServer, folder: Path) -> dict[str, str]:
    """Load a dump with the ``mariadb`` client, hash its tables, and drop its schemas."""
    schemas = load_by_client(server, folder)
    hashes = table_hashes(server, schemas)
    for schema in schemas:
        server.client(f"DROP DATABASE {quote(schema)}")
    return hashes


def is_like_the_source(server: AnyServer) -> bool:
    """Whether CHECKSUM TABLE of the samples' tables is that of their source, MariaDB 10.11."""
    return server.flavour == "mariadb" and str(one(server, "SELECT VERSION()")).startswith("10.")


def sample_checksums(server: AnyServer) -> dict[str, int]:
    """``schema.table`` -> CHECKSUM TABLE of the sample dumps' tables on this server, from which they are gone again.

    On a server like the samples' source they are its. MySQL sums up NULLs otherwise, a newer MariaDB stored generated
    columns; they are asked of what their own client has loaded.
    """
    if is_like_the_source(server):
        return {name: checksum for name, (_, checksum) in expected().items()}
    schemas = load_by_client(server, SAMPLES / "mydumper-1.0")
    checksums = {name: int(query(server, f"CHECKSUM TABLE {name}")[0][1]) for name in expected()}
    for schema in schemas:
        server.client(f"DROP DATABASE {quote(schema)}")
    return checksums


def implied_as_before(server: AnyServer) -> bytes:
    """SQL for a session in which charsets imply the collations that our dumps mean: those of MariaDB until 10.11."""
    if server.flavour == "mysql":
        return b"SET default_collation_for_utf8mb4 = utf8mb4_general_ci;\n"
    if not query(server, "SHOW VARIABLES LIKE 'character_set_collations'"):
        return b""
    charsets = ("utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32")
    return f"SET character_set_collations = '{','.join(f'{each}={each}_general_ci' for each in charsets)}';\n".encode()


def load_by_client(server: AnyServer, folder: Path) -> list[str]:
    """Run the dump's files through the client: databases, tables, rows, views; its schemas."""
    files = {path.name.removesuffix(path.suffix) if path.suffix in {".gz", ".zst"} else path.name: path
             for path in sorted(folder.iterdir())}  # fmt: skip
    views = [name for name in files if name.endswith("-schema-view.sql")]
    placeholders = {name.replace("-schema-view", "-schema") for name in views}
    tables = [name for name in files if name.endswith("-schema.sql") and name not in placeholders]
    data = [name for name in files if name.endswith(".sql") and "-schema" not in name]
    schemas = sorted({name.partition(".")[0] for name in (*tables, *views)})
    views.sort(key=lambda name: "big_spenders" not in name)  # the samples' view that another one reads
    script = implied_as_before(server)
    for schema in schemas:
        own = files.get(f"{schema}-schema-create.sql")
        create = b"CREATE DATABASE %b CHARACTER SET utf8mb4;\n" % quote(schema).encode()
        script += create if own is None else _decoded(own)
    for name in (*tables, *data, *views):
        script += b"USE %b;\n%b\n" % (quote(name.partition(".")[0]).encode(), _decoded(files[name]))
    if server.flavour == "mysql":  # which knows this mode no more
        script = script.replace(b"NO_AUTO_CREATE_USER,", b"")
    server.client(script)
    return schemas


def _decoded(path: Path) -> bytes:
    raw = path.read_bytes()
    match path.suffix:
        case ".gz":
            return gzip.decompress(raw)
        case ".zst":
            return zstd.decompress(raw)
        case _:
            return raw
