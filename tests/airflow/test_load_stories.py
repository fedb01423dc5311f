"""What happens to people: the DAG ``dm_load`` against a real server, run and cleared as in the UI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dev.dag_runs import Run
from tests.dumps import copy_sample, expected
from tests.tables import sample_checksums

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.sdk import DAG

    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump, Query

WAITING = {"wait_until_all_ready", "wait_until_all_finished"}  # of a single source, nobody waits


def conf(dump: Path, **settings: Any) -> dict[str, Any]:
    return {"task_name": "shop", "dump_uri": str(dump), **settings}


def in_state(run: Run, state: str) -> set[str]:
    return {task for task, found in run.states().items() if found == state}


def test_a_real_dump_is_loaded_and_a_second_run_sends_nothing(
    dm_load: DAG, server: PrivateMariaDB, query: Query, tmp_path: Path
) -> None:
    checksums = sample_checksums(server)
    dump = copy_sample("mydumper-0.10", tmp_path / "dump")

    first = Run.start(dm_load, conf(dump, import_tasks=2))
    assert first.state == "success"
    assert in_state(first, "skipped") == {"resolve_conflicts", *WAITING}
    assert {"run_import[0]", "run_import[1]"} <= in_state(first, "success")
    metadata = first.xcom("fetch_dump_metadata")
    assert (metadata["binlog_name"], metadata["binlog_pos"], metadata["binlog_gtid"]) == (
        "vm-bin.000001",
        606443,
        "0-7-28",
    )
    report = first.xcom("finish")
    assert report["status"] == "finished"
    assert {table["table"]: table["rows"] for table in report["tables"]} == {
        name: rows for name, (rows, _) in expected().items()
    }
    for name, checksum in checksums.items():
        assert query(f"CHECKSUM TABLE {name}") == ((name, checksum),)
    index = (
        "SELECT column_name FROM information_schema.statistics WHERE table_schema = 'shop' AND index_name = 'idx_price'"
    )
    assert query(index) == (("price",),)

    second = Run.start(dm_load, conf(dump, import_tasks=2))
    assert second.state == "success"
    assert in_state(second, "success") == {
        "fetch_dump_metadata",
        "prepare_checkpoint",
        "finish",
        "clean_dump_files",
    }
    again = second.xcom("finish")
    assert (again["skipped"], again["rows_sent"], again["rows"]) == (True, 0, report["rows"])


def test_a_source_waits_only_while_others_are_missing(dm_load: DAG, query: Query, make_dump: MakeDump) -> None:
    def source(name: str, number: int) -> dict[str, Any]:
        dump = make_dump({name: [(number, name)]}, name=name)
        return conf(dump, sources=["north", "south"], source_id=name, wait_for_sources=True, barrier_timeout_s=1)

    early = Run.start(dm_load, source("north", 1))
    assert in_state(early, "failed") == {"wait_until_all_ready"}
    assert "create_tables" not in in_state(early, "success")

    late = Run.start(dm_load, source("south", 2))
    assert "wait_until_all_ready" in in_state(late, "skipped")
    assert "finish" in in_state(late, "success")
    assert in_state(late, "failed") == {"wait_until_all_finished"}  # north has not loaded yet
    assert "clean_dump_files" not in in_state(late, "success")

    early = early.clear("wait_until_all_ready")
    assert early.state == "success"
    assert {"resolve_conflicts", "wait_until_all_finished"} == in_state(early, "skipped")
    assert late.clear("wait_until_all_finished").state == "success"
    assert query("SELECT (SELECT v FROM s.north), (SELECT v FROM s.south)") == (("north", "south"),)


def test_duplicates_pause_the_load_and_a_clear_accepts_them(dm_load: DAG, query: Query, make_dump: MakeDump) -> None:
    dump = make_dump({"t": [(1, "first"), (2, "two"), (1, "second")]})
    paused = Run.start(dm_load, conf(dump, on_duplicate_logical="manual"))
    assert paused.state == "failed"
    assert in_state(paused, "failed") == {"resolve_conflicts"}
    assert paused.tries("resolve_conflicts") == [1]
    assert query("SELECT status FROM dm_meta.dm_loader_load") == (("paused",),)

    accepted = paused.clear("resolve_conflicts")
    assert accepted.state == "success"
    assert accepted.tries("resolve_conflicts") == [2]
    report = accepted.xcom("finish")
    assert (report["status"], report["outcome"], report["accepted"]) == ("finished", "has_duplicates", True)
    assert report["tables"][0]["conflicts"] == 1
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "first"), (2, "two"))


def test_clearing_the_checksum_of_a_paused_load_pauses_it_again(dm_load: DAG, make_dump: MakeDump) -> None:
    dump = make_dump({"t": [(1, "first"), (1, "second")]})
    paused = Run.start(dm_load, conf(dump, on_duplicate_logical="manual"))
    first = paused.xcom("checksum")["outcome_id"]

    looked_again = paused.clear("checksum")
    assert looked_again.state == "failed"
    assert looked_again.tries("resolve_conflicts") == [2]  # the same try as an accepting clear would have
    second = looked_again.xcom("checksum")["outcome_id"]
    assert second != first

    accepted = looked_again.clear("resolve_conflicts")
    assert accepted.state == "success"
    assert accepted.xcom("finish")["outcome_id"] == second


def test_clearing_a_whole_run_never_accepts(dm_load: DAG, make_dump: MakeDump) -> None:
    dump = make_dump({"t": [(1, "first"), (1, "second")]})
    paused = Run.start(dm_load, conf(dump, on_duplicate_logical="manual"))
    first = paused.xcom("checksum")["outcome_id"]

    cleared = paused.clear("fetch_dump_metadata")
    assert cleared.state == "failed"
    assert in_state(cleared, "failed") == {"resolve_conflicts"}
    assert {"wait_until_all_ready", "create_tables"} <= in_state(cleared, "skipped")  # nothing is sent again
    assert cleared.xcom("checksum")["outcome_id"] != first
    assert cleared.clear("resolve_conflicts").state == "success"


def test_a_second_run_over_a_paused_load_goes_straight_to_the_decision(dm_load: DAG, make_dump: MakeDump) -> None:
    dump = make_dump({"t": [(1, "first"), (1, "second")]})
    Run.start(dm_load, conf(dump, on_duplicate_logical="manual"))

    second = Run.start(dm_load, conf(dump, on_duplicate_logical="manual"))
    assert second.state == "failed"
    assert in_state(second, "failed") == {"resolve_conflicts"}
    assert "checksum" in in_state(second, "skipped")
    accepted = second.clear("resolve_conflicts")
    assert accepted.state == "success"
    assert accepted.xcom("finish")["accepted"] is True


def test_a_run_that_mends_the_data_and_compares_again_ends_clean(
    dm_load: DAG, query: Query, make_dump: MakeDump
) -> None:
    dump = make_dump({"t": [(1, "one"), (2, "two")]})
    first = Run.start(dm_load, conf(dump))
    assert first.state == "success"
    query("DELETE FROM s.t WHERE id = 2")
    differs = first.clear("checksum")
    assert differs.state == "failed"
    assert differs.xcom("checksum")["verdict"] == "checksum_differs"

    query("INSERT INTO s.t VALUES (2, 'two')")
    mended = differs.clear("checksum")
    assert mended.state == "success"
    assert in_state(mended, "skipped") == {"resolve_conflicts", *WAITING}
    assert mended.xcom("finish")["outcome"] == "clean"


def test_clearing_a_failed_import_goes_on_where_it_stopped(dm_load: DAG, query: Query, make_dump: MakeDump) -> None:
    rows = [(number, f"value {number}") for number in range(500)]
    dump = make_dump({"a": rows, "b": [(1, "much too long for it")]})
    query("CREATE DATABASE s")
    query("CREATE TABLE s.b (id INT PRIMARY KEY, v VARCHAR(3))")
    failed = Run.start(dm_load, conf(dump, chunk_bytes=4096, pool_size=1))
    assert failed.state == "failed"
    assert in_state(failed, "failed") == {"run_import[0]"}
    committed = query("SELECT COUNT(*) FROM s.a")[0][0]

    query("ALTER TABLE s.b MODIFY v VARCHAR(30)")
    done = failed.clear("run_import")
    assert done.state == "success"
    share = done.xcom("run_import", map_index=0)
    assert share["rows_sent"] == len(rows) + 1 - committed
    assert query("SELECT COUNT(*), COUNT(DISTINCT id) FROM s.a") == ((500, 500),)
    assert query("SELECT COUNT(*) FROM s.b") == ((1,),)


def test_a_row_that_can_t_be_loaded_fails_the_import_without_a_retry(
    dm_load: DAG, query: Query, make_dump: MakeDump
) -> None:
    dump = make_dump({"t": [(1, "one"), (1, "again")]})
    failed = Run.start(dm_load, conf(dump, on_duplicate_logical="error"))
    assert failed.state == "failed"
    assert failed.tries("run_import") == [1]
    assert query("SELECT COUNT(*) FROM s.t") == ((0,),)


def test_start_afresh_forgets_the_load_once_and_not_at_every_clear(
    dm_load: DAG, query: Query, make_dump: MakeDump
) -> None:
    dump = make_dump({"t": [(1, "one"), (2, "two")]})
    Run.start(dm_load, conf(dump))
    afresh = Run.start(dm_load, conf(dump, remove_meta=True))
    assert afresh.state == "success"
    assert afresh.xcom("finish")["rows_sent"] == 2
    cleared = afresh.clear("prepare_checkpoint")
    assert cleared.state == "success"
    assert cleared.xcom("prepare_checkpoint")["fresh"] is False
    assert query("SELECT COUNT(*) FROM s.t") == ((2,),)


def test_the_dump_is_cleaned_at_the_very_end_only_where_it_is_asked_for(dm_load: DAG, make_dump: MakeDump) -> None:
    kept = make_dump({"t": [(1, "one")]}, name="kept")
    run = Run.start(dm_load, conf(kept))
    assert run.state == "success"
    assert (kept / "s.t.sql").exists()
    assert run.xcom("clean_dump_files")["removed"] == []

    removed = make_dump({"t": [(2, "two")]}, name="removed")
    run = Run.start(dm_load, conf(removed, task_name="other", clean_dump_files=True))
    assert run.state == "success"
    assert not removed.exists()
    assert "s.t.sql" in run.xcom("clean_dump_files")["removed"]
