"""The least privileges that a load needs, as docs/privileges.md lists them; and what is said where one is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import RowError, TargetError
from airflow_dm_loader.target.privileges import parse_grants
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.listed_privileges import listed
from tests.bad_input.stories import check_message, check_nothing_created, refused
from tests.dumps import Table, load_config, write_dump
from tests.server_words import SET_DEFINER
from tests.tables import count, query

OBJECTS = Path(__file__).parents[1] / "data" / "objects"
LARGE = [f'({at},"{"x" * 600}")' for at in range(2000)]
CREATE = "(`id` int NOT NULL, `v` varchar(700), PRIMARY KEY (`id`), KEY `v` (`v`)) ENGINE=InnoDB DEFAULT CHARSET=latin1"
CHILD = (
    "(`id` int NOT NULL, `t` int, PRIMARY KEY (`id`), KEY `t` (`t`), "
    "CONSTRAINT `fk` FOREIGN KEY (`t`) REFERENCES `t` (`id`)) ENGINE=InnoDB"
)

MakeUser = Callable[..., TargetConfig]


@pytest.fixture
def user(server: PrivateMariaDB) -> MakeUser:
    """An account with exactly these privileges."""

    def make(*grants: str, schema: str = "s") -> TargetConfig:
        query(server, "DROP USER IF EXISTS least@'127.0.0.1'")
        query(server, "CREATE USER least@'127.0.0.1' IDENTIFIED BY 'canary-secret'")
        for grant in grants:
            query(server, re.sub(r"TO \S+;$", "TO least@'127.0.0.1'", grant).replace("`shop", f"`{schema}"))
        return TargetConfig(host=server.host, port=server.port, user="least", password="canary-secret")

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A large table with an index, one that refers to it, and a view."""
    tables = Table("t", CREATE, LARGE), Table("u", CHILD, ["(1,1)"])
    return write_dump(tmp_path / "dump", *tables, views={"w": "SELECT `id` FROM `t`"})


CREATES, EXISTS, SWAPS = (
    "A load that creates its tables",
    "A load into tables that exist",
    "A load that swaps tables in",
)
# Ways of loading: what the list stands under, what it says that they need besides, and the settings.
WAYS: dict[str, tuple[str, tuple[str, ...], dict[str, object]]] = {
    "creates": (CREATES, (), {}),
    "statements": (CREATES, (), {"load_data": False}),
    "exists": (EXISTS, ("GRANT CREATE VIEW, SHOW VIEW ON `shop`.* TO x;",), {}),
    "truncates": (EXISTS, ("GRANT CREATE VIEW ON `shop`.* TO x;",), {"on_existing_rows": "truncate"}),
    "recreates": (CREATES, ("GRANT DROP ON `shop`.* TO x;",), {"on_existing_rows": "recreate"}),
    "swaps": (SWAPS, (), {"on_existing_rows": "swap"}),
}
THAT_FIND_TABLES = frozenset({"exists", "truncates", "recreates", "swaps"})


def make_tables(server: PrivateMariaDB, *, view: bool = True) -> None:
    """The dump's tables, by somebody else."""
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {CREATE}")
    query(server, f"CREATE TABLE s.u {CHILD}")
    if view:
        query(server, "CREATE VIEW s.w AS SELECT id FROM s.t")


def privileges_of(grant: str) -> list[str]:
    return grant[6:].partition(" ON ")[0].split(", ")


@pytest.mark.servers
@pytest.mark.parametrize("way", WAYS)
def test_the_listed_privileges_are_enough(way: str, server: PrivateMariaDB, user: MakeUser, folder: Path) -> None:
    heading, more, settings = WAYS[way]
    if way in THAT_FIND_TABLES:
        make_tables(server)

    report = load_dump(load_config(folder, analyze="required", **settings), user(*listed(heading), *more))

    assert [report.outcome, *(count(server, f"s.{name}") for name in "tuw")] == ["clean", 2000, 1, 2000]
    assert any("SHOW VIEW" in warning for warning in report.warnings) is (way in THAT_FIND_TABLES - {"exists"})


