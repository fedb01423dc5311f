"""Loads that send less while real servers and a real replica have too much to do; they always come to their end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_status
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, TargetError
from airflow_dm_loader.state import events
from airflow_dm_loader.state.events import EventKind
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WORKER, import_all, load_config, load_soon, numbered, write_dump
from tests.servers import AnyServer
from tests.tables import count, query
from tests.waiting import wait_until


def target_of(server: PrivateMariaDB) -> TargetConfig:
    return TargetConfig(host=server.host, port=server.port, user=server.user, password=server.password)


def told(server: AnyServer) -> list[str]:
    """What was written down of others, in order."""
    rows = query(server, "SELECT detail FROM dm_meta.dm_loader_event WHERE kind = 'slowed' ORDER BY event_id")
    return [str(detail) for (detail,) in rows]


@pytest.mark.servers
def test_threads_that_run_slow_the_load_and_it_ends(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("k", 300))
    with ExitStack() as stack:
        for _ in range(3):  # each at work until its connection goes
            busy: Any = stack.enter_context(closing(server.connect()))
            busy._execute_command(3, "SELECT SLEEP(600)")
        running = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%%'"
        wait_until(lambda: query(server, running)[0][0] == 3)

        report = load_soon(load_config(folder, max_threads_running=1), target)
        for (session,) in query(
            server, "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%%'"
        ):
            query(server, f"KILL {session}")

    assert (report.outcome, count(server, "s.k")) == ("clean", 300)
    first, *_, last = told(server)
    assert "threads run at the server (max_threads_running=1)" in first
    assert last == ""


def test_whoever_asks_is_told_while_it_is_so(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    import_all(load_config(write_dump(tmp_path / "dump", numbered("k", 3))), target)
    with Database.open(target) as db:
        meta = Meta(db, "dm_meta")
        (load_id,) = query(server, "SELECT load_id FROM dm_meta.dm_loader_load")[0]
        asked = []
        for kind, detail in (("slowed", "7 threads run"), ("slowed", ""), ("slowed", "again"), ("started", "")):
            events.record(meta, load_id, EventKind(kind), WORKER, detail=detail)
            db.commit()
            asked.append(load_status(target)[0].waits_for)

    assert asked == ["others, and sends less until then: 7 threads run", "", asked[2], ""]
    assert asked[2].endswith("again")


@pytest.fixture(scope="module")
def primary() -> Iterator[PrivateMariaDB]:
    with PrivateMariaDB({"log-bin": "bin", "server-id": "71", "innodb-buffer-pool-size": "32M"}) as running:
        yield running


@pytest.fixture(scope="module")
def follower() -> Iterator[PrivateMariaDB]:
    with PrivateMariaDB({"server-id": "72", "innodb-buffer-pool-size": "32M"}) as running:
        yield running


def follow(replica: PrivateMariaDB, primary: PrivateMariaDB) -> None:
    (position,) = query(primary, "SHOW MASTER STATUS")
    query(
        replica,
        f"CHANGE MASTER TO MASTER_HOST = '{primary.host}', MASTER_PORT = {primary.port}, MASTER_USER = "
        f"'{primary.user}', MASTER_PASSWORD = '{primary.password}', MASTER_LOG_FILE = '{position[0]}', "
        f"MASTER_LOG_POS = {position[1]}",
    )
    query(replica, "START SLAVE")


def test_a_replica_that_does_not_keep_up_slows_the_load(
    primary: PrivateMariaDB, follower: PrivateMariaDB, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("k", 300))
    config = load_config(folder, max_replica_lag_s=0.5)
    target, replica = target_of(primary), target_of(follower)

    follow(follower, primary)
    try:
        query(primary, "CREATE DATABASE held")
        query(primary, "CREATE TABLE held.t (id int PRIMARY KEY)")
        wait_until(lambda: query(follower, "SHOW TABLES FROM held") if "held" in databases(follower) else False)
        with pytest.raises(ConfigError, match="max_replica_lag_s: no replica is named"):
            load_soon(config, target)
        with pytest.raises(TargetError, match="replicates from nowhere"):
            load_soon(config, target, replicas=[target])
        with closing(follower.connect()) as holder, holder.cursor() as cursor:
            cursor.execute("LOCK TABLES held.t READ")
            query(primary, "INSERT INTO held.t VALUES (1)")
            wait_until(lambda: (lag(follower) or 0) >= 1)
            report = load_soon(config, target, replicas=[replica])
        wait_until(lambda: lag(follower) == 0)
        query(follower, "STOP SLAVE SQL_THREAD")
        again = load_soon(config.changed(task_name="again"), target, replicas=[replica])
    finally:
        query(follower, "STOP SLAVE")
        query(follower, "RESET SLAVE ALL")

    assert (report.outcome, again.outcome, count(primary, "s.k")) == ("clean", "clean", 300)
    behind, *_, stopped, last = [words for words in told(primary) if words] + told(primary)[-1:]
    assert f"the replica {replica.address} is " in behind
    assert "s behind (max_replica_lag_s=0.5)" in behind
    assert f"the replica {replica.address} does not replicate now" in stopped
    assert last == ""


def databases(server: AnyServer) -> list[str]:
    return [str(name) for (name,) in query(server, "SHOW DATABASES")]


def lag(replica: PrivateMariaDB) -> int | None:
    with closing(replica.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW SLAVE STATUS")
        names = [column[0] for column in cursor.description]
        seconds = dict(zip(names, cursor.fetchone(), strict=True))["Seconds_Behind_Master"]
        return None if seconds is None else int(seconds)
