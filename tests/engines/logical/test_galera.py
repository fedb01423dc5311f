"""A load into a Galera cluster: a node's locks hold for that node only, and COMMIT itself may be refused.

The server is a MariaDB of its own that is taken for a node; what certification refuses is refused by the test.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.engines.logical import importer
from airflow_dm_loader.errors import LockedError
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server, ask_server
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, load_config, load_soon, numbered, write_dump
from tests.tables import chunks, count, hashes_by_client, one, table_hashes


def a_node(db: Database) -> Server:
    server = ask_server(db)
    return replace(server, settings={**server.settings, "wsrep_on": "ON", "wsrep_load_data_splitting": "OFF"})


def test_chunks_write_to_their_sender_s_row_and_a_refused_commit_is_sent_again(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 1000, WITHOUT_KEY))
    reference = hashes_by_client(server, folder)
    monkeypatch.setattr(importer, "ask_server", a_node)
    commit = Database.commit
    refused: list[int] = []
    at_commit = threading.Lock()  # both senders come here

    def certify(self: Database) -> None:
        if is_refused(self):
            self.rollback()
            raise LockedError("Deadlock found when trying to get lock; try restarting transaction", errno=1213)
        commit(self)

    def is_refused(db: Database) -> bool:
        """The first commit of a sender after two chunks are in."""
        if not threading.current_thread().name.startswith("dm-loader-sender"):
            return False
        with at_commit:
            if refused or chunks(server) < 2:
                return False
            refused.append(db.connection_id)
            return True

    monkeypatch.setattr(Database, "commit", certify)
    load_soon(load_config(folder, pool_size=2), target)

    assert len(refused) == 1
    assert table_hashes(server, ["s"]) == reference
    # The connection that was dropped and the one after it; a third where the other worker sent a chunk as well.
    assert count(server, "dm_meta.dm_loader_sender") in (2, 3)
    assert one(server, "SELECT SUM(chunks) FROM dm_meta.dm_loader_sender") == chunks(server)