@pytest.mark.servers
@pytest.mark.parametrize(
    ("on_duplicate", "more", "met"),
    [
        ("replace", ["DELETE"], (1, 0, 0)),
        ("replace", ["DELETE", "UPDATE"], (1, 0, 0)),
        ("ignore", [], (0, 1, 0)),
        ("manual", [], (0, 0, 1)),
    ],
)
def test_rows_that_meet_others_need_what_is_listed(
    on_duplicate: str,
    more: list[str],
    met: tuple[int, int, int],
    server: PrivateMariaDB,
    user: MakeUser,
    tmp_path: Path,
) -> None:
    make_tables(server, view=False)
    query(server, "INSERT INTO s.t VALUES (1, 'old')")
    state, tables = listed(EXISTS)
    less = [word for word in privileges_of(tables) if word != "DELETE"] + more
    folder = write_dump(tmp_path / "dump", Table("t", CREATE, ['(1,"new")', '(2,"b")']))

    report = load_dump(
        load_config(folder, on_duplicate_logical=on_duplicate, on_conflict="accept"),
        user(state, f"GRANT {', '.join(less)} ON {tables.partition(' ON ')[2]}"),
    )

    (table,) = report.tables
    assert (count(server, "s.t"), (table.replaced, table.ignored, table.conflicts)) == (2, met)


@pytest.mark.servers
def test_rows_that_may_meet_none_need_no_privilege_to_delete(
    server: PrivateMariaDB, user: MakeUser, tmp_path: Path
) -> None:
    make_tables(server, view=False)
    query(server, "INSERT INTO s.t VALUES (1, 'old')")
    state, tables = listed(EXISTS)
    less = [word for word in privileges_of(tables) if word != "DELETE"]
    target = user(state, f"GRANT {', '.join(less)} ON {tables.partition(' ON ')[2]}")

    def config(name: str, *rows: str) -> LoadConfig:
        return load_config(
            write_dump(tmp_path / name, Table("t", CREATE, rows)), task_name=name, on_duplicate_logical="error"
        )

    met = refused(config("meets", '(2,"b")', '(1,"new")'), target, RowError)
    report = load_dump(config("none", '(3,"c")'), target)

    assert (met.errno, report.outcome) == (1062, "clean")
    assert query(server, "SELECT * FROM s.t ORDER BY id") == [(1, "old"), (3, "c")]


@pytest.mark.servers
def test_tables_are_not_recreated_without_the_privilege_to_drop_them(
    server: PrivateMariaDB, user: MakeUser, folder: Path
) -> None:
    make_tables(server)

    error = refused(load_config(folder, on_existing_rows="recreate"), user(*listed(CREATES)), TargetError)

    assert re.search(r"GRANT [A-Z ,]*\bDROP ?[A-Z ,]*ON", error.remedy), str(error)
    check_untouched(server, exists=True)


def test_each_step_of_a_load_needs_no_more_than_all_of_them(
    server: PrivateMariaDB, user: MakeUser, folder: Path
) -> None:
    target = user(*listed(CREATES))

    steps = [load_dump(load_config(folder, only=step), target).status for step in ("schema", "data", "indexes")]

    assert (steps, count(server, "s.t")) == (["stopped", "stopped", "finished"], 2000)


