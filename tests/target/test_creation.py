"""create_tables: what is made, what is kept, and which rows go to which columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DumpFormatError, LoaderError, SchemaMissingError, TargetError
from dev.private_mariadb import PrivateMariaDB
from tests.dump import dumpling
from tests.dumps import HEAD, SCHEMA, Table, copy_sample, load_config, prepare, run_of, write_dump
from tests.servers import AnyServer
from tests.tables import count, one, query, table_hashes


def create(folder: Path, target: TargetConfig) -> dict[str, object]:
    loader.prepare_checkpoint(run_of(load_config(folder), target))
    return loader.create_tables(run_of(load_config(folder), target))


# -- databases, tables, views


def test_a_database_without_a_schema_file_is_created(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")'], schema="new db"), schema_files=False)

    load_dump(load_config(folder), target)

    assert query(server, "SELECT * FROM `new db`.t") == [(1, "a")]


def test_a_database_gets_the_options_of_its_schema_file(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t"))
    text = "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `s` /*!40100 DEFAULT CHARACTER SET latin1 COLLATE latin1_bin */;\n"
    (folder / "s-schema-create.sql").write_text(text)

    create(folder, target)

    sql = "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 's'"
    assert one(server, sql) == "latin1_bin"


def test_what_is_there_is_kept_and_told_apart(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("full"), Table("empty"), Table("new"), views={"v": "SELECT 1 AS id"})
    server.client(
        "CREATE DATABASE s; CREATE TABLE s.full (id int PRIMARY KEY, v varchar(40), extra int DEFAULT 7);"
        "INSERT INTO s.full (id) VALUES (1); CREATE TABLE s.empty LIKE s.full; CREATE VIEW s.v AS SELECT 2 AS id"
    )

    summary = create(folder, target)

    assert summary["created"] == ["s.new"]
    assert summary["existing"] == ["s.empty", "s.full"]
    assert summary["not_empty"] == ["s.full"]
    assert summary["views"] == []
    assert one(server, "SELECT id FROM s.v") == 2
    assert query(server, "SELECT * FROM s.full") == [(1, None, 7)]


def test_creating_again_changes_nothing(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), views={"v": "SELECT id FROM t"})
    config = load_config(folder)
    create(folder, target)
    loader.run_import(run_of(config, target))

    summary = loader.create_tables(run_of(config, target))

    assert (summary["created"], summary["existing"], summary["not_empty"]) == ([], ["s.t"], [])
    assert count(server, "s.v") == 1
    assert (
        loader.verify(loader.LoadRun.of(config, target)).tables[0].row_count == "passed"
    )  # it was empty before this load


def test_views_on_views_are_created_in_any_order(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    views = {"a": "SELECT id FROM b", "b": "SELECT id FROM z", "c": "SELECT id FROM a", "z": "SELECT id FROM t"}
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), views=views)

    load_dump(load_config(folder), target)

    assert [count(server, f"s.{view}") for view in views] == [1, 1, 1, 1]


def test_a_view_on_nothing_is_an_error_that_names_its_file(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t"), views={"v": "SELECT id FROM nowhere"})

    with pytest.raises(TargetError, match="nowhere") as caught:
        create(folder, target)

    assert (caught.value.errno, caught.value.file) == (1146, "s.v-schema-view.sql")


@pytest.mark.parametrize(("there", "dumped"), [("VIEW s.x AS SELECT 1 AS id", "table"), ("TABLE s.x (id int)", "view")])
def test_a_view_in_a_tables_place_is_refused_and_kept_and_so_is_the_other_way(
    there: str, dumped: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    tables = [Table("x", rows=['(1,"a")'])] if dumped == "table" else [Table("t")]
    folder = write_dump(tmp_path / "dump", *tables, views={"x": "SELECT 1 AS id"} if dumped == "view" else None)
    server.client(f"CREATE DATABASE s; CREATE {there}")

    with pytest.raises(TargetError) as caught:
        load_dump(load_config(folder), target)

    assert caught.value.table == "s.x"
    assert query(server, "SHOW FULL TABLES FROM s LIKE 'x'") == [
        ("x", "VIEW" if dumped == "table" else "BASE TABLE"),
    ]


def test_rows_for_a_table_that_nobody_creates_are_34013(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), Table("u", None, ['(1,"a")']))

    with pytest.raises(SchemaMissingError) as caught:
        load_dump(load_config(folder), target)

    assert (caught.value.code, caught.value.table) == (34013, "s.u")


def test_rows_without_a_schema_file_go_to_the_table_that_is_there(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", None, ['(1,"a")']))
    server.client("CREATE DATABASE s; CREATE TABLE s.t (id int, twice int AS (id * 2), v text)")

    load_dump(load_config(folder), target)

    assert query(server, "SELECT * FROM s.t") == [(1, 2, "a")]


def test_a_statement_for_another_table_than_the_files_name_says_is_an_error(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")'], insert="INSERT INTO `u` VALUES"), Table("u"))

    with pytest.raises(DumpFormatError, match=r"'u'.*'t'") as caught:
        load_dump(load_config(folder), target)

    assert (caught.value.file, caught.value.offset) == ("s.t.sql", len(HEAD))
    assert count(server, "s.u") == count(server, "s.t") == 0


@pytest.mark.parametrize("engine", ["MyISAM", "Aria", "MEMORY"])
def test_a_table_whose_engine_has_no_transactions_is_refused_by_name(
    engine: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", f"(`id` int) ENGINE={engine}", ["(1)"]))

    with pytest.raises(TargetError, match=engine) as caught:
        load_dump(load_config(folder), target)

    assert caught.value.table == "s.t"
    assert "InnoDB" in caught.value.remedy


def test_what_is_not_loaded_is_counted(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = copy_sample("mydumper-1.0", tmp_path / "dump")

    summary = create(folder, target)

    assert summary["not_loaded"] == {"triggers": 1, "routines and events": 1}
    assert not query(server, "SHOW TRIGGERS FROM shop")


def test_a_schema_file_that_the_server_refuses_is_named(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    words, errno = {"mariadb": ("Wrong create options", 1005), "mysql": ("doesn't have this option", 1031)}[
        server.flavour
    ]
    folder = write_dump(tmp_path / "dump", Table("t", "(`id` int) ENGINE=InnoDB ROW_FORMAT=FIXED"))

    with pytest.raises(LoaderError, match=words) as caught:
        create(folder, target)

    assert (caught.value.errno, caught.value.file, caught.value.table) == (errno, "s.t-schema.sql", "s.t")


# -- names


@pytest.mark.parametrize(
    "name", ["a.b", "a-b", "a'b", 'a"b', "a b", "a`b", "100%", "%41", "x-schema", "mydumper_1", "日本", "select", "a/b"]
)
def test_a_name_is_loaded_as_it_is(name: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    quoted = dumpling.quote(name)
    table = dumpling.Table(name, name, f"CREATE TABLE {quoted} ({quoted} int PRIMARY KEY)", [(1,), (2,)])
    folder = dumpling.write_dump(tmp_path / "dump", [table])

    report = load_dump(load_config(folder), target)

    assert query(server, f"SELECT {quoted} FROM {quoted}.{quoted}") == [(1,), (2,)]
    assert [table.table for table in report.tables] == [f"{name}.{name}"]


# -- columns


def test_names_and_labels_that_are_not_ascii_survive(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    columns = "(`größe` enum('klein','groß'), `v` varchar(9) DEFAULT 'ü' COMMENT 'wörtlich') CHARSET=utf8mb4"
    folder = write_dump(tmp_path / "dump", Table("t", columns, ['("groß","ß")', "(NULL,NULL)"]))

    load_dump(load_config(folder), target)

    assert query(server, "SELECT größe, größe + 0, HEX(v) FROM s.t") == [("groß", 2.0, "C39F"), (None, None, None)]
    assert query(server, "SELECT column_comment FROM information_schema.columns WHERE column_name = 'v'") == [
        ("wörtlich",)
    ]


def test_rows_skip_generated_columns(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    columns = "(`a` int, `s` int GENERATED ALWAYS AS (`a` + 1) STORED, `v` int AS (`a` + 2) VIRTUAL, `b` int)"
    folder = write_dump(tmp_path / "dump", Table("t", columns, ["(1,10)", "(2,20)"]))

    load_dump(load_config(folder), target)

    assert query(server, "SELECT a, s, v, b FROM s.t") == [(1, 2, 3, 10), (2, 3, 4, 20)]


@pytest.mark.parametrize("mark", ["/*!80023 INVISIBLE */", "INVISIBLE"])
def test_rows_skip_columns_that_were_invisible_at_the_source(
    mark: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """MariaDB does not read MySQL 8's version comment: there the column is visible, and rows would shift."""
    columns = f"(`a` int, `hidden` int DEFAULT 5 {mark}, `b` int)"
    folder = write_dump(tmp_path / "dump", Table("t", columns, ["(1,10)"]))

    load_dump(load_config(folder), target)

    assert query(server, "SELECT a, hidden, b FROM s.t") == [(1, 5, 10)]


