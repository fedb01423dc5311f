"""What an error says to do is done, task by task as in Airflow, and the load ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, LoaderError, RowError, TargetError
from airflow_dm_loader.report import LoadReport
from tests.dumps import WITH_KEY, WORKER, Table, load_config, run_of, write_dump
from tests.faults import global_variable
from tests.servers import AnyServer
from tests.tables import count, is_mariadb, one, query

ROWS = ('(1,"a")', '(2,"b")')


def import_on(config: LoadConfig, target: TargetConfig) -> LoadReport:
    """What is left of the graph once ``create_tables`` was cleared."""
    loader.create_tables(run_of(config, target))
    for share in loader.import_shares(run_of(config, target)):
        loader.run_import(run_of(config, target, WORKER), share)
    loader.verify(run_of(config, target))
    return loader.finish(run_of(config, target))


def correct(file: Path, wrong: str, right: str) -> None:
    text = file.read_bytes().decode("utf-8", "surrogateescape")
    assert wrong in text
    file.write_bytes(text.replace(wrong, right).encode("utf-8", "surrogateescape"))


@pytest.mark.servers
@pytest.mark.parametrize(
    ("create", "wrong", "right", "said"),
    [
        ("(`id` int NULL, `v` varchar(40), PRIMARY KEY (`id`))", "int NULL", "int NOT NULL", "NOT NULL in the schema"),
        (WITH_KEY.replace("varchar(40)", "no_such_type"), "no_such_type", "varchar(40)", "correct its statement"),
        (WITH_KEY.replace("(`id`))", "(`id`), KEY `k` (`x`))"), ", KEY `k` (`x`)", "", "correct its statement"),
    ],
)
def test_a_create_that_was_refused_is_corrected_in_its_file(
    create: str, wrong: str, right: str, said: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", create, ROWS))
    config = load_config(folder)
    if "int NULL" in create and is_mariadb(server):  # it takes that, and makes it NOT NULL
        assert loader.load_dump(config, target).outcome == "clean"
        return
    loader.prepare_checkpoint(run_of(config, target))
    with pytest.raises(TargetError) as caught:
        loader.create_tables(run_of(config, target))
    assert said in caught.value.remedy
    assert "clear prepare_checkpoint" in caught.value.remedy

    correct(folder / "s.t-schema.sql", wrong, right)
    with pytest.raises(CheckpointError, match="the dump was changed") as changed:  # somebody cleared the failed task
        loader.create_tables(run_of(config, target))
    assert changed.value.remedy.startswith("Clear prepare_checkpoint")
    loader.prepare_checkpoint(run_of(config, target))

    assert (import_on(config, target).outcome, count(server, "s.t")) == ("clean", 2)


@pytest.mark.servers
def test_a_create_that_was_refused_is_run_by_a_person(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    create = WITH_KEY.replace("(`id`))", "(`id`), KEY `k` (`missing`))")
    folder = write_dump(tmp_path / "dump", Table("t", create, ROWS))
    config = load_config(folder)
    loader.prepare_checkpoint(run_of(config, target))
    with pytest.raises(TargetError, match="missing"):
        loader.create_tables(run_of(config, target))

    query(server, f"CREATE TABLE s.t {WITH_KEY}")

    assert (import_on(config, target).outcome, count(server, "s.t")) == ("clean", 2)


@pytest.mark.parametrize("by", ["a key in the schema file", "the server's variable"])
def test_a_key_that_the_server_demands(by: str, server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    variable = "innodb_force_primary_key" if is_mariadb(server) else "sql_require_primary_key"
    folder = write_dump(tmp_path / "dump", Table("t", "(`id` int NOT NULL, `v` varchar(40)) ENGINE=InnoDB", ROWS))
    config = load_config(folder)
    with global_variable(server, variable, 1):
        loader.prepare_checkpoint(run_of(config, target))
        with pytest.raises(TargetError) as caught:
            loader.create_tables(run_of(config, target))
        assert "an administrator can turn that off" in " ".join(caught.value.remedy.split())
        if by == "a key in the schema file":
            correct(folder / "s.t-schema.sql", "varchar(40))", "varchar(40), PRIMARY KEY (`id`))")
            loader.prepare_checkpoint(run_of(config, target))
            assert import_on(config, target).outcome == "clean"
            return

    assert import_on(config, target).outcome == "clean"


def a_longer_column(server: AnyServer, file: Path) -> None:
    query(server, "ALTER TABLE s.t MODIFY v varchar(99)")


def a_shorter_row(server: AnyServer, file: Path) -> None:
    correct(file, '"' + "x" * 50 + '"', '"' + "x" * 30 + '"' + " " * 20)


@pytest.mark.servers
@pytest.mark.parametrize("fix", [a_longer_column, a_shorter_row])
def test_a_row_that_was_refused(
    fix: Callable[[AnyServer, Path], None], server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=[*ROWS, '(3,"' + "x" * 50 + '")']))
    config = load_config(folder)
    loader.prepare_checkpoint(run_of(config, target))
    loader.create_tables(run_of(config, target))
    with pytest.raises(RowError) as caught:
        loader.run_import(run_of(config, target))
    assert "without changing the file's size" in caught.value.remedy

    fix(server, folder / "s.t.sql")

    assert (import_on(config, target).outcome, count(server, "s.t")) == ("clean", 3)


@pytest.mark.servers
def test_values_of_generated_columns_in_rows_that_name_none(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    """1136: the remedy says to dump again with a tool that names the columns, which is another dump."""
    create = "(`id` int NOT NULL, `twice` int GENERATED ALWAYS AS (`id` * 2) STORED, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    wrong = write_dump(tmp_path / "wrong", Table("t", create, ["(1,2,3)"]))
    right = write_dump(tmp_path / "right", Table("t", create, ["(1)"], insert="INSERT INTO `{table}` (`id`) VALUES"))

    with pytest.raises(RowError) as caught:
        loader.load_dump(load_config(wrong), target)
    assert "If the table has generated columns" in caught.value.remedy

    report = loader.load_dump(load_config(right, remove_meta=True), target)

    assert (report.outcome, one(server, "SELECT twice FROM s.t")) == ("clean", 2)


@pytest.mark.servers
def test_bytes_that_are_no_letters(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    """1300 and 1366: a value that was damaged is fixed in place."""
    rows = [*ROWS, '(3,"\udcff")']
    create = WITH_KEY + " DEFAULT CHARSET=utf8mb4"
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, head="/*!40101 SET NAMES utf8mb4*/;\n"))
    config = load_config(folder)

    with pytest.raises(LoaderError) as caught:
        loader.load_dump(config, target)
    assert "without changing the file's size" in caught.value.remedy
    assert caught.value.file == "s.t.sql"

    correct(folder / "s.t.sql", "\udcff", "c")
    assert loader.load_dump(config, target).rows == 3