@pytest.mark.servers
def test_objects_need_what_is_listed_and_without_it_nothing_is_created(server: PrivateMariaDB, user: MakeUser) -> None:
    is_mysql = "mariadb" not in str(query(server, "SELECT LOWER(VERSION())")[0][0])
    asked = {"triggers": "load", "routines": "load", "events": "load"}
    config = load_config(OBJECTS / ("mysql" if is_mysql else "mariadb"), objects=asked, definer="drop")
    grants, (more,) = listed(CREATES), listed("A load of triggers, routines and events")
    for privilege in privileges_of(more):
        kept = [word for word in privileges_of(more) if word != privilege]
        less = f"GRANT {', '.join(kept)} ON {more.partition(' ON ')[2]}"

        error = refused(config, user(*grants, less, schema="office"), TargetError)

        assert re.search(rf"GRANT [A-Z ,]*\b{privilege} ?[A-Z ,]*ON", error.remedy), (privilege, str(error))
        assert query(server, "SHOW DATABASES LIKE 'office'") == []
        query(server, "DROP DATABASE IF EXISTS dm_meta")

    report = load_dump(config, user(*grants, more, schema="office"))

    assert report.outcome == "clean"
    assert report.objects == {"function": 3, "procedure": 3, "event": 3, "trigger": 4}


@pytest.mark.servers
@pytest.mark.parametrize("way", ["creates", "exists", "swaps"])
def test_no_listed_privilege_can_be_left_out(
    way: str, server: PrivateMariaDB, user: MakeUser, folder: Path, tmp_path: Path
) -> None:
    heading, _, settings = WAYS[way]
    grants = listed(heading)
    if way in THAT_FIND_TABLES:
        make_tables(server, view=way == "exists")
    for at, grant in enumerate(grants):
        for privilege in privileges_of(grant):
            kept = [word for word in privileges_of(grant) if word != privilege]
            place = grant.partition(" ON ")[2]
            less = [*grants[:at], *([f"GRANT {', '.join(kept)} ON {place}"] if kept else []), *grants[at + 1 :]]

            error = refused(load_config(folder, **settings), user(*less), TargetError)

            assert re.search(rf"GRANT [A-Z ,]*\b{privilege} ?[A-Z ,]*ON", error.remedy), (grant, privilege, str(error))
            assert "__dm_" not in error.remedy.replace(r"\_", "?"), "a schema that has another name the next time"
            assert "least" in error.remedy
            assert "canary" not in str(error)
            check_untouched(server, exists=way in THAT_FIND_TABLES)
            query(server, "DROP DATABASE IF EXISTS dm_meta")


def check_untouched(server: PrivateMariaDB, *, exists: bool) -> None:
    """What a load would make is not there, and tables that are there hold no row."""
    if not exists:
        check_nothing_created(server)
        return
    assert {name for (name,) in query(server, "SHOW DATABASES") if name.startswith("s_")} == set()
    assert count(server, "s.t") == 0


def test_all_that_is_missing_is_named_at_once_with_the_grants_to_give(
    server: PrivateMariaDB, user: MakeUser, folder: Path
) -> None:
    config = load_config(folder)

    error = refused(config, user("GRANT SELECT ON `s`.* TO x;"), TargetError)

    check_message("missing privileges", error)
    check_nothing_created(server, "dm_meta")
    for grant in re.findall(r"GRANT .*?;", error.remedy):
        query(server, grant)
    again = refused(
        config, TargetConfig(host=server.host, port=server.port, user="least", password="canary-secret"), TargetError
    )
    check_nothing_created(server)
    for grant in re.findall(r"GRANT .*?;", again.remedy):  # those that only the schema files tell
        query(server, grant)
    load_dump(config, TargetConfig(host=server.host, port=server.port, user="least", password="canary-secret"))
    assert count(server, "s.t") == 2000


def test_privileges_of_a_role_count(server: PrivateMariaDB, user: MakeUser, folder: Path) -> None:
    target = user()
    query(server, "DROP ROLE IF EXISTS loads")
    query(server, "CREATE ROLE loads")
    for grant in listed("A load that creates its tables"):
        query(server, re.sub(r"TO \S+;$", "TO loads", grant).replace("`shop`", "`s`"))
    query(server, "GRANT loads TO least@'127.0.0.1'")
    to = "FOR" if server.flavour == "mariadb" else "TO"
    query(server, f"SET DEFAULT ROLE loads {to} least@'127.0.0.1'")

    load_dump(load_config(folder), target)

    assert count(server, "s.u") == 1