def test_columns_that_the_rows_name_go_where_they_say(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    insert = "INSERT INTO `{table}` (`b`,`a`) VALUES"
    folder = write_dump(tmp_path / "dump", Table("t", "(`a` int, `b` int)", ["(1,2)"], insert=insert))

    load_dump(load_config(folder), target)

    assert query(server, "SELECT a, b FROM s.t") == [(2, 1)]


def test_a_table_that_was_there_with_its_columns_in_another_order_gets_them_right(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", "(`a` int, `b` int)", ["(1,2)"]))
    server.client(f"CREATE DATABASE {SCHEMA}; CREATE TABLE s.t (b int, more int DEFAULT 9, a int)")

    load_dump(load_config(folder), target)

    assert query(server, "SELECT a, b, more FROM s.t") == [(1, 2, 9)]


def test_foreign_keys_are_created_whatever_the_order_of_tables(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    child = Table("a", "(`p` int, FOREIGN KEY (`p`) REFERENCES `b` (`id`)) ENGINE=InnoDB", ["(1)"])
    folder = write_dump(tmp_path / "dump", child, Table("b", rows=['(1,"x")']))

    load_dump(load_config(folder), target)

    sql = "SELECT COUNT(*) FROM information_schema.referential_constraints WHERE constraint_schema = 's'"
    assert (one(server, sql), count(server, "s.a")) == (1, 1)


def test_the_schema_phase_leaves_rows_alone(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    server.client(
        "CREATE DATABASE s; CREATE TABLE s.t (id int PRIMARY KEY, v varchar(40)); INSERT INTO s.t VALUES (1,1)"
    )
    before = table_hashes(server, ["s"])
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(2,"a")']))

    prepare(load_config(folder), target)

    assert table_hashes(server, ["s"]) == before
