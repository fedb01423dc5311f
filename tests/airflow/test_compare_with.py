"""``compare_with_conn_id``: the checksum step asks the server that the dump was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow_dm_loader import loader
from dev.dag_runs import Run
from tests.tables import query as ask

if TYPE_CHECKING:
    import pytest
    from airflow.sdk import DAG

    from airflow_dm_loader.loader import LoadRun, ShareReport
    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump


def test_the_checksum_step_compares_with_the_source_where_its_connection_is_named(
    dm_load: DAG, source: PrivateMariaDB, make_dump: MakeDump, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"mysql://{source.user}:{quote(source.password, safe='')}@{source.host}:{source.port}/"
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_SOURCE", uri)
    dump = make_dump({"t": [(1, "one"), (2, "two")]})
    ask(source, "CREATE DATABASE s")
    ask(source, "CREATE TABLE s.t (id int, v varchar(99))")
    ask(source, "INSERT INTO s.t VALUES (1, 'one'), (2, 'two')")
    settings = {
        "task_name": "shop",
        "dump_uri": str(dump),
        "compare_with_conn_id": "shop_source",
        "replica_conn_ids": "dm_target, shop_source",  # which nobody asks without max_replica_lag_s
    }

    told: list[tuple[bool, int]] = []
    run_import = loader.run_import

    def import_and_note(run: LoadRun, share: int) -> ShareReport:
        told.append((run.compares_with_source, len(run.replicas)))
        return run_import(run, share)

    monkeypatch.setattr(loader, "run_import", import_and_note)
    run = Run.start(dm_load, settings)

    assert run.state == "success"
    assert told == [(True, 2)]  # so the time left that the import shows counts it
    assert [table["checksum"] for table in run.xcom("finish")["tables"]] == ["passed"]

    ask(source, "UPDATE s.t SET v = 'tvo' WHERE id = 2")
    differs = run.clear("checksum")
    assert (differs.state, differs.states()["resolve_conflicts"]) == ("failed", "failed")
    assert differs.xcom("checksum")["verdict"] == "checksum_differs"
