"""The session variables of every connection that loads, as DM sets them, but strict.

DM takes STRICT_TRANS_TABLES out of ``sql_mode``; then a server clamps what does not fit and only warns. Here nothing
may be changed on its way, so strictness always stays on (decision 006).
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server

# DM's AdjustSQLModeCompatible
_DM_REMOVES = frozenset({
    "NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ERROR_FOR_DIVISION_BY_ZERO", "NO_AUTO_CREATE_USER",
    "STRICT_TRANS_TABLES", "STRICT_ALL_TABLES",
})  # fmt: skip
_DM_ADDS = ("IGNORE_SPACE", "NO_AUTO_VALUE_ON_ZERO", "ALLOW_INVALID_DATES")
TIME_ZONE_REQUIRED = "required"
MOMENTS_IN = "moments_in"  # in a head: the zone of its TIMESTAMPs for sure, whatever the user says
_STRICT = ("STRICT_TRANS_TABLES", "STRICT_ALL_TABLES")
_ZERO_STAYS = "NO_AUTO_VALUE_ON_ZERO"  # else a 0 in an AUTO_INCREMENT column is the next number
_LEXICAL = frozenset({"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"})  # how a dump's text reads: the file alone decides


def modes(text: str) -> tuple[str, ...]:
    """``"a,B"`` -> ``("A", "B")``."""
    return tuple(mode.strip().upper() for mode in text.split(",") if mode.strip())


def adjust_sql_mode(text: str) -> str:
    """A dump's ``sql_mode`` as DM adjusts it, with strictness added."""
    kept = [mode for mode in modes(text) if mode not in _DM_REMOVES]
    return ",".join(dict.fromkeys((*kept, *_DM_ADDS, *_STRICT)))


def strict_sql_mode(user: str, head: str) -> str:
    """The user's ``sql_mode`` with strictness, a 0 that stays one, and the file's own way of quoting."""
    kept = [mode for mode in modes(user) if mode not in _LEXICAL]
    lexical = [mode for mode in modes(head) if mode in _LEXICAL]
    return ",".join(dict.fromkeys((*kept, *lexical, _ZERO_STAYS, *_STRICT)))


def kept_session(config: LoadConfig) -> dict[str, str | int]:
    """The user's variables, which hold on every connection; ``sql_mode`` and ``time_zone`` are of a load's rows."""
    return {
        name.lower(): value
        for name, value in config.connection.session.items()
        if name.lower() not in {"sql_mode", "time_zone"}
    }


def base_session(config: LoadConfig, server: Server) -> dict[str, str | int]:
    """What every loading connection is opened with; ``sql_mode`` and ``time_zone`` come per file."""
    return loading_session(server, kept_session(config))


def loading_session(server: Server, kept: Mapping[str, str | int]) -> dict[str, str | int]:
    """The same, with the variables ``kept`` of the user's among the loader's own."""
    # A loader that froze or lost its network must not hold locks for minutes (DM has no counterpart).
    session: dict[str, str | int] = {"wait_timeout": 300, "net_read_timeout": 60, "net_write_timeout": 60}
    if server.can.idle_write_timeout:
        session["idle_write_transaction_timeout"] = 120
    session |= kept
    session |= {"foreign_key_checks": 0, "unique_checks": 1, "lc_messages": "en_US"}
    session |= server.can.loading_session
    if server.can.max_error_count and server.sets_max_error_count:
        session["max_error_count"] = 65535
    return session


def sql_mode_for(user: str | None, head: str) -> str:
    """The ``sql_mode`` of a file: the user's if there is one, else the head's, adjusted."""
    return adjust_sql_mode(head) if user is None else strict_sql_mode(user, head)


def user_sql_mode(config: LoadConfig) -> str | None:
    """The user's ``sql_mode``; ``session`` comes before the field, as in DM."""
    named = {name.lower(): str(value) for name, value in config.connection.session.items()}
    return named.get("sql_mode", config.connection.sql_mode)


def user_time_zone(config: LoadConfig) -> str | None:
    """The user's ``time_zone``; the field comes before ``session``, as in DM. None: the files' or the target's."""
    named = {name.lower(): str(value) for name, value in config.connection.session.items()}
    zone = config.connection.time_zone or named.get("time_zone")
    return None if zone == TIME_ZONE_REQUIRED else zone


def check_time_zone(config: LoadConfig, head: Mapping[str, str], file: str) -> None:
    """Raise DumpFormatError where a file must name its zone, and does not."""
    if config.connection.time_zone == TIME_ZONE_REQUIRED and not head.get("time_zone"):
        raise DumpFormatError(
            "the file holds TIMESTAMPs and names no time zone, and time_zone is required",
            file=file,
            remedy="Set time_zone to the zone that the dump was made in, or None to read them in the target's own.",
        )


def file_session(config: LoadConfig, head: Mapping[str, str], default_time_zone: str) -> dict[str, str | int]:
    """What a file's rows need: ``sql_mode``, ``time_zone`` and the charset of its bytes.

    The user's setting wins, else the file's head, else the target's own zone; only a file of instants leaves no choice.
    As in DM, ``session`` comes before the
    field for ``sql_mode``, and after it for ``time_zone``.
    """
    time_zone = head.get(MOMENTS_IN) or user_time_zone(config) or head.get("time_zone") or default_time_zone
    charset = head.get("names") or head.get("character_set_client") or "utf8mb4"
    return {
        "sql_mode": sql_mode_for(user_sql_mode(config), head.get("sql_mode", "")),
        "time_zone": time_zone,
        "character_set_client": charset,
        "character_set_connection": charset,
    }


def target_time_zone(db: Database) -> str:
    """The target's offset from UTC as DM computes it: ``+08:00``."""
    row = db.sure("SELECT TIME_FORMAT(CAST(TIMEDIFF(NOW(6), UTC_TIMESTAMP(6)) AS TIME), '%H:%i')", shape=(as_text,))
    text = str(row[0])
    return text if text.startswith("-") else f"+{text}"


def target_zone(db: Database) -> str:
    """The target's own zone: a name with a rule for each date where it has one (SYSTEM too), else an offset."""
    row = db.sure("SELECT @@GLOBAL.time_zone", shape=(as_text,))
    return str(row[0])


def zone_in_words(db: Database, zone: str) -> str:
    """The zone for people: what SYSTEM is."""
    row = db.one("SELECT @@system_time_zone", shape=(as_text,)) if zone.upper() == "SYSTEM" else None
    return f"{zone} ({row[0]})" if row is not None else zone


def fitting_chunks(config: LoadConfig, server: Server) -> LoadConfig:
    """The settings with chunks that one transaction of the target can hold."""
    most = server.can.most_chunk_bytes
    if most is None or config.logical.chunk_bytes <= most or not config.uses("chunk_bytes"):
        return config
    return config.changed(chunk_bytes=most)
