"""Tables that exist, and lack columns of the dump: refused, given them, or loaded without them, and that is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, plan_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, ConfigError, TargetError
from airflow_dm_loader.progress.words import describe_plan
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import METADATA, Table, import_all, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import one, query

DUMPED = (
    "(`id` int NOT NULL, `first` varchar(20) DEFAULT NULL, `n` decimal(6,2) DEFAULT '1.50', "
    "`k` enum('a','ö') NOT NULL DEFAULT 'ö', `b` date DEFAULT NULL, `twice` int GENERATED ALWAYS AS (`id` * 2) "
    "VIRTUAL, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=latin1"
)
INSERT = "INSERT INTO `{table}` (`id`,`first`,`n`,`k`,`b`) VALUES"
ROWS = [f'({at},"x,(\\"{at}",{at}.25,"ö",NULL)' for at in range(1, 4)]
LIVE = "id int NOT NULL, b date, PRIMARY KEY (id)"


def write(folder: Path, create: str = DUMPED, rows: list[str] = ROWS, insert: str = INSERT) -> Path:
    return write_dump(folder, Table("t", create, rows, insert=insert))


def live(server: AnyServer, columns: str = LIVE, *rows: str) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t ({columns}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
    for row in rows:
        query(server, f"INSERT INTO s.t VALUES {row}")


def config_of(folder: Path, how: str, **changes: object) -> LoadConfig:
    settings = {"on_schema_change": how, "on_existing_rows": "append", "dump_tool": "dumpling", **changes}
    return load_config(folder, **settings)


def columns(server: AnyServer) -> list[str]:
    return [
        str(name)
        for (name,) in query(
            server,
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 's' AND table_name = 't' "
            "ORDER BY ordinal_position",
        )
    ]


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False])
def test_columns_are_added_as_the_dump_has_them_before_the_rows(
    load_data: bool, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    live(server, LIVE, "(100, '2026-01-01')")
    config = config_of(write(tmp_path / "dump"), "add_columns", load_data=load_data)

    (told,) = [line for line in describe_plan(plan_dump(config, target)) if "ALTER TABLE" in line]
    assert columns(server) == ["id", "b"]
    report = load_dump(config, target)

    assert columns(server) == ["id", "first", "n", "k", "b", "twice"]
    assert query(server, "SELECT id, first, n + 0, k, twice FROM s.t ORDER BY id") == [
        *((at, f'x,("{at}', at + 0.25, "ö", 2 * at) for at in range(1, 4)),
        (100, None, 1.5, "ö", 200),
    ]
    charset = "SELECT character_set_name FROM information_schema.columns WHERE table_schema = 's' AND column_name = %s"
    assert [one(server, charset, name) for name in ("first", "k")] == ["latin1", "latin1"]
    (found,) = [one for one in report.findings if one.kind == "added_columns"]
    assert found.text.partition(": ")[2] == told.partition(": ")[2]
    assert (report.outcome, found.table) == ("clean", "s.t")


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False])
def test_columns_are_left_out_and_the_report_says_of_how_many_rows(
    load_data: bool, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    live(server)
    config = config_of(write(tmp_path / "dump"), "ignore_columns", load_data=load_data)

    assert any("values are left out: first, n, k" in line for line in describe_plan(plan_dump(config, target)))
    report = load_dump(config, target)

    assert columns(server) == ["id", "b"]
    assert query(server, "SELECT id, b FROM s.t ORDER BY id") == [(at, None) for at in range(1, 4)]
    found = [(one.text.split("`")[1], one.rows) for one in report.findings if one.kind == "ignored_column"]
    assert sorted(found) == [("first", 3), ("k", 3), ("n", 3)]
    assert (report.outcome, report.tables[0].sent_as) == ("clean", "load data" if load_data else "statements")


@pytest.mark.parametrize("load_data", [True, False])
@pytest.mark.parametrize("how", ["add_columns", "ignore_columns"])
def test_so_it_is_with_csv(how: str, load_data: bool, server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    live(server)
    folder = write(tmp_path / "dump", rows=[])
    lines = ["k,id,first,n,b", *(f'ö,{at},"x,""{at}",{at}.25,\\N' for at in range(1, 4)), ""]
    (folder / "s.t.000000000.csv").write_text("\n".join(lines))

    report = load_dump(config_of(folder, how, load_data=load_data), target)

    added = how == "add_columns"
    assert query(server, f"SELECT id, b{', k, first, n + 0' if added else ''} FROM s.t ORDER BY id") == [
        (at, None, *(("ö", f'x,"{at}', at + 0.25) if added else ())) for at in range(1, 4)
    ]
    kinds = {one.kind for one in report.findings}
    assert kinds & {"added_columns", "ignored_column"} == {"added_columns" if added else "ignored_column"}


def test_columns_that_a_header_names_are_left_out_without_a_create_table_too(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    live(server)
    folder = write_dump(tmp_path / "dump", Table("t", None))
    (folder / "s.t.000000000.csv").write_text("id,more,b\n1,x,2026-01-01\n2,y,2026-01-02\n")

    report = load_dump(config_of(folder, "ignore_columns"), target)

    assert query(server, "SELECT id, DAY(b) FROM s.t ORDER BY id") == [(1, 1), (2, 2)]
    (found,) = [one for one in report.findings if one.kind == "ignored_column"]
    assert (found.rows, "`more`" in found.text) == (2, True)


def test_before_rows_that_are_deleted_columns_are_added_whatever_they_need(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    live(server, "id int NOT NULL, PRIMARY KEY (id)", "(100)")
    create = "(`n` int NOT NULL, `id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    folder = write(tmp_path / "dump", create, ["(7,1)"], "INSERT INTO `{table}` VALUES")

    with pytest.raises(TargetError, match="column n is NOT NULL without a default"):
        load_dump(config_of(folder, "add_columns"), target)
    assert columns(server) == ["id"]
    load_dump(config_of(folder, "add_columns", on_existing_rows="truncate"), target)

    assert query(server, "SELECT * FROM s.t") == [(7, 1)]


@pytest.mark.parametrize(
    ("there", "create", "how", "what"),
    [
        (
            "id int PRIMARY KEY",
            "`id` int PRIMARY KEY, `n` int UNIQUE",
            "add_columns",
            "can't be added by itself.*UNIQUE",
        ),
        ("n int", "`id` int NOT NULL AUTO_INCREMENT, `n` int, PRIMARY KEY (`id`)", "add_columns", "AUTO_INCREMENT"),
        ("id int, n int AS (id)", "`id` int, `n` int", "add_columns", "lacks columns of the dump: n"),
        ("id tinyint", "`id` varchar(9), `n` int", "add_columns", "id is tinyint"),
        ("id tinyint", "`id` varchar(9), `n` int", "ignore_columns", "id is tinyint"),
        ("x int", "`id` int, `n` int", "ignore_columns", "none of the dump's columns"),
        ("id int", "`id` int, `n` int DEFAULT 'x'", "add_columns", "can't be added .*Invalid default"),
    ],
)
def test_what_can_not_be_is_refused_by_name_and_nothing_is_changed(
    there: str, create: str, how: str, what: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    live(server, there)
    before = one(server, "SELECT GROUP_CONCAT(column_name) FROM information_schema.columns WHERE table_schema = 's'")
    folder = write(tmp_path / "dump", f"({create}) ENGINE=InnoDB", ["(1,2)"], "INSERT INTO `{table}` VALUES")

    with pytest.raises(TargetError, match=what) as caught:
        load_dump(config_of(folder, how), target)

    assert caught.value.table == "s.t"
    after = one(server, "SELECT GROUP_CONCAT(column_name) FROM information_schema.columns WHERE table_schema = 's'")
    assert (after, query(server, "SELECT 1 FROM s.t")) == (before, [])


@pytest.mark.parametrize("existing", ["swap", "recreate"])
def test_tables_that_are_made_anew_have_the_dump_s_columns(existing: str) -> None:
    with pytest.raises(ConfigError, match=f"on_schema_change: on_existing_rows {existing} makes tables anew"):
        LoadConfig(task_name="t", dump_uri="/d", on_existing_rows=existing, on_schema_change="add_columns")


def test_a_column_that_is_left_out_stays_so_for_the_whole_load(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """Also where somebody adds it meanwhile: no load has the values of half of its rows."""
    live(server)
    folder = write(tmp_path / "dump")
    import_all(config_of(folder, "ignore_columns"), target)
    query(server, "ALTER TABLE s.t ADD COLUMN first varchar(20)")

    with pytest.raises(CheckpointError, match="has left out columns of the dump so far: first, n, k"):
        load_dump(config_of(folder, "refuse"), target)
    report = load_dump(config_of(folder, "ignore_columns"), target)

    assert query(server, "SELECT DISTINCT first FROM s.t") == [(None,)]
    assert report.outcome == "clean"


def test_shards_that_lack_different_columns_each_get_theirs(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    live(server, "id int NOT NULL, PRIMARY KEY (id)")
    folder = write_dump(
        tmp_path / "dump",
        Table("t1", "(`id` int, `a` int) ENGINE=InnoDB", ["(1,10)"]),
        Table("t2", "(`b` int, `id` int) ENGINE=InnoDB", ["(20,2)"]),
        metadata=METADATA,
    )
    merge = [{"schema-pattern": "s", "table-pattern": "t*", "target-schema": "s", "target-table": "t"}]

    load_dump(config_of(folder, "add_columns", routes=merge), target)

    assert query(server, "SELECT id, a, b FROM s.t ORDER BY id") == [(1, 10, None), (2, None, 20)]


@pytest.mark.needs("tidb")
def test_computed_columns_that_a_server_adds_to_no_table_are_told(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    live(server, "id int NOT NULL, PRIMARY KEY (id)")
    create = "(`id` int NOT NULL, `n` int, `s` int AS (`id` + 1) STORED, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    folder = write(tmp_path / "dump", create, ["(1,7)"], "INSERT INTO `{table}` (`id`,`n`) VALUES")

    report = load_dump(config_of(folder, "add_columns"), target)

    assert query(server, "SELECT * FROM s.t") == [(1, 7)]
    assert {"added_columns", "columns_not_added"} <= {one.kind for one in report.findings}