def test_a_view_in_somebody_elses_name_needs_the_right_to_give_it(
    server: PrivateMariaDB, user: MakeUser, folder: Path
) -> None:
    view = folder / "s.w-schema-view.sql"
    view.write_text(view.read_text().replace("CREATE VIEW", "CREATE DEFINER=`root`@`localhost` VIEW"))
    grants = listed("A load that creates its tables")

    error = refused(load_config(folder), user(*grants), TargetError)

    right = SET_DEFINER[server.flavour]
    assert f"GRANT {right} ON *.*" in error.remedy
    if server.flavour == "mariadb":
        check_message("a view of another definer", error)
    check_nothing_created(server)
    of_root = ", SYSTEM_USER" if server.flavour == "mysql" else ""
    load_dump(load_config(folder), user(*grants, f"GRANT {right}{of_root} ON *.* TO x;"))
    assert count(server, "s.w") == 2000


# -- how servers show privileges


@pytest.mark.parametrize(
    ("lines", "privilege", "schema", "table", "allowed"),
    [
        (["GRANT ALL PRIVILEGES ON *.* TO `u`@`h` WITH GRANT OPTION"], "INSERT", "s", "t", True),
        (["GRANT USAGE ON *.* TO `u`@`h`", "GRANT INSERT ON `s`.* TO `u`@`h`"], "INSERT", "s", "t", True),
        (["GRANT INSERT ON `s`.* TO `u`@`h`"], "INSERT", "s2", "t", False),
        (["GRANT INSERT ON `s\\_%`.* TO `u`@`h`"], "INSERT", "s_x", "t", True),
        (["GRANT INSERT ON `s\\_%`.* TO `u`@`h`"], "INSERT", "sxx", "t", False),
        (["GRANT INSERT ON `s_`.* TO `u`@`h`"], "INSERT", "s1", None, True),
        (["GRANT SELECT, INSERT (`v`, `w`) ON `s`.`t` TO `u`@`h`"], "INSERT", "s", "t", True),
        (["GRANT SELECT ON `s`.`t` TO `u`@`h`"], "SELECT", "s", None, False),
        (["GRANT Select,Insert ON s.* TO 'u'@'h'"], "INSERT", "s", "t", True),
        (["GRANT INSERT ON *.* TO `u`@`h`", "REVOKE INSERT ON `s`.* FROM `u`@`h`"], "INSERT", "s", "t", False),
        (["GRANT INSERT ON *.* TO `u`@`h`", "REVOKE INSERT ON `s`.* FROM `u`@`h`"], "INSERT", "x", "t", True),
        (["GRANT SET_USER_ID,SYSTEM_USER ON *.* TO `u`@`h`"], "SET_USER_ID", None, None, True),
        (["GRANT `r`@`%` TO `u`@`h`", "GRANT EXECUTE ON PROCEDURE `s`.`p` TO `u`@`h`"], "EXECUTE", "s", None, False),
        (['GRANT INSERT ON "s"."t" TO "u"@"h"'], "INSERT", "s", "t", True),
    ],
)
def test_privileges_are_read_as_each_server_writes_them(
    lines: list[str], privilege: str, schema: str | None, table: str | None, allowed: bool
) -> None:
    privileges = parse_grants(lines, user="`u`@`h`")

    assert privileges is not None
    assert privileges.allows(privilege, schema, table) is allowed


@pytest.mark.parametrize("line", ["DENY INSERT ON `s`.* TO `u`@`h`", "something else", "GRANT INSERT ON `s`"])
def test_what_is_not_understood_is_held_against_nobody(line: str) -> None:
    assert parse_grants(["GRANT SELECT ON *.* TO `u`@`h`", line], user="`u`@`h`") is None
