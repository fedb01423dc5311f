"""Servers' error numbers, in our tree: one table, of MySQL's, MariaDB's and TiDB's."""

from __future__ import annotations

from airflow_dm_loader.errors import (
    ConnectionLostError,
    LoaderError,
    LockedError,
    RetriableError,
    RowError,
    TargetError,
)

KEY_REMEDY = (
    "Give each table a primary key, in its schema file or by creating it in the target yourself (the load fills tables "
    "that exist), or leave it out by block_allow_list. Where the server need not demand it, an administrator can turn "
    "that off. Then clear prepare_checkpoint."
)
# A table is gone: MariaDB says 1146 of one whose database is gone too, MySQL 1049.
NO_SUCH_TABLE = frozenset({1049, 1146})
# Of statements about rows; refused_creates.py has more to say of a CREATE.
SCHEMA_DIFFERS = (1049, 1054, 1059, 1060, 1064, 1072, 1102, 1103, 1146, 1286, 1347, 1356)

# What a person can do, class, numbers. Sources: MySQL's and MariaDB's error lists, DM's and Lightning's retry sets.
_ROWS: tuple[tuple[str | None, type[LoaderError], tuple[int, ...]], ...] = (
    (
        "Check that the server is up and can be reached from this worker: host, port, firewall.",
        ConnectionLostError,
        (2002, 2003, 2005),
    ),
    (
        "Too many connections: lower pool_size or import_tasks, or raise the server's limit.",
        ConnectionLostError,
        (1040, 1203, 1226),
    ),
    (
        None,  # the server went away or ended our session
        ConnectionLostError,
        (1047, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1189, 1190, 1317, 1927, 3169, 4031),
    ),
    (None, ConnectionLostError, (2006, 2013, 2014, 2027, 2055)),  # the driver saw it first
    (
        "Nothing to fix if it happens once. If it keeps happening, find the other session with SHOW PROCESSLIST.",
        LockedError,
        (1020, 1205, 1213, 1412, 1637, 3101, 3572),
    ),
    ("The server takes no writes now (a failover?): it is tried again.", RetriableError, (1290, 1792)),
    (
        "The server is in read-only mode, which somebody has set (TiDB: tidb_restricted_read_only and "
        "tidb_super_read_only; MySQL: innodb_read_only): let an administrator end that, then clear.",
        TargetError,
        (1836,),
    ),
    ("Make room at the server: what was committed stays.", RetriableError, (1021, 1030, 1041, 1114)),
    (
        "Somebody else writes the same rows, or changes the table: it is tried again. If it keeps happening, find the "
        "other session with SHOW PROCESSLIST, and let it wait until the load has finished.",
        RetriableError,
        (8002, 8005, 8022, 8027, 8028, 9007),
    ),
    (
        None,  # TiDB: regions that move, a transaction that went on for too long
        RetriableError,
        (8229, 9001, 9002, 9003, 9004, 9005, 9006),
    ),
    (
        "The table is in TiDB's import mode, as an IMPORT INTO leaves it that runs, failed or was cancelled: it is "
        "tried again. TiDB ends the mode by itself; SHOW IMPORT JOBS shows which job it is.",
        RetriableError,
        (8258,),
    ),
    (
        "TiDB ran out of memory (tidb_server_memory_limit): it is tried again. If it stays so, lower pool_size or "
        "import_tasks.",
        RetriableError,
        (8176,),
    ),
    (
        "TiDB's resource group has no more to give now: it is tried again. If it stays so, raise the group's limit, or "
        "lower pool_size or import_tasks.",
        RetriableError,
        (8252,),
    ),
    (
        "Check user and password of the connection, and whether the account may come from this host. An account with "
        "REQUIRE SSL, and one of TiDB with caching_sha2_password, needs TLS: add ssl_ca to the connection's extras. "
        "REQUIRE X509 needs a client certificate too.",
        TargetError,
        (1045, 1130, 1698),
    ),
    (
        "The server takes connections over TLS alone (require_secure_transport): add ssl_ca to the connection's "
        "extras.",
        TargetError,
        (3159,),
    ),
    (
        "The account logs in by a plugin that Python's driver lacks (TiDB: tidb_sm3_password, tidb_auth_token): let an "
        "administrator make one for the load with mysql_native_password or, over TLS, caching_sha2_password.",
        TargetError,
        (2059,),
    ),
    (
        "Give the user the missing privilege (docs/privileges.md lists what a load needs), then clear the failed task.",
        TargetError,
        (1044, 1142, 1143, 1227, 1370, 1410),
    ),
    ("The server offers no TLS: turn it on there, or take ssl out of the connection.", TargetError, (2026,)),
    (
        "The target does not know this setting: correct sql_mode, time_zone or session.",
        TargetError,
        (1193, 1229, 1231, 1232, 1238, 1298, 1649),
    ),
    (
        "Set collation_map to say what CREATE statements shall have instead; SHOW COLLATION lists what there is.",
        TargetError,
        (1115, 1253, 1273),
    ),
    (
        "The rows hold values of a generated column, which the table computes by itself: dumpling writes those of "
        "MySQL's invisible ones, mydumper with --no-check-generated-fields all. Dump the table again without them; or "
        "overwrite GENERATED ALWAYS AS (...) in the table's schema file with spaces, so that the file keeps its size, "
        "drop the table that the load created, and clear.",
        TargetError,
        (1906, 3105),
    ),
    (
        "The values of a VECTOR column stand in the file as if they were text, as dumpling writes them: dump the table "
        "with mydumper, or leave it out by block_allow_list.",
        TargetError,
        (6136,),
    ),
    (
        "The target's schema differs from the dump's: correct it, or let the load create the table.",
        TargetError,
        SCHEMA_DIFFERS,
    ),
    (KEY_REMEDY, TargetError, (1173, 3098, 3750)),
    (
        "max_execution_time or max_statement_time, which the setting session gave, ends statements that take longer: "
        "leave it out, and clear.",
        TargetError,
        (1969, 3024),
    ),
    (
        "Raise the server's limit on the size of a transaction that is named, then clear. Or load in smaller chunks: a "
        "load keeps its chunk_bytes, so empty the tables and set remove_meta.",
        TargetError,
        (1197, 3100, 8001, 8004, 8175, 9500),
    ),
    ("Raise the server's limit on the size of a row that is named, then clear.", RowError, (1153,)),
    (
        'TiDB takes rows of 6 MiB at most, unless told otherwise: set session = {"tidb_txn_entry_size_limit": '
        "125829120}, which TiDB has from 7.6 on, or raise txn-entry-size-limit in its configuration file; then clear.",
        RowError,
        (8025,),
    ),
    (
        "The dump's tables name a placement policy that the target lacks: run the dump's -placement-policy-create.sql "
        'files in it first, or set session = {"tidb_placement_mode": "IGNORE"} to create tables without; then clear.',
        TargetError,
        (8239,),
    ),
    (
        "Explicit values of an AUTO_RANDOM column need allow_auto_random_explicit_insert, which this TiDB lacks: "
        "upgrade it, or create the table without AUTO_RANDOM; then clear.",
        TargetError,
        (8216,),
    ),
    (
        "A row with this key exists: set on_duplicate_logical to replace, ignore or manual, or fix the row without "
        "changing the file's size; then clear.",
        RowError,
        (1062, 1586),
    ),
    (
        "The bytes are no letters of the charset that they are read in. If the dump is of another charset, say so in "
        "dump_tool, or for CSV in csv: {character_set: ...}; empty the tables and set remove_meta. Fix a damaged "
        "value without changing the file's size, then clear.",
        RowError,
        (1300,),
    ),
    (
        "The account's password has expired, or the account is locked: let an administrator renew it (ALTER USER), "
        "correct the connection, then clear.",
        TargetError,
        (1820, 1862, 3118, 4151),
    ),
    (
        "A trigger, view or default of the target calls a routine, or is of a user (DEFINER), that does not exist in "
        "the target: create it, or drop what names it, then clear.",
        TargetError,
        (1305, 1449, 1630),
    ),
    (
        "A trigger of the target changes the table that it is on, or does what none may: drop it for the load, "
        "then clear.",
        TargetError,
        (1336, 1422, 1442),
    ),
    (
        "The server's binary log does not take the statement: let an administrator set binlog_format to ROW, or change "
        "what the message names, then clear.",
        TargetError,
        (1418, 1661, 1663, 1665, 1666, 1785),
    ),
    (
        None,  # a value that the table does not take
        RowError,
        (1048, 1136, 1261, 1262, 1263, 1264, 1265, 1292, 1364, 1366, 1367, 1406, 1411, 1416, 1690, 3140, 3144),
    ),
    # a foreign key, a partition, a CHECK, a trigger that signals
    (None, RowError, (1216, 1451, 1452, 1526, 1644, 3819, 3854, 4025)),
)

BY_ERRNO: dict[int, tuple[type[LoaderError], str | None]] = {
    errno: (kind, remedy) for remedy, kind, numbers in _ROWS for errno in numbers
}
