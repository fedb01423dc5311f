"""What the target has of free space is told where that is less than the dump has."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.free_space import _bytes, space_warning
from airflow_dm_loader.target.server import ask_server
from dev.private_server import PrivateServer
from dev.server_kinds import NEWER_MARIADB
from tests.dumps import Table, load_config, write_dump


@pytest.mark.db
def test_a_mariadb_with_its_plugin_tells(tmp_path: Path) -> None:
    if not NEWER_MARIADB.is_installed:
        pytest.skip("no newer MariaDB is here")
    with PrivateServer(NEWER_MARIADB, {"plugin-dir": str(NEWER_MARIADB.plugin_folder)}) as server:
        with closing(server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("INSTALL SONAME 'disks'")
        target = TargetConfig(host=server.host, port=server.port, user=server.user, password=SecretStr(server.password))
        with Database.open(target) as db:
            known = ask_server(db)
            warning = space_warning(db, known, 1 << 62)
            assert warning is not None
            assert "the dump's data files have 4,611,686,018,427,387,904" in warning
            assert space_warning(db, known, 1) is None
        report = load_dump(load_config(write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))), target)
    assert not [warning for warning in report.warnings if "free space" in warning]


def test_who_does_not_tell_is_not_held_to_it(target: TargetConfig) -> None:
    with Database.open(target) as db:
        assert space_warning(db, ask_server(db), 1 << 62) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [("93.5GiB", int(93.5 * (1 << 30))), ("1TiB", 1 << 40), ("512MB", 512 << 20), ("12B", 12), ("unknown", None)],
)
def test_sizes_as_tidb_writes_them(text: str, size: int | None) -> None:
    assert _bytes(text) == size
