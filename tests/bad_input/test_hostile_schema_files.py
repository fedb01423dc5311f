"""Schema files of a dump that somebody else could write into: nothing of theirs runs but the CREATE of their object."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import NotCreateStatementError, TargetError
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stories import refused
from tests.dumps import HEAD, Table, load_config, write_dump
from tests.tables import count, one, query

ROWS = ('(1,"a")', '(2,"b")')


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("s.v-schema-view.sql", "CREATE USER dm_evil@'%' IDENTIFIED BY 'evil'"),
        ("s.v-schema-view.sql", "CREATE OR REPLACE DATABASE `victim`"),
        ("s.v-schema-view.sql", "CREATE TRIGGER victim.tr BEFORE INSERT ON victim.precious FOR EACH ROW SET NEW.a=0"),
        ("s.v-schema-view.sql", "CREATE TABLE `v` AS SELECT * FROM victim.precious"),
        ("s.v-schema-view.sql", "CREATE OR REPLACE VIEW victim.precious_view AS SELECT 2 AS a"),
        ("s-schema-create.sql", "CREATE OR REPLACE DATABASE `s`"),
        ("s-schema-create.sql", "CREATE DATABASE `stolen`"),
        ("s.t-schema.sql", "CREATE OR REPLACE TABLE victim.precious (a int)"),
        (
            "s.t-schema.sql",
            "CREATE TABLE `t` (`id` int) /*!99999 `` */ SELECT a AS id FROM victim.precious /*!99999 `` */",
        ),
        ("s.t-schema.sql", "CREATE TABLE `t` (`id` int) /*M!100100 AS SELECT a AS id FROM victim.precious */"),
        ("s.t-schema.sql", "CREATE TABLE `t` (`id` int) VALUES (7)"),
        ("s.t-schema.sql", "CREATE TABLE `t` (`id` int); DROP TABLE IF EXISTS `precious`"),
    ],
)
def test_another_statement_than_the_object_s_own_is_refused_before_anything_runs(
    file: str, statement: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    server.client(
        "CREATE DATABASE victim; CREATE TABLE victim.precious (a int); INSERT INTO victim.precious VALUES (1); "
        "CREATE VIEW victim.precious_view AS SELECT 1 AS a"
    )
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS), views={"v": "select 1 AS `one`"})
    (folder / file).write_text(f"{HEAD}{statement};\n")

    error = refused(load_config(folder), target, NotCreateStatementError)

    assert (error.code, error.file) == (34007, file)
    assert query(server, "SHOW TABLES FROM victim") == [("precious",), ("precious_view",)]
    assert (count(server, "victim.precious"), one(server, "SELECT a FROM victim.precious_view")) == (1, 1)
    assert query(server, "SHOW TRIGGERS FROM victim") == []
    assert one(server, "SELECT COUNT(*) FROM mysql.user WHERE user = 'dm_evil'") == 0
    assert query(server, "SHOW DATABASES LIKE 's'") + query(server, "SHOW DATABASES LIKE 'stolen'") == []


@pytest.mark.parametrize("options", ["DATA DIRECTORY='/tmp'", "ENGINE=CSV", "ENGINE=FEDERATED CONNECTION='mysql://h'"])
def test_a_table_that_reaches_out_of_the_server_is_only_made_by_a_person(
    options: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", f"(`id` int NOT NULL, `v` varchar(9)) {options}"))
    config = load_config(folder)

    error = refused(config, target, TargetError)

    assert error.table == "s.t"
    server.client("CREATE DATABASE IF NOT EXISTS s; CREATE TABLE s.t (id int NOT NULL, v varchar(9)) ENGINE=InnoDB")
    assert load_dump(config, target).status == "finished"


def test_keys_behind_the_table_are_built_with_it(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    with (folder / "s.t-schema.sql").open("a") as file:
        file.write("\nALTER TABLE `t` \n ADD  KEY `k` (`v`),\n ADD UNIQUE KEY `u` (`id`,`v`);\n")

    report = load_dump(load_config(folder), target)

    assert (report.status, report.outcome, count(server, "s.t")) == ("finished", "clean", 2)
    keys = "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = 's' ORDER BY 1"
    assert query(server, keys) == [("k",), ("PRIMARY",), ("u",)]
