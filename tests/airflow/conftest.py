from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from dev.dag_runs import register

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow.sdk import DAG

    from dev.private_mariadb import PrivateMariaDB

    Rows = list[tuple[int, str]]
    Query = Callable[[str], tuple[tuple[Any, ...], ...]]
    MakeDump = Callable[..., Path]

DAGS = Path(__file__).parents[2] / "dags"

METADATA = """Started dump at: 2026-11-23 17:29:14
SHOW MASTER STATUS:
\tLog: vm-bin.000001
\tPos: 606443
\tGTID:0-7-28

Finished dump at: 2026-11-23 17:29:14
"""
HEAD = "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
TABLE = "CREATE TABLE `{name}` (\n  `id` int NOT NULL,\n  `v` varchar(20),\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n"


@pytest.fixture
def make_dump(tmp_path: Path) -> MakeDump:
    """Writes a dump of the schema ``s`` in mydumper 0.10's layout: table name -> rows (id, v)."""

    def make(tables: Mapping[str, Rows], *, name: str = "dump", compressed: bool = False) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "metadata").write_text(METADATA)
        (folder / "s-schema-create.sql").write_text("CREATE DATABASE `s`;\n")
        for table, rows in tables.items():
            (folder / f"s.{table}-schema.sql").write_text(HEAD + TABLE.format(name=table))
            text = ",\n".join(f'({key},"{value}")' for key, value in rows)
            data = f"{HEAD}INSERT INTO `{table}` VALUES\n{text};\n".encode()
            if compressed:
                (folder / f"s.{table}.sql.gz").write_bytes(gzip.compress(data))
            else:
                (folder / f"s.{table}.sql").write_bytes(data)
        return folder

    return make


@pytest.fixture
def query(server: PrivateMariaDB) -> Query:
    """Runs one statement in the target and gives its rows."""

    def run(sql: str) -> tuple[tuple[Any, ...], ...]:
        with closing(server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            connection.commit()
            return tuple(cursor.fetchall())

    return run


@pytest.fixture
def dm_target(server: PrivateMariaDB, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Airflow connection ``dm_target``, and nothing else, as a person would set it."""
    uri = f"mysql://{server.user}:{quote(server.password, safe='')}@{server.host}:{server.port}/"
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", uri)
    return "dm_target"


@pytest.fixture(scope="session")
def registered_dm_load(airflow_db: None) -> None:
    """``dm_load`` is in Airflow's database, from which every run of it begins; the DAGs folder is empty."""
    register(_parsed_dm_load())


@pytest.fixture
def dm_load(registered_dm_load: None, dm_target: str) -> DAG:
    """The DAG ``dm_load``, with a target to load into. A run writes its settings into the object."""
    return _parsed_dm_load()


def _parsed_dm_load() -> DAG:
    from dev.airflow_names import DagBag

    dag: DAG = DagBag(dag_folder=str(DAGS / "dm_load.py")).dags["dm_load"]
    return dag


@pytest.fixture
def dm_load_task_file(airflow_db: None, dm_target: str) -> DAG:
    """The DAG ``dm_load_task_file``, likewise."""
    from dev.airflow_names import DagBag

    return register(DagBag(dag_folder=str(DAGS / "dm_load_task_file.py")).dags["dm_load_task_file"])
