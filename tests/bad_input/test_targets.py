"""Tables that are there already and are not what the dump's are; names, limits and settings of the target."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import (
    ConfigError,
    ConnectionLostError,
    DumpNotFoundError,
    LoaderError,
    RowError,
    TargetError,
)
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stories import (
    check_goes_on,
    check_message,
    check_nothing_created,
    check_whole_chunks_only,
    refused,
)
from tests.dumps import Table, load_config, numbered, run_of, write_dump
from tests.faults import global_variable
from tests.server_words import told_by
from tests.tables import count, hashes_by_client, query, table_hashes

ROWS = ('(1,"a")', '(2,"b")')


def there(server: PrivateMariaDB, definition: str) -> None:
    server.client(f"CREATE DATABASE s; CREATE TABLE s.t {definition} ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")


# -- tables that are there


def test_a_table_with_fewer_columns_is_refused_before_anything_is_created(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    there(server, "(`id` int PRIMARY KEY)")
    folder = write_dump(tmp_path / "dump", Table("a", rows=ROWS), Table("t", rows=ROWS))

    error = refused(load_config(folder), target, TargetError)

    assert error.table == "s.t"
    check_message("a table of the target that lacks columns", error)
    assert query(server, "SHOW TABLES IN s") == [("t",)]
    server.client("ALTER TABLE s.t ADD v varchar(40)")
    assert load_dump(load_config(folder), target).rows == 4


def test_other_columns_with_defaults_stay_as_they_are_filled(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    there(server, "(`more` int NOT NULL DEFAULT 7, `v` varchar(50), `ID` bigint PRIMARY KEY)")
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))

    report = load_dump(load_config(folder), target)

    assert query(server, "SELECT * FROM s.t ORDER BY id") == [(7, "a", 1), (7, "b", 2)]
    assert report.outcome == "clean"


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
@pytest.mark.parametrize("kind", ["int", "datetime"])
def test_another_column_without_a_default_is_named_by_the_server(
    kind: str, load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    there(server, f"(`id` int PRIMARY KEY, `v` varchar(40), `must` {kind} NOT NULL)")
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))

    error = refused(load_config(folder, load_data=load_data), target, RowError)

    check_message("a column of the target that has no default", error)
    assert (error.errno, count(server, "s.t")) == (1364, 0)
    server.client("ALTER TABLE s.t ALTER must SET DEFAULT 20260101")
    assert load_dump(load_config(folder), target).rows == 2


@pytest.mark.parametrize(
    ("dumped", "in_target"),
    [
        ("decimal(10,2)", "int"),
        ("double", "bigint(20)"),
        ("double", "float"),
        ("bigint(20)", "double"),
        ("datetime(6)", "datetime"),
        ("timestamp(3) NULL", "datetime(2)"),
        ("time(3)", "time"),
        ("binary(4)", "binary(8)"),
        ("varchar(10)", "char(10)"),
    ],
)
def test_a_type_that_would_change_values_in_silence_is_refused(
    dumped: str, in_target: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    there(server, f"(`id` int PRIMARY KEY, `v` {in_target})")
    folder = write_dump(tmp_path / "dump", Table("t", f"(`id` int NOT NULL, `v` {dumped})", ["(1,NULL)"]))

    error = refused(load_config(folder), target, TargetError)

    assert error.table == "s.t"
    assert told_by(server, in_target) in error.message
    if dumped == "decimal(10,2)":
        check_message("a column of another type, which would round", error, server=server)
    assert count(server, "s.t") == 0


@pytest.mark.parametrize(
    ("dumped", "in_target", "value"),
    [
        ("int(11)", "bigint(20)", "1"),
        ("int", "decimal(20,0)", "2147483647"),
        ("varchar(10)", "text", '"a "'),
        ("datetime", "datetime(6)", '"2026-01-01 00:00:00"'),
        ("char(3)", "varchar(9)", '"abc"'),
        ("date", "varchar(10)", '"2026-01-01"'),
        ("smallint unsigned", "int", "65535"),
        ("float", "double", "1.5"),
    ],
)
def test_a_type_that_holds_the_dumps_values_is_taken(
    dumped: str, in_target: str, value: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    there(server, f"(`id` int PRIMARY KEY, `v` {in_target})")
    folder = write_dump(tmp_path / "dump", Table("t", f"(`id` int NOT NULL, `v` {dumped})", [f"(1,{value})"]))

    assert load_dump(load_config(folder), target).rows == 1
    assert query(server, f"SELECT v = {value} FROM s.t") == [(1,)]


def test_a_type_that_would_change_values_is_refused_before_the_first_row(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    there(server, "(`id` int PRIMARY KEY, `v` int)")
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))

    error = refused(load_config(folder), target, TargetError)

    check_message("a target's type that would change the dump's values", error, server=server)
    assert count(server, "s.t") == 0


def test_a_value_that_its_columns_type_does_not_take_is_an_error_of_the_row(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", "(`id` int PRIMARY KEY, `v` int)", rows=ROWS))

    error = refused(load_config(folder), target, RowError)

    check_message("a value that the target's other type does not take", error, server=server)
    assert (error.errno, count(server, "s.t")) == (1366, 0)


def test_rows_that_were_there_are_told_and_kept(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    there(server, "(`id` int PRIMARY KEY, `v` varchar(40))")
    query(server, "INSERT INTO s.t VALUES (7,'mine')")
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    config = load_config(folder)
    loader.prepare_checkpoint(run_of(config, target))

    assert loader.create_tables(run_of(config, target))["not_empty"] == ["s.t"]

    report = load_dump(config, target)
    assert (report.outcome, count(server, "s.t")) == ("clean", 3)
    assert "the table had rows before" in report.tables[0].remark


def test_triggers_are_told_and_run(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    there(server, "(`id` int PRIMARY KEY, `v` varchar(40))")
    query(server, "CREATE TRIGGER s.louder BEFORE INSERT ON s.t FOR EACH ROW SET NEW.v = UPPER(NEW.v)")
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    config = load_config(folder)
    loader.prepare_checkpoint(run_of(config, target))

    assert loader.create_tables(run_of(config, target))["warnings"] == [
        "s.t has triggers, which run for each row that is loaded: louder"
    ]
    load_dump(config, target)
    assert query(server, "SELECT v FROM s.t ORDER BY id") == [("A",), ("B",)]


def test_a_trigger_that_refuses_a_row_is_an_error_of_the_row(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 2000))
    reference = hashes_by_client(server, folder)
    there(server, "(`id` int PRIMARY KEY, `v` varchar(40))")
    body = "IF NEW.id = 1500 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF"
    query(server, f"CREATE TRIGGER s.strict BEFORE INSERT ON s.t FOR EACH ROW {body}")
    config = load_config(folder)

    error = refused(config, target, RowError)

    assert (error.errno, error.offset) == (1644, (folder / "s.t.sql").read_bytes().index(b"(1500,"))
    check_message("a trigger of the target that refuses a row", error)
    assert check_whole_chunks_only(server) > 0
    query(server, "DROP TRIGGER s.strict")
    check_goes_on(config, server, target, reference)


def test_a_view_where_the_dump_has_a_table(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    server.client("CREATE DATABASE s; CREATE VIEW s.t AS SELECT 1 AS id, 2 AS v")
    folder = write_dump(tmp_path / "dump", Table("a", rows=ROWS), Table("t", rows=ROWS))

    error = refused(load_config(folder), target, TargetError)

    check_message("a view of the target where the dump has a table", error)
    assert query(server, "SHOW TABLES IN s") == [("t",)]
    query(server, "DROP VIEW s.t")
    assert load_dump(load_config(folder), target).rows == 4


def test_a_name_of_more_than_64_characters(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t" * 65, rows=ROWS), Table("a", rows=ROWS))

    error = refused(load_config(folder), target, TargetError)

    assert error.errno == 1059
    check_message("a name of more than 64 characters", error)
    check_nothing_created(server, "dm_meta")
    allowed = write_dump(tmp_path / "other", Table("n" * 63 + "表", rows=ROWS))
    assert load_dump(load_config(allowed), target).rows == 2


# -- what the server allows and knows


def test_local_infile_off_is_told_and_the_rows_go_as_statements(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 300))
    reference = hashes_by_client(server, folder)
    config = load_config(folder)
    with global_variable(server, "local_infile", 0):
        loader.prepare_checkpoint(run_of(config, target))
        warnings = loader.create_tables(run_of(config, target))["warnings"]
        report = load_dump(config, target)

    assert warnings == ["rows will be sent as statements, which is slower: local_infile is off at the server"]
    assert (report.outcome, table_hashes(server, ["s"])) == ("clean", reference)
    assert report.tables[0].sent_as == "statements"


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({"sql_mode": "STRICT_TRANS_TABLES,NO_SUCH_MODE"}, "an sql_mode that the target does not know"),
        ({"time_zone": "Mars/Olympus"}, "a time_zone that the target does not know"),
        ({"session": {"no_such_variable": 1}}, "a session variable that the target does not know"),
        ({"session": {"wait_timeout": "soon"}}, "a session variable with a value that the target does not take"),
    ],
)
def test_a_setting_that_the_server_does_not_know_is_found_before_anything_is_created(
    settings: dict[str, object], title: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))

    error = refused(load_config(folder, **settings), target, TargetError)

    check_message(title, error)
    check_nothing_created(server)
    assert load_dump(load_config(folder), target).rows == 2


def test_a_zone_that_a_schema_file_names_and_the_server_does_not_know(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    schema = folder / "s.t-schema.sql"
    schema.write_text(schema.read_text().replace("'+00:00'", "'Mars/Olympus'"))

    error = refused(load_config(folder), target, TargetError)

    assert (error.errno, error.file) == (1298, "s.t-schema.sql")
    check_nothing_created(server)


@pytest.fixture
def small_binlog() -> Iterator[PrivateMariaDB]:
    with PrivateMariaDB({"log-bin": "b", "max-binlog-cache-size": "65536", "binlog-cache-size": "32768"}) as running:
        yield running


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_a_limit_on_transactions_is_told_as_one_and_not_blamed_on_a_row(
    load_data: bool, small_binlog: PrivateMariaDB, tmp_path: Path
) -> None:
    there_now = small_binlog
    target = TargetConfig(host=there_now.host, port=there_now.port, user=there_now.user, password=there_now.password)
    folder = write_dump(tmp_path / "dump", Table("t", rows=[f'({at},"{"x" * 38}")' for at in range(9000)]))
    reference = hashes_by_client(there_now, folder)
    config = load_config(folder, chunk_bytes=1 << 18, load_data=load_data, pool_size=1)

    error = refused(config, target, TargetError)

    assert (error.errno, error.file) == (1197, "s.t.sql")
    if load_data:
        check_message("a transaction that is larger than the server's limit", error)
    check_whole_chunks_only(there_now)
    query(there_now, "SET GLOBAL max_binlog_cache_size = 1 << 24")
    assert load_dump(config, target).outcome == "clean"
    assert table_hashes(there_now, ["s"]) == reference


# -- the way to it


def test_a_server_that_is_not_there_can_be_tried_again(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    nowhere = TargetConfig(host="127.0.0.1", port=1, user="u", password="canary-secret", connect_timeout_s=2)

    error = refused(load_config(folder), nowhere, ConnectionLostError)

    assert "canary" not in str(error)
    check_message("a server that can't be reached", error)


@pytest.mark.parametrize("user", ["loader", "nobody"])
def test_a_wrong_password_is_told_and_never_repeated(user: str, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    wrong = TargetConfig(host=target.host, port=target.port, user=user, password="canary-secret")

    error: LoaderError = refused(load_config(folder), wrong, TargetError)

    assert (error.errno, "canary" in str(error), "canary" in repr(wrong)) == (1045, False, False)
    if user == "loader":
        check_message("a wrong password", error)


def test_a_dump_that_is_not_there(target: TargetConfig, tmp_path: Path) -> None:
    error = refused(load_config(tmp_path / "nowhere"), target, DumpNotFoundError)

    check_message("a dump that is not there", error, tmp_path)


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"tsak_name": "t"}, "a setting of an unknown name"),
        ({"pool_size": "many"}, "a setting of a wrong type"),
        ({"sources": ["a", "b"]}, "settings that contradict each other"),
        ({"import_mode": "teleport"}, "a choice that does not exist"),
        ({"collation_map": {"latin1_bin": "utf8mb4_bin"}}, "a collation map that would change the charset"),
    ],
)
def test_a_wrong_setting_is_named(values: dict[str, object], title: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, **values)

    check_message(title, caught.value)


# -- names that differ in case

UPPER = {"do-tables": [{"db-name": "s", "tbl-name": "T"}]}


@pytest.fixture(scope="module")
def folding() -> Iterator[tuple[PrivateMariaDB, TargetConfig]]:
    """A server to which t and T are one table."""
    with PrivateMariaDB({"lower-case-table-names": "1", "innodb-buffer-pool-size": "32M"}) as running:
        yield running, TargetConfig(host=running.host, port=running.port, user=running.user, password=running.password)


def test_two_names_that_are_one_to_the_server_are_refused_before_anything_is_created(
    folding: tuple[PrivateMariaDB, TargetConfig], tmp_path: Path
) -> None:
    server, target = folding
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS), Table("T", rows=ROWS[:1]))

    error = refused(load_config(folder), target, TargetError)

    check_message("two tables whose names differ only in upper and lower case", error)
    check_nothing_created(server, "dm_meta")

    # What the remedy says, in both ways.
    route = {"schema-pattern": "s", "table-pattern": "T", "target-schema": "s", "target-table": "upper"}
    report = load_dump(load_config(folder, routes=[route], case_sensitive=True), target)
    assert (report.outcome, count(server, "s.upper"), count(server, "s.t")) == ("clean", 1, 2)
    server.client("DROP DATABASE s")
    config = load_config(folder, task_name="u", block_allow_list=UPPER, case_sensitive=True)
    assert (load_dump(config, target).outcome, count(server, "s.t")) == ("clean", 1)
    server.client("DROP DATABASE s; DROP DATABASE dm_meta")


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ({"schema": "s"}, {"schema": "S"}),
        ({"name": "v"}, {"name": "V"}),
    ],
)
def test_schemas_and_views_are_names_too(
    first: dict[str, str], other: dict[str, str], folding: tuple[PrivateMariaDB, TargetConfig], tmp_path: Path
) -> None:
    server, target = folding
    views = {other["name"]: "SELECT 1 AS id"} if "name" in other else None
    tables = [Table(**{"name": "a", "rows": ROWS, **first})]  # type: ignore[arg-type]
    tables += [Table(**{"name": "b", "rows": ROWS, **other})] if views is None else []  # type: ignore[arg-type]
    folder = write_dump(tmp_path / "dump", *tables, views=views)

    error = refused(load_config(folder), target, TargetError)

    assert "one name to this server" in error.message
    check_nothing_created(server, "dm_meta")
