"""Where CHECKSUM TABLE says something: a number that is stable, and that the dump's server and this one mean alike.

MySQL's is another at each call with a multi-valued index; MariaDB's changes with a FLUSH where a generated column is
stored. And the two sum up a NULL in a column of fixed length differently.
"""

from __future__ import annotations

import re
from itertools import pairwise

from airflow_dm_loader.dump.ddl_tokens import Token, tokenize
from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.capabilities import Capabilities, Flavour
from airflow_dm_loader.target.connection import Database

_MARIADB_GTID = re.compile(r"\d+-\d+-\d+")
_MYSQL_GTID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
_OF_MYSQL = re.compile(r"utf8mb4_(?:[a-z]{2,4}_){0,2}0900_")
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_VARIABLE_LENGTH = frozenset({
    "varchar", "tinytext", "text", "mediumtext", "longtext", "varbinary", "tinyblob", "blob", "mediumblob", "longblob",
})  # fmt: skip


def flavour_of_dump(gtid: str) -> Flavour | None:
    """The kind of the server that the dump was made of, by its GTID; None: it can't be told."""
    if _MARIADB_GTID.match(gtid):
        return Flavour.MARIADB
    return Flavour.MYSQL if _MYSQL_GTID.match(gtid) else None


def flavour_of_create(statement: str) -> Flavour | None:
    """The kind of the server that wrote a CREATE TABLE; None: both would write it so.

    MariaDB from 10.2 on writes functions in lower case with parentheses, and numbers as defaults without quotes; MySQL
    from 8.0.19 on leaves out the width of integers. Each has collations of its own.
    """
    tokens = [*tokenize(statement), Token("mark", "", len(statement))]
    pairs = [(token.text, after.text) for token, after in pairwise(tokens) if token.kind == "word"]
    by_mysql = any(_OF_MYSQL.match(word) or (word in _INTEGERS and after != "(") for word, after in pairs)
    by_mariadb = any(
        "_uca1400_" in word
        or (word == "current_timestamp" and after == "(")
        or (word == "DEFAULT" and after[:1].isdigit())
        for word, after in pairs
    )
    if by_mysql is by_mariadb:
        return None
    return Flavour.MYSQL if by_mysql else Flavour.MARIADB


def unstable(db: Database, can: Capabilities, schema: str, table: str) -> str:
    """Why the table's CHECKSUM TABLE is not the same at each call; "": it is."""
    if can.checksum_varies_with_multi_valued_indexes and db.query(
        "SELECT 1 FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s "
        "AND expression LIKE '%% array)%%' LIMIT 1",
        (schema, table),
        shape=(as_number,),
    ):
        return "MySQL's CHECKSUM TABLE is another at each call with a multi-valued index"
    if can.checksum_varies_with_stored_columns and db.query(
        "SELECT 1 FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
        "AND (extra LIKE '%%STORED GENERATED%%' OR extra LIKE '%%PERSISTENT%%') LIMIT 1",
        (schema, table),
        shape=(as_number,),
    ):
        return "MariaDB's CHECKSUM TABLE changes by itself with a stored generated column"
    return ""


def holds_other_nulls(db: Database, schema: str, table: str) -> bool:
    """Whether the table has a NULL that MySQL and MariaDB sum up differently: in a column of fixed length."""
    columns = [
        str(name)
        for name, kind in db.query(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
            "AND is_nullable = 'YES'",
            (schema, table),
            shape=(as_text, as_text),
        )
        if str(kind).lower() not in _VARIABLE_LENGTH
    ]
    if not columns:
        return False
    nulls = " OR ".join(f"{quote(name)} IS NULL" for name in columns)
    return bool(db.query(f"SELECT 1 FROM {TableName(schema, table).quoted} WHERE {nulls} LIMIT 1", shape=(as_number,)))
