"""Which GTID sets a target takes for its own, on real servers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.loader import load_dump
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.gtid_sets import take
from airflow_dm_loader.target.server import ask_server
from dev.private_server import PrivateServer
from dev.server_kinds import MARIADB, MYSQL
from tests.binlogs import logging_server, metadata_at
from tests.dumps import Table, load_config, write_dump
from tests.tables import query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.db

OF_MYSQL = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-23"
OF_MARIADB = "5-7-28"


@pytest.fixture(scope="module", params=["mariadb", "mysql"])
def logging(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    """A server with GTIDs of its own."""
    kind = MYSQL if request.param == "mysql" else MARIADB
    if not kind.is_installed:
        pytest.skip(f"no {kind} of our own")
    with logging_server(kind, 7) as server:
        yield server


@pytest.fixture(autouse=True)
def without_loads(logging: PrivateServer) -> None:
    for schema in ("s", "dm_meta"):
        query(logging, f"DROP DATABASE IF EXISTS {schema}")
    if logging.flavour == "mysql":
        query(logging, "RESET BINARY LOGS AND GTIDS")
    else:
        query(logging, "SET GLOBAL gtid_slave_pos = ''")


def target_of(server: PrivateServer) -> TargetConfig:
    return TargetConfig(host=server.host, port=server.port, user=server.user, password=server.password)


def dump(folder: Path, gtid: str) -> LoadConfig:
    folder = write_dump(folder, Table("t", rows=['(1,"a")']), metadata=metadata_at("b.1", 4, gtid))
    return load_config(folder, mode="all", set_gtid_purged=True)


def own(server: PrivateServer) -> str:
    return OF_MYSQL if server.flavour == "mysql" else OF_MARIADB


def has(server: PrivateServer, gtid: str) -> bool:
    if server.flavour == "mysql":
        return query(server, f"SELECT GTID_SUBSET('{gtid}', @@GLOBAL.gtid_executed)") == [(1,)]
    return gtid in str(query(server, "SELECT @@GLOBAL.gtid_slave_pos")[0][0]).split(",")


def test_the_set_is_taken_once_the_rows_are_in(logging: PrivateServer, tmp_path: Path) -> None:
    report = load_dump(dump(tmp_path / "d", own(logging)), target_of(logging))
    assert (report.outcome, has(logging, own(logging))) == ("clean", True)


def test_a_try_that_was_killed_after_the_set_was_taken_is_run_again(logging: PrivateServer, tmp_path: Path) -> None:
    with closing(Database.open(target_of(logging))) as db:
        take(db, ask_server(db), own(logging))
    assert load_dump(dump(tmp_path / "d", own(logging)), target_of(logging)).status == "finished"
    assert has(logging, own(logging))


def test_a_load_that_finished_without_it_still_says_how_to_set_it(logging: PrivateServer, tmp_path: Path) -> None:
    config = dump(tmp_path / "d", own(logging))
    load_dump(config.changed(set_gtid_purged=False), target_of(logging))
    report = load_dump(config, target_of(logging))
    assert not has(logging, own(logging))
    assert (
        "LOG_POS = 4" if logging.flavour == "mysql" else "SET GLOBAL gtid_slave_pos = '5-7-28'"
    ) in report.replication


def test_a_load_that_finished_is_shown_again_although_replication_went_on(
    logging: PrivateServer, tmp_path: Path
) -> None:
    config = dump(tmp_path / "d", own(logging))
    said = load_dump(config, target_of(logging)).replication
    if logging.flavour == "mysql":
        query(logging, f"SET GLOBAL gtid_purged = '+{OF_MYSQL.replace('1-23', '24-90')}'")
    else:
        query(logging, "SET GLOBAL gtid_slave_pos = '5-7-90'")
    assert load_dump(config, target_of(logging)).replication == said


def test_a_second_source_adds_its_own(logging: PrivateServer, tmp_path: Path) -> None:
    other = OF_MYSQL.replace("3e11", "4e11") if logging.flavour == "mysql" else "6-8-2"
    with closing(Database.open(target_of(logging))) as db:
        take(db, ask_server(db), other)
    load_dump(dump(tmp_path / "d", own(logging)), target_of(logging))
    assert has(logging, own(logging))
    assert has(logging, other)


def test_a_part_of_the_set_at_the_target_is_refused_before_anything_is_made(
    logging: PrivateServer, tmp_path: Path
) -> None:
    other = OF_MYSQL.replace("1-23", "20-30") if logging.flavour == "mysql" else "5-9-400"
    with closing(Database.open(target_of(logging))) as db:
        take(db, ask_server(db), other)
    with pytest.raises(TargetError, match="has a part of the dump's set already") as caught:
        load_dump(dump(tmp_path / "d", own(logging)), target_of(logging))
    assert "Unset set_gtid_purged" in str(caught.value.remedy)
    assert query(logging, "SHOW DATABASES LIKE 's'") == []


@pytest.mark.parametrize("gtid", ["", "of the other kind"])
def test_a_dump_whose_set_the_target_can_not_have_is_refused(gtid: str, logging: PrivateServer, tmp_path: Path) -> None:
    given = gtid and (OF_MARIADB if logging.flavour == "mysql" else OF_MYSQL)
    with pytest.raises(TargetError, match="names no GTID set" if not gtid else "of another kind than"):
        load_dump(dump(tmp_path / "d", given), target_of(logging))
    assert query(logging, "SHOW DATABASES LIKE 's'") == []


def test_the_privilege_that_it_takes_is_named_and_enough(logging: PrivateServer, tmp_path: Path) -> None:
    privilege = "SYSTEM_VARIABLES_ADMIN" if logging.flavour == "mysql" else "REPLICATION SLAVE ADMIN"
    rest = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, REFERENCES, CREATE VIEW"
    query(logging, "DROP USER IF EXISTS least")
    query(logging, "CREATE USER least IDENTIFIED BY 'p'")
    query(logging, "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON dm_meta.* TO least")
    query(logging, f"GRANT {rest} ON s.* TO least")
    if logging.flavour == "mysql":
        query(logging, "RESET BINARY LOGS AND GTIDS")
    config = dump(tmp_path / "d", own(logging))
    target = TargetConfig(host=logging.host, port=logging.port, user="least", password="p")

    with pytest.raises(TargetError) as caught:
        load_dump(config, target)
    assert f"GRANT {privilege} ON *.*" in str(caught.value.remedy)
    assert query(logging, "SHOW DATABASES LIKE 'dm_meta'") == []

    query(logging, f"GRANT {privilege} ON *.* TO least")
    assert load_dump(config, target).outcome == "clean"
    assert has(logging, own(logging))
