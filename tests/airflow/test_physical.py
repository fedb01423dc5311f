"""The DAG ``dm_load`` with ``import_mode=physical``, against the stand-in for tidb-lightning."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from dev.dag_runs import Run
from dev.private_mariadb import PrivateMariaDB
from tests.conftest import emptied
from tests.engines.physical.installed import Installed, install
from tests.tables import one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airflow.sdk import DAG

    from tests.airflow.conftest import MakeDump

ROWS = [(1, "one"), (2, "two"), (3, "three")]
CHECKSUM = (
    "[Lighting:Restore:ErrChecksumMismatch]checksum mismatched remote vs local => "
    "(checksum: 1 vs 2) (total_kvs: 2 vs 3) (total_bytes:5 vs 6)"
)


@pytest.fixture(scope="module")
def tidb_mariadb() -> Iterator[PrivateMariaDB]:
    with PrivateMariaDB({"version": "8.0.11-TiDB-v8.5.0", "innodb-buffer-pool-size": "32M"}) as running:
        yield running


@pytest.fixture
def tidb(tidb_mariadb: PrivateMariaDB, dm_load: DAG, monkeypatch: pytest.MonkeyPatch) -> PrivateMariaDB:
    """The target of ``dm_load``: a MariaDB that answers as TiDB when it is asked for its version."""
    password = quote(tidb_mariadb.password, safe="")
    uri = f"mysql://{tidb_mariadb.user}:{password}@{tidb_mariadb.host}:{tidb_mariadb.port}/"
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", uri)
    return emptied(tidb_mariadb)


@pytest.fixture
def lightning(tmp_path: Path) -> Installed:
    return install(tmp_path / "lightning")


@pytest.fixture
def start(dm_load: DAG, tidb: PrivateMariaDB, lightning: Installed, make_dump: MakeDump) -> Callable[..., Run]:
    dump = make_dump({"a": ROWS})

    def run(**settings: Any) -> Run:
        conf = {"task_name": "shop", "dump_uri": str(dump), "import_mode": "physical", **settings}
        return Run.start(dm_load, {**conf, "lightning_path": str(lightning.folder / "tidb-lightning")})

    return run


def states(run: Run, state: str) -> set[str]:
    return {task for task, found in run.states().items() if found == state}


def test_a_dump_is_loaded_by_one_import_task(
    start: Callable[..., Run], tidb: PrivateMariaDB, lightning: Installed
) -> None:
    run = start()

    assert run.state == "success"
    assert [task for task in run.states() if task.startswith("run_import")] == ["run_import[0]"]
    assert states(run, "skipped") == {"resolve_conflicts", "wait_until_all_ready", "wait_until_all_finished"}
    report = run.xcom("finish")
    assert (report["status"], report["outcome"], report["rows"]) == ("finished", "clean", 3)
    assert one(tidb, "SELECT COUNT(*) FROM s.a") == 3
    assert one(tidb, "SELECT stage FROM dm_meta.dm_loader_lightning") == "cleaned"
    assert len(lightning.runs()) == 1


def test_rows_in_conflict_pause_the_load_and_a_clear_accepts_them(
    start: Callable[..., Run], tidb: PrivateMariaDB, lightning: Installed
) -> None:
    lightning.plays({"conflict_tables": ["conflict_error_v4"]})

    paused = start(on_duplicate_physical="manual")
    assert states(paused, "failed") == {"resolve_conflicts"}
    accepted = paused.clear("resolve_conflicts")

    assert accepted.state == "success"
    report = accepted.xcom("finish")
    assert (report["outcome"], report["accepted"], report["tables"][0]["conflicts"]) == ("has_duplicates", True, 2)
    assert len(lightning.runs()) == 1


def test_clearing_the_import_after_a_checksum_that_differs_compares_again(
    start: Callable[..., Run], tidb: PrivateMariaDB, lightning: Installed
) -> None:
    lightning.plays({"checksum": CHECKSUM}, {})

    paused = start()
    assert states(paused, "failed") == {"resolve_conflicts"}
    cleared = paused.clear("run_import")

    assert cleared.state == "success"
    assert cleared.xcom("finish")["outcome"] == "clean"
    assert one(tidb, "SELECT COUNT(*) FROM s.a") == 3
    assert len(lightning.runs()) == 2


def test_no_password_reaches_a_log_an_xcom_or_a_state_table(
    start: Callable[..., Run], tidb: PrivateMariaDB, lightning: Installed, capfd: pytest.CaptureFixture[str]
) -> None:
    run = start()

    secret = tidb.password
    assert lightning.runs()[0]["config"]["tidb"]["password"] == secret
    assert secret not in "".join(capfd.readouterr())
    assert secret not in "".join(str(run.xcom(task)) for task in ("prepare_checkpoint", "run_import", "finish"))
    with closing(tidb.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES FROM dm_meta")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT * FROM dm_meta.`{table}`")
            assert secret not in str(cursor.fetchall())
