"""The names inside PyMySQL that the loader uses: each exists in the version that is installed, and is used there."""

from __future__ import annotations

import ast
import inspect
import tomllib
from pathlib import Path
from typing import Any

import pymysql
import pytest
from packaging.requirements import Requirement
from pymysql import connections, cursors, protocol

from airflow_dm_loader.target import connection, local_stream

ROOT = Path(__file__).parents[2]
# Ours, on objects of PyMySQL.
OUR_OWN = frozenset({"_armed", "_serve", "_write_gathered", "_write_stream_packet", "_is_tidb"})
# What we put in place of PyMySQL's own: the method, and where PyMySQL calls it.
REPLACED = {
    "_request_authentication": connections.Connection.connect,
    "_read_query_result": connections.Connection.query,
    "_read_load_local_packet": connections.MySQLResult.read,
    "query": cursors.Cursor._query,  # type: ignore[attr-defined]
}


def private_names() -> set[str]:
    """The attributes with a leading underscore that our connection takes from PyMySQL's objects."""
    trees = [ast.parse(inspect.getsource(local_stream)), ast.parse(inspect.getsource(connection.connect))]
    trees += [ast.parse(inspect.getsource(function)) for function in (connection._watch_peer, connection._is_tidb)]
    found = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {name for name in found if name.startswith("_") and not name.startswith("__")} - OUR_OWN


def test_they_are_found() -> None:
    assert {"_sock", "_write_bytes", "_next_seq_id", "_force_close", "_read_packet"} <= private_names()


@pytest.mark.parametrize("name", sorted(private_names() | {"_result", "message", "warning_count", "affected_rows"}))
def test_each_is_there(name: str) -> None:
    source = inspect.getsource(connections)

    assert f".{name}" in source or f"def {name}(" in source


@pytest.mark.parametrize("name", REPLACED)
def test_what_is_replaced_is_what_pymysql_calls(name: str) -> None:
    assert f".{name}(" in inspect.getsource(REPLACED[name])


def test_a_packet_tells_its_bytes_and_whether_it_is_ok() -> None:
    packet: Any = protocol.MysqlPacket(b"\x00\x00\x00\x02\x00\x00\x00", "utf8")

    assert (packet.get_all_data()[1:], packet.is_ok_packet()) == (b"\x00\x00\x02\x00\x00\x00", True)


def test_the_version_is_one_that_was_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (allowed,) = [found for text in project["dependencies"] if (found := Requirement(text)).name == "PyMySQL"]

    assert allowed.specifier.contains(pymysql.VERSION_STRING)
    assert not allowed.specifier.contains("1.3.0"), "look at PyMySQL's connections.py before you raise the bound"
