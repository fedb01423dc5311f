"""What an error of TiDB's own makes us say to do is done, on a real one, and the load ends clean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError
from tests.dumps import WITH_KEY, Table, load_config, load_soon, write_dump
from tests.servers import AnyServer
from tests.tables import count, query

ROWS = ('(1,"a")', '(2,"b")')

pytestmark = pytest.mark.needs("tidb")


def test_a_row_beyond_6_mib(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    """8025"""
    create = WITH_KEY.replace("varchar(40)", "longtext")
    folder = write_dump(tmp_path / "dump", Table("t", create, ('(1,"a")', f'(2,"{"x" * (7 << 20)}")')))
    with pytest.raises(LoaderError) as caught:
        load_soon(load_config(folder), target)
    assert caught.value.errno == 8025
    (name, value) = re.findall(r'session = \{"(\w+)": (\d+)\}', caught.value.remedy)[0]

    report = load_soon(load_config(folder, session={name: int(value)}), target)

    assert (report.outcome, count(server, "s.t")) == ("clean", 2)


def test_a_placement_policy_that_is_missing(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    """8239"""
    folder = write_dump(tmp_path / "dump", Table("t", f"{WITH_KEY} /*T![placement] PLACEMENT POLICY=`far` */", ROWS))
    with pytest.raises(LoaderError) as caught:
        load_soon(load_config(folder), target)
    (name, value) = re.findall(r'session = \{"(\w+)": "(\w+)"\}', caught.value.remedy)[0]

    report = load_soon(load_config(folder, session={name: value}), target)

    assert count(server, "s.t") == 2
    assert report.status == "finished"


def test_a_server_that_takes_no_writes(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    """1836"""
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    query(server, "SET GLOBAL tidb_restricted_read_only = ON")
    try:
        with pytest.raises(LoaderError) as caught:
            load_soon(load_config(folder), target)
    finally:  # what the remedy says, too
        query(server, "SET GLOBAL tidb_restricted_read_only = OFF")
        query(server, "SET GLOBAL tidb_super_read_only = OFF")
    assert "let an administrator end that" in caught.value.remedy

    assert load_soon(load_config(folder), target).outcome == "clean"


def test_privileges_that_are_missing(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    """1142 and its like, told before anything is made."""
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    query(server, "DROP USER IF EXISTS few")
    query(server, "CREATE USER few IDENTIFIED BY 'p'")
    query(server, "GRANT SELECT ON s.* TO few")
    few = target.model_copy(update={"user": "few", "password": TargetConfig(password="p").password})
    for _ in range(2):  # what the plan needs, and then what the schema files tell
        with pytest.raises(LoaderError) as caught:
            load_soon(load_config(folder), few)
        grants = re.findall(r"GRANT .*?;", caught.value.remedy)
        assert grants
        for grant in grants:
            query(server, grant)

    report = load_soon(load_config(folder), few)

    assert (report.outcome, count(server, "s.t")) == ("clean", 2)


def test_an_account_whose_plugin_the_driver_lacks(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    """2059"""
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    query(server, "DROP USER IF EXISTS sm3")
    query(server, "CREATE USER sm3 IDENTIFIED WITH 'tidb_sm3_password' BY 'p'")
    query(server, "GRANT ALL ON *.* TO sm3")
    sm3 = target.model_copy(update={"user": "sm3", "password": TargetConfig(password="p").password})
    with pytest.raises(LoaderError) as caught:
        load_soon(load_config(folder), sm3)
    assert "mysql_native_password" in caught.value.remedy

    query(server, "ALTER USER sm3 IDENTIFIED WITH 'mysql_native_password' BY 'p'")

    assert load_soon(load_config(folder), sm3).outcome == "clean"
