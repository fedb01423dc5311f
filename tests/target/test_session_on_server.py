"""The session variables of loading connections, as a server sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, RowError, TargetError
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.target.session import target_time_zone
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import HEAD, Table, load_config, numbered, write_dump
from tests.faults import before_each_commit, global_variable
from tests.tables import hashes_by_client, is_mariadb, one, query, table_hashes


def test_the_users_own_variables_are_kept(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    seen: list[object] = []

    def look(_: int, db: Database) -> None:
        seen.append(
            db.one(
                "SELECT @@sort_buffer_size, @@foreign_key_checks, @@unique_checks, @@autocommit", shape=(as_it_is,) * 4
            )
        )

    before_each_commit(monkeypatch, look)
    load_dump(load_config(folder, session={"sort_buffer_size": 1048576}), target)

    assert seen == [(1048576, 0, 1, 0)]


@pytest.mark.servers
def test_each_session_of_a_load_has_the_users_variables_and_no_limit_of_time(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """Also those that count and compare in the end, which may take hours."""
    folder = write_dump(tmp_path / "dump", numbered("t", 1000), Table("u", rows=['(1,"a")']))

    with global_variable(server, "log_output", "TABLE"), global_variable(server, "general_log", 1):
        query(server, "TRUNCATE mysql.general_log")
        report = load_dump(load_config(folder, session={"sort_buffer_size": 1048576}), target, compare_with=target)

    logged = query(
        server,
        "SELECT thread_id, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type = 'Query' "
        "AND user_host LIKE %s AND argument LIKE 'SET SESSION net_write_timeout%%'",
        f"%{server.user}%",
    )
    (sessions,) = query(
        server, "SELECT COUNT(DISTINCT thread_id) FROM mysql.general_log WHERE user_host LIKE %s", f"%{server.user}%"
    )
    assert report.outcome == "clean"
    assert len(logged) == len(dict(logged)) == sessions[0] > 5
    limit = "max_statement_time = 0" if is_mariadb(server) else "max_execution_time = 0"
    assert all(limit in statement for _, statement in logged)
    without = [statement for _, statement in logged if "`sort_buffer_size` = 1048576" not in statement]
    assert len(without) == 2, without  # those of the server that it is compared with, one a connection


@pytest.mark.servers
def test_a_statement_may_take_as_long_as_it_takes(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 5000))

    with global_variable(server, *(("max_statement_time", 0.001) if is_mariadb(server) else ("max_execution_time", 1))):
        report = load_dump(load_config(folder, chunk_bytes=1 << 20), target, compare_with=target)

    assert (report.outcome, report.rows) == ("clean", 5000)


@pytest.mark.servers
def test_an_account_that_may_not_count_warnings_loads_all_the_same(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """MySQL keeps max_error_count to those with SESSION_VARIABLES_ADMIN."""
    grants = "SELECT, INSERT, DELETE, CREATE, ALTER"
    query(server, "CREATE USER plain@'%' IDENTIFIED BY 'Pw-1'")
    try:
        query(server, f"GRANT {grants} ON s.* TO plain@'%'")
        query(server, "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON dm_meta.* TO plain@'%'")
        folder = write_dump(tmp_path / "dump", numbered("t", 100))
        report = load_dump(
            load_config(folder), target.model_copy(update={"user": "plain", "password": SecretStr("Pw-1")})
        )
    finally:
        query(server, "DROP USER plain@'%'")

    assert (report.outcome, report.rows, report.warnings) == ("clean", 100, ())


@pytest.mark.servers
@pytest.mark.parametrize("name", ["autocommit", "foreign_key_checks", "UNIQUE_CHECKS", "character_set_client"])
def test_a_variable_that_is_ours_is_refused(
    name: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))

    with pytest.raises(ConfigError, match=name):
        load_dump(load_config(folder, session={name: 1}), target)

    assert not query(server, "SHOW DATABASES LIKE 's'")


def test_a_variable_that_the_server_does_not_know_is_named(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))

    with pytest.raises(TargetError, match="no_such_thing") as caught:
        load_dump(load_config(folder, session={"no_such_thing": 1}), target)

    assert caught.value.errno == 1193


def test_each_files_head_is_honoured(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    raw = HEAD + "/*!40101 SET SQL_MODE='NO_BACKSLASH_ESCAPES'*/;\n"
    ansi = HEAD + "/*!40101 SET SQL_MODE='ANSI_QUOTES'*/;\n"
    folder = write_dump(
        tmp_path / "dump",
        Table("escaped", rows=['(1,"a\\tb")']),
        Table("raw", rows=["(1,'a\\tb;''')", "(2,'\\')"], head=raw),
        Table("ansi", rows=["(1,'a')"], head=ansi, insert='INSERT INTO "{table}" VALUES'),
    )

    load_dump(load_config(folder, pool_size=1), target)

    assert query(server, "SELECT v FROM s.escaped") == [("a\tb",)]
    assert query(server, "SELECT v FROM s.raw ORDER BY id") == [("a\\tb;'",), ("\\",)]
    assert query(server, "SELECT v FROM s.ansi") == [("a",)]


def test_a_schema_file_in_ansi_quotes_is_read_so_whatever_the_users_sql_mode(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    text = '/*!40101 SET SQL_MODE=\'ANSI_QUOTES\'*/;\nCREATE TABLE "t" ("id" int PRIMARY KEY, "v" varchar(9));\n'
    (folder / "s.t-schema.sql").write_text(text)

    load_dump(load_config(folder, sql_mode="NO_ENGINE_SUBSTITUTION"), target)

    assert query(server, "SELECT * FROM s.t") == [(1, "a")]


@pytest.mark.parametrize("settings", [{}, {"sql_mode": ""}, {"session": {"sql_mode": "ALLOW_INVALID_DATES"}}])
def test_no_sql_mode_lets_a_value_be_clamped(
    settings: dict[str, object], server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    head = HEAD + "/*!40101 SET SQL_MODE=''*/;\n"
    folder = write_dump(tmp_path / "dump", Table("t", "(`n` tinyint)", ["(1)", "(128)"], head=head))

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder, **settings), target)

    assert (caught.value.errno, caught.value.statement) == (1264, "(128)")


def test_zeros_and_dates_of_the_source_arrive_as_they_were(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    columns = "(`id` int NOT NULL AUTO_INCREMENT, `d` date, PRIMARY KEY (`id`))"
    rows = ['(0,"0000-00-00")', '(1,"2026-00-00")', '(2,"2026-02-31")']
    folder = write_dump(tmp_path / "dump", Table("t", columns, rows))

    load_dump(load_config(folder), target)

    assert query(server, "SELECT id, CAST(d AS CHAR) FROM s.t ORDER BY id") == [
        (0, "0000-00-00"),
        (1, "2026-00-00"),
        (2, "2026-02-31"),
    ]


@pytest.mark.parametrize(("zone", "text"), [("+05:30", "+05:30"), ("-03:00", "-03:00"), ("+00:00", "+00:00")])
def test_the_targets_offset_is_written_as_dm_does(
    zone: str, text: str, server: PrivateMariaDB, target: TargetConfig
) -> None:
    with Database.open(target, session={"time_zone": zone}) as db:
        assert target_time_zone(db) == text


def test_timestamps_are_right_on_a_server_in_another_zone(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    columns = "(`at` timestamp(3) NULL, `d` datetime)"
    folder = write_dump(tmp_path / "dump", Table("t", columns, ['("2026-06-01 12:00:00.125","2026-06-01 12:00:00")']))
    with global_variable(server, "time_zone", "-07:00"):
        reference = hashes_by_client(server, folder)

        load_dump(load_config(folder), target)

    assert table_hashes(server, ["s"]) == reference
    assert query(server, "SELECT UNIX_TIMESTAMP(at), CAST(d AS CHAR) FROM s.t") == [
        (pytest.approx(1780315200.125), "2026-06-01 12:00:00")
    ]


def test_without_a_time_zone_in_the_dump_the_targets_own_counts(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    head = "/*!40101 SET NAMES binary*/;\n"
    folder = write_dump(tmp_path / "dump", Table("t", "(`at` timestamp NULL)", ['("2026-06-01 12:00:00")'], head=head))
    with global_variable(server, "time_zone", "-07:00"):
        load_dump(load_config(folder), target)

    assert one(server, "SELECT UNIX_TIMESTAMP(at) FROM s.t") == 1780315200 + 7 * 3600


def test_the_server_is_asked_what_it_is(server: PrivateMariaDB, target: TargetConfig) -> None:
    with Database.open(target) as db:
        found = ask_server(db)

    version = one(server, "SELECT VERSION()").partition("-")[0]
    assert found.flavour == {"mariadb": Flavour.MARIADB, "mysql": Flavour.MYSQL}[server.flavour]
    assert ".".join(map(str, found.version)) == version
    assert found.max_allowed_packet == one(server, "SELECT @@GLOBAL.max_allowed_packet")
