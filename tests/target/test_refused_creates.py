"""What the server does not take of a dump's schema is told with a way out that is about the CREATE."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from airflow_dm_loader import load_dump, plan_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import TargetError
from dev.places import free_port
from dev.private_server import PrivateServer
from dev.server_kinds import MYSQL
from tests import servers
from tests.conftest import emptied
from tests.dumps import SCHEMA, Table, load_config, write_dump
from tests.faults import global_variable
from tests.servers import AnyServer, Servers
from tests.tables import is_mariadb, one, query

INT = "(`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"
PLAIN_KEY = "(`id` int NOT NULL, `a` int, PRIMARY KEY (`id`), KEY `a` (`a`)) ENGINE=InnoDB"
REFERS = (
    "(`id` int NOT NULL, `a` int, PRIMARY KEY (`id`), KEY `a` (`a`), "
    "CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`a`)) ENGINE=InnoDB"
)


def refused(config: LoadConfig, target: TargetConfig) -> TargetError:
    with pytest.raises(TargetError) as caught:
        load_dump(config, target)
    assert "Read the message" not in caught.value.remedy
    assert "row" not in caught.value.remedy
    return caught.value


def target_of(server: AnyServer) -> TargetConfig:
    return TargetConfig(host=server.host, port=server.port, user=server.user, password=SecretStr(server.password))


@pytest.mark.servers
@pytest.mark.parametrize(
    "create",
    [
        "(`id` int DEFAULT NULL, PRIMARY KEY (`id`), KEY `id` (`id`), KEY `id` (`id`))",  # a name twice
        "(`id` no_such_type)",
        "(`id` int, KEY `k` (`missing`))",
    ],
)
def test_a_table_s_remedy_is_about_its_create(
    create: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    error = refused(load_config(write_dump(tmp_path / "dump", Table("t", create))), target)

    assert error.table == "s.t"
    assert "create the table in the target yourself" in error.remedy.lower()
    assert "let the load create" not in error.remedy


@pytest.mark.servers
def test_all_that_the_server_refuses_is_listed_before_the_first_row(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    """A dump of another kind of server is looked at once, and not once for each table that has to be changed."""
    folder = write_dump(
        tmp_path / "dump",
        Table("a", "(`id` int, KEY `k` (`id`), KEY `k` (`id`)) ENGINE=InnoDB", ["(1)"]),
        Table("b", INT, ["(1)"]),
        Table("c", "(`id` int, KEY `k` (`missing`)) ENGINE=InnoDB", ["(1)"]),
        Table("d", "(`id` int DEFAULT 'x') ENGINE=InnoDB", ["(1)"]),
        views={"v": "SELECT `id` FROM `b`"},
    )
    config = load_config(folder)
    error = refused(config, target)

    assert error.table == "s.a"
    assert "refuses 2 more of the dump's CREATE statements: s.c (1072): " in error.message
    assert "; s.d (1067): " in error.message
    assert "s.b" not in error.message
    assert query(server, "SELECT id FROM s.b") == []
    for name in ("a", "c", "d"):
        query(server, f"CREATE TABLE s.{name} (id int)")
    assert load_dump(config, target).outcome == "clean"


FOREIGN = {  # of MariaDB, of MySQL and of TiDB
    "types": "(`id` int NOT NULL, `u` uuid, PRIMARY KEY (`id`)) ENGINE=InnoDB WITH SYSTEM VERSIONING",
    "pages": "(`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB `PAGE_COMPRESSED`=1",
    "computed": "(`id` int NOT NULL, PRIMARY KEY (`id`), KEY `k` ((`id` + 1))) ENGINE=InnoDB",
    "hidden": "(`id` int NOT NULL, `h` int DEFAULT '3' /*!80023 INVISIBLE */, PRIMARY KEY (`id`)) ENGINE=InnoDB",
    "old": "(`id` int NOT NULL, `at` datetime) ENGINE=InnoDB /*T![ttl] TTL=`at` + INTERVAL 1 DAY */",
    "checked": "(`id` int NOT NULL, CONSTRAINT `c` CHECK (`id` < 9)) ENGINE=InnoDB",
}
TOLD = {
    "mariadb": (["s.computed (an index over an expression (k))"], ["s.hidden (INVISIBLE (h))", "s.old (TTL)"]),
    "mysql": (["s.pages (page compression)", "s.types (type UUID (u), system versioning)"], ["s.old (TTL)"]),
    "tidb": (
        ["s.hidden (INVISIBLE (h))", "s.pages (page compression)", "s.types (type UUID (u), system versioning)"],
        ["s.checked (CHECK (c))"],
    ),
}


@pytest.mark.servers
def test_what_another_kind_of_server_has_is_listed_whole_with_what_becomes_of_it(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", *(Table(name, create, []) for name, create in FOREIGN.items()))
    refused_ones, left_out = TOLD[server.flavour]
    expected = (
        f"can't have these as they are - refused with its CREATE, so make the table in the target yourself, in a form "
        f"that it takes: {', '.join(refused_ones)}; left out by the target, which the load's report tells: "
        f"{', '.join(left_out)}"
    )

    assert any(expected in warning for warning in plan_dump(load_config(folder), target).warnings)
    assert expected in refused(load_config(folder), target).message

    for name in [each.partition(" ")[0] for each in refused_ones]:
        query(server, f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY, u char(36))")
    report = load_dump(load_config(folder), target)
    assert report.status == "finished"


@pytest.mark.servers
def test_types_that_the_server_has_not_load_into_text_that_a_person_made(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL, `u` uuid, `a` inet6, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    row = "(1,'123e4567-e89b-12d3-a456-426655440000','2001:db8::ff00:42:8329')"
    config = load_config(write_dump(tmp_path / "dump", Table("t", create, [row])))
    if not is_mariadb(server):
        assert "a form that this server takes" in refused(config, target).remedy
        query(server, "CREATE TABLE s.t (id int PRIMARY KEY, u char(36), a varchar(39))")

    assert load_dump(config, target).outcome == "clean"
    assert query(server, "SELECT CAST(u AS char), CAST(a AS char) FROM s.t") == [
        ("123e4567-e89b-12d3-a456-426655440000", "2001:db8::ff00:42:8329")
    ]


@pytest.mark.servers
def test_all_views_that_the_server_refuses_are_listed(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    views = {
        "a": "SELECT `id` FROM `other`.`x`",
        "b": "SELECT `id` FROM `c`",  # waits for another that is refused
        "c": "SELECT `missing` AS `id` FROM `t`",
        "d": "SELECT `id` FROM `t`",
        "e": "SELECT `s`.`f`() AS `id`",
    }
    error = refused(load_config(write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), views=views)), target)

    assert error.table == "s.a"
    assert "refuses 2 more" in error.message
    assert "; s.e (" in error.message
    assert "s.c (1054): " in error.message
    assert query(server, "SELECT id FROM s.d") == []


@pytest.mark.servers
def test_a_foreign_key_to_a_plain_key_loads_or_names_the_variable(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(
        tmp_path / "dump", Table("p", PLAIN_KEY, ["(1,5)"]), Table("q", REFERS, ["(1,5)"]), Table("z", INT, ["(1)"])
    )
    session: dict[str, str | int] = {}
    if query(server, "SHOW VARIABLES LIKE 'restrict_fk_on_non_standard_key'"):
        error = refused(load_config(folder), target)
        assert error.errno == 6125
        assert 'session = {"restrict_fk_on_non_standard_key": 0}' in error.remedy
        session = {"restrict_fk_on_non_standard_key": 0}

    report = load_dump(load_config(folder, session=session), target)

    assert report.outcome == "clean"
    assert one(server, "SELECT COUNT(*) FROM information_schema.referential_constraints WHERE table_name = 'q'") == 1


@pytest.mark.servers
def test_a_view_of_what_is_not_in_the_target_can_be_left_out(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(
        tmp_path / "dump", Table("t", rows=['(1,"a")']), views={"v": "SELECT 1 AS `a` FROM `other`.`x`"}
    )

    error = refused(load_config(folder), target)

    assert error.table == "s.v"
    assert "ignore-tables" in error.remedy


@pytest.mark.servers
def test_a_view_that_calls_a_function_says_where_functions_are(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), views={"v": "SELECT `s`.`f`() AS `a`"})

    error = refused(load_config(folder), target)

    assert "-schema-post.sql" in error.remedy


# Servers that demand a primary key


@pytest.mark.servers
def test_tables_without_the_key_that_the_server_demands_are_named_before_any_is_created(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    unique = "(`id` int NOT NULL, `a` int, UNIQUE KEY `a` (`a`,`id`)) ENGINE=InnoDB"
    promoted = "(`id` int NOT NULL, UNIQUE KEY `id` (`id`)) ENGINE=InnoDB"
    folder = write_dump(
        tmp_path / "dump",
        Table("a", INT, ["(1)"]),
        Table("b", "(`id` int) ENGINE=InnoDB", ["(1)"]),
        Table("c", unique, ["(1,1)"]),
        Table("d", promoted, ["(1)"]),
    )
    variable = "innodb_force_primary_key" if is_mariadb(server) else "sql_require_primary_key"

    with global_variable(server, variable, 1):
        error = refused(load_config(folder), target)
        assert f"({variable}), and these tables of the dump have none: s.b, s.c" in error.message
        assert not query(server, f"SELECT 1 FROM information_schema.tables WHERE table_schema = '{SCHEMA}'")

        query(server, "CREATE DATABASE IF NOT EXISTS s")
        query(server, "CREATE TABLE s.b (`id` int NOT NULL PRIMARY KEY)")
        query(server, "CREATE TABLE s.c (`id` int NOT NULL PRIMARY KEY, `a` int, UNIQUE KEY `a` (`a`,`id`))")
        report = load_dump(load_config(folder), target)

    assert report.outcome == "clean"


@pytest.fixture
def mysql(running_servers: Servers) -> AnyServer:
    if "mysql" not in servers.kinds():
        pytest.skip("no MySQL is here")
    return emptied(running_servers["mysql"])


def test_a_server_that_makes_keys_by_itself_demands_none(mysql: AnyServer, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("b", "(`id` int) ENGINE=InnoDB", ["(1)"]))

    with (
        global_variable(mysql, "sql_require_primary_key", 1),
        global_variable(mysql, "sql_generate_invisible_primary_key", 1),
    ):
        report = load_dump(load_config(folder), target_of(mysql))

    assert report.outcome == "clean"


@pytest.mark.db
def test_a_group_s_member_refuses_tables_before_it_refuses_their_rows(tmp_path: Path) -> None:
    if servers.FOREIGN or not MYSQL.is_installed:
        pytest.skip("no MySQL of our own is here")
    options = {
        "skip-log-bin": "OFF",
        "log-bin": "bin",
        "server-id": "1",
        "gtid-mode": "ON",
        "enforce-gtid-consistency": "ON",
        "performance-schema": "ON",
        "plugin-dir": str(MYSQL.plugin_folder),
        "report-host": "127.0.0.1",
    }
    with PrivateServer(MYSQL, options) as server:
        query(server, "INSTALL PLUGIN group_replication SONAME 'group_replication.so'")
        query(server, "SET GLOBAL group_replication_group_name = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa'")
        query(server, "SET GLOBAL group_replication_local_address = %s", f"127.0.0.1:{free_port()}")
        query(server, "SET GLOBAL group_replication_bootstrap_group = ON")
        query(server, "START GROUP_REPLICATION")
        folder = write_dump(tmp_path / "dump", Table("a", INT, ["(1)"]), Table("b", "(`id` int)", ["(1)"]))

        error = refused(load_config(folder), target_of(server))
        assert "(group replication), and these tables of the dump have none: s.b" in error.message
        assert not query(server, f"SELECT 1 FROM information_schema.tables WHERE table_schema = '{SCHEMA}'")

        report = load_dump(
            load_config(folder, block_allow_list={"ignore-tables": [{"db-name": "s", "tbl-name": "b"}]}),
            target_of(server),
        )

    assert report.outcome == "clean"


@pytest.mark.only_on("mariadb", because="elsewhere no column's default comes from a sequence in this way")
def test_a_default_whose_sequence_the_dump_does_not_hold_asks_for_the_sequence(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL DEFAULT nextval(`s`.`numbers`), PRIMARY KEY (`id`)) ENGINE=InnoDB"
    config = load_config(write_dump(tmp_path / "dump", Table("t", create, ["(1)", "(2)"])))
    error = refused(config, target)
    assert error.errno == 1146
    assert "Create the sequence there" in error.remedy

    query(server, "CREATE SEQUENCE s.numbers START WITH 3")
    assert load_dump(config, target).status == "finished"
    query(server, "INSERT INTO s.t VALUES (DEFAULT)")
    assert query(server, "SELECT id FROM s.t ORDER BY id") == [(1,), (2,), (3,)]


@pytest.mark.servers
def test_the_table_whose_foreign_key_it_is_is_named_where_the_other_one_comes_second(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    child = Table("a", REFERS, ["(1,5)"])
    config = load_config(write_dump(tmp_path / "dump", child, Table("p", PLAIN_KEY, ["(1,5)"])), pool_size=1)
    if not query(server, "SHOW VARIABLES LIKE 'restrict_fk_on_non_standard_key'"):
        assert load_dump(config, target).outcome == "clean"  # such a key is taken here
        return
    error = refused(config, target)
    assert (error.errno, error.table) == (6125, "s.p")
    assert "(a foreign key of s.a)" in error.message
