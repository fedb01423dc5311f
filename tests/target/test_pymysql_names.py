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
from pymysql import _auth, connections, cursors, protocol

from airflow_dm_loader.target import connecting, local_stream, sign_in

ROOT = Path(__file__).parents[2]
# Ours, on objects of PyMySQL.
OUR_OWN = frozenset({
    "_armed", "_serve", "_write_gathered", "_write_stream_packet", "_tls", "_credentials", "_max_answer_bytes",
    "_count", "_most_bytes", "_answered_bytes", "_understood", "_error_of_pieces", "_target", "_watched", "_ask",
})  # fmt: skip
# What we put in place of PyMySQL's own: the method, and where PyMySQL calls it.
REPLACED = {
    "_request_authentication": connections.Connection.connect,
    "_read_query_result": connections.Connection.query,
    "_read_load_local_packet": connections.MySQLResult.read,
    "_read_packet": connections.Connection._read_ok_packet,  # type: ignore[attr-defined]
    "_read_ok_packet": connections.Connection.commit,
    "_execute_command": connections.Connection.query,
    "_get_descriptions": connections.MySQLResult._read_result_packet,  # type: ignore[attr-defined]
    "_read_rowdata_packet_unbuffered": cursors.SSCursor.read_next,
    "query": cursors.Cursor._query,  # type: ignore[attr-defined]
}


def private_names() -> set[str]:
    """The attributes with a leading underscore that our connection takes from PyMySQL's objects."""
    trees = [ast.parse(inspect.getsource(module)) for module in (local_stream, sign_in, connecting)]
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


@pytest.mark.parametrize("name", ["scramble_native_password", "scramble_caching_sha2", "sha2_rsa_encrypt"])
def test_what_signs_in_is_there(name: str) -> None:
    assert callable(getattr(_auth, name))


def test_a_packet_tells_its_bytes_and_whether_it_is_ok() -> None:
    packet: Any = protocol.MysqlPacket(b"\x00\x00\x00\x02\x00\x00\x00", "utf8")

    assert (packet.get_all_data()[1:], packet.is_ok_packet()) == (b"\x00\x00\x02\x00\x00\x00", True)


def test_the_version_is_one_that_was_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (allowed,) = [found for text in project["dependencies"] if (found := Requirement(text)).name == "PyMySQL"]

    assert allowed.specifier.contains(pymysql.VERSION_STRING)
    assert not allowed.specifier.contains("1.3.0"), "look at PyMySQL's connections.py before you raise the bound"
