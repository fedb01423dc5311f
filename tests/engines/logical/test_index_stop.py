from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoadInterruptedError
from airflow_dm_loader.loader import build_indexes, load_dump
from airflow_dm_loader.plan import load_plan
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import import_all, load_config, numbered, prepare, run_of, write_dump
from tests.faults.importing import wait_for_statement
from tests.tables import one
from tests.waiting import PATIENCE_S, wait_until

CREATE = "(`id` int NOT NULL, `v` varchar(99), PRIMARY KEY (`id`), KEY `v` (`v`)) ENGINE=InnoDB"


def test_a_blocked_index_build_is_stopped_with_its_session_and_done_later(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_plan, "LARGE_TABLE_BYTES", 1)
    monkeypatch.setattr("airflow_dm_loader.engines.logical.pool.ImportPool._start_indexes", lambda self: None)
    config = load_config(write_dump(tmp_path / "dump", numbered("t", 20, CREATE)))
    prepare(config, target)
    import_all(config, target)
    stop = threading.Event()
    with closing(server.connect(autocommit=False)) as other, other.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM s.t")  # its metadata lock is in the ALTER's way
        with ThreadPoolExecutor(1) as pool:
            building = pool.submit(build_indexes, run_of(config, target, stop=stop))
            wait_for_statement(server, "ALTER TABLE")
            stop.set()
            with pytest.raises(LoadInterruptedError):
                building.result(PATIENCE_S)
        ours = f"SELECT COUNT(*) FROM information_schema.processlist WHERE user = '{target.user}'"
        wait_until(lambda: one(server, ours) == 0)  # a busy server takes a moment to end what was closed
    assert build_indexes(run_of(config, target)) == {"tables": 1}
    assert load_dump(config, target).outcome == "clean"
