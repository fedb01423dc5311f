"""Whole loads under ``import_mode=physical``, against the stand-in."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader import LoadConfig, TargetConfig, load_dump, loader
from airflow_dm_loader.errors import (
    CheckpointError,
    ChecksumMismatchError,
    ConfigError,
    HasDuplicatesError,
    LightningError,
    LoaderError,
    LoadInterruptedError,
    LockedError,
    TargetError,
)
from airflow_dm_loader.loader import Worker
from tests.bad_input.said import everything_said, state
from tests.dumps import WITHOUT_KEY, numbered, prepare, run_of, write_dump
from tests.server_words import named
from tests.tables import one, query
from tests.waiting import PATIENCE_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_dm_loader.report import LoadStatus
    from dev.private_mariadb import PrivateMariaDB
    from tests.engines.physical.installed import Installed

CHECKSUM = (
    "[Lighting:Restore:ErrChecksumMismatch]checksum mismatched remote vs local => "
    "(checksum: 11 vs 12) (total_kvs: 199 vs 200) (total_bytes:31 vs 32)"
)
CHECKPOINT_FILE = "tidb_lightning_checkpoint.pb"


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Two tables without a key: rows that come twice are there twice."""
    tables = (numbered("a", 200, WITHOUT_KEY), numbered("b", 100, WITHOUT_KEY))
    return write_dump(tmp_path / "dump", *tables)


@pytest.fixture
def config(dump: Path, lightning: Installed) -> Callable[..., LoadConfig]:
    def make(**changes: Any) -> LoadConfig:
        settings = {"task_name": "t", "dump_uri": str(dump), "import_mode": "physical"}
        return LoadConfig(**{**settings, "lightning_path": str(lightning.folder), **changes})

    return make


def counts(server: PrivateMariaDB) -> tuple[Any, Any]:
    return one(server, "SELECT COUNT(*) FROM s.a"), one(server, "SELECT COUNT(*) FROM s.b")


def stage(server: PrivateMariaDB) -> Any:
    return one(server, "SELECT stage FROM dm_meta.dm_loader_lightning")


def import_once(config: LoadConfig, target: TargetConfig, **more: Any) -> loader.ShareReport:
    return loader.run_import(run_of(config, target, progress_interval_s=0.05, **more), 0)


def test_a_dump_is_loaded_and_a_second_load_runs_nothing(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, tidb_target: TargetConfig, lightning: Installed, dump: Path
) -> None:
    report = load_dump(config(), tidb_target)

    assert counts(tidb) == (200, 100)
    assert (report.status, report.outcome, report.rows) == ("finished", "clean", 300)
    assert [(table.table, table.rows, table.sent_as) for table in report.tables] == [
        ("s.a", 200, "tidb-lightning"),
        ("s.b", 100, "tidb-lightning"),
    ]
    assert {table.checksum for table in report.tables} == {"passed"}
    assert not (dump / CHECKPOINT_FILE).exists()
    assert stage(tidb) == "cleaned"

    again = load_dump(config(), tidb_target)
    assert (again.skipped, again.rows) == (True, 300)
    assert len(lightning.runs()) == 1
    assert counts(tidb) == (200, 100)


# -- how many rows this run sent


@pytest.mark.parametrize(
    ("act", "told"),
    [({"lingers_s": 0.6}, (300, True)), ({"lingers_s": 0.6, "tells_no_rows": True}, (0, False))],
    ids=["new", "old"],
)
def test_the_rows_of_a_run_are_what_lightning_says_once_all_files_are_read(
    act: dict[str, Any],
    told: tuple[int, bool],
    config: Callable[..., LoadConfig],
    tidb_target: TargetConfig,
    lightning: Installed,
) -> None:
    lightning.plays(act)

    report = load_dump(config(), tidb_target)

    assert (report.rows_sent, report.rows_sent_known, report.skipped) == (*told, False)
    again = load_dump(config(), tidb_target)
    assert (again.rows_sent, again.rows_sent_known, again.skipped) == (0, True, True)


def test_the_rows_of_a_run_are_not_known_after_an_attempt_that_sent_some_and_failed(
    config: Callable[..., LoadConfig], tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"fails_at_table": 1, "error": "no space left"}, {"lingers_s": 0.6})
    prepare(config(), tidb_target)
    with pytest.raises(LightningError):
        import_once(config(), tidb_target)

    share = import_once(config(), tidb_target)

    assert (share.rows_sent, share.rows_sent_known) == (0, False)  # it read half of the bytes, and does not say which
    loader.verify(loader.LoadRun.of(config(), tidb_target))
    report = loader.finish(run_of(config(), tidb_target))
    assert (report.rows, report.rows_sent, report.rows_sent_known) == (300, 0, False)


def test_a_run_that_compares_again_sends_nothing(
    config: Callable[..., LoadConfig], tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"checksum": CHECKSUM, "lingers_s": 0.6}, {"lingers_s": 0.6})
    prepare(config(), tidb_target)
    first, second = import_once(config(), tidb_target), import_once(config(), tidb_target)
    assert [(share.rows_sent, share.rows_sent_known) for share in (first, second)] == [(300, True), (0, True)]
    loader.verify(loader.LoadRun.of(config(), tidb_target))
    assert loader.finish(run_of(config(), tidb_target)).rows_sent == 300


# -- secrets


def test_the_password_stands_in_the_configuration_alone(
    config: Callable[..., LoadConfig],
    tidb_target: TargetConfig,
    lightning: Installed,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = tidb_target.password.get_secret_value()
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", f"mysql://loader:{secret}@host/")
    lightning.plays({"fails_at_table": 1, "error": f"dial failed with {secret}"})

    prepare(config(), tidb_target)
    with pytest.raises(LightningError) as caught:
        import_once(config(), tidb_target)

    (run,) = lightning.runs()
    assert run["config"]["tidb"]["password"] == secret
    assert run["modes"] == ["0o600", "0o700"]
    assert not Path(run["config_path"]).parent.exists()
    assert secret not in " ".join(run["arguments"])
    assert "AIRFLOW_CONN_DM_TARGET" not in run["environment"]
    assert "password=***" in caplog.text
    assert secret not in caplog.text + str(caught.value) + repr(caught.value)


# -- values of rows

CANARY = "canary-91ab"
TOO_LONG = (
    f"[Lightning:Restore:ErrEncodeKV]encode kv error in file s.b.sql:0 at offset 33: [types:1406]Too long: {CANARY}"
)


@pytest.mark.parametrize("hides", [False, True])
@pytest.mark.parametrize(
    ("act", "shown"),
    [
        (
            {"fails_at_table": 1, "error": TOO_LONG},
            "exit code 1: Lightning:Restore:ErrEncodeKV, s.b.sql:0 at offset 33, types:1406 (hidden)",
        ),
        (
            {"fails_at_table": 0, "error": f"[Lightning:Restore:ErrFoundDuplicateKey]found duplicate key '{CANARY}'"},
            "exit code 1: Lightning:Restore:ErrFoundDuplicateKey (hidden)",
        ),
        ({"ending": f'[WARN] [encode.go:7] ["row {CANARY}"]', "exit": 1}, "exit code 1: "),
    ],
)
def test_no_value_of_a_row_is_in_an_error_or_a_log_where_they_are_hidden(
    hides: bool,
    act: dict[str, Any],
    shown: str,
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    tidb_target: TargetConfig,
    lightning: Installed,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    head = "[2026/11/25 12:00:00.123 +00:00] [ERROR] [encode.go:120]"
    says = [f'{head} ["failed"] [table=`s`.`a`] [row="({CANARY})"] [error="[kv:1062]Duplicate"]', f"\t{CANARY}"]
    lightning.plays({**act, "says": says}, {**act, "says": says}, ctl_exit=1, ctl_says=f"no table {CANARY}")
    settings = config(hide_values=hides)
    prepare(settings, tidb_target)

    with pytest.raises(LoaderError) as first:
        import_once(settings, tidb_target)
    with pytest.raises(LoaderError) as caught:  # this time with the helper
        import_once(settings, tidb_target)
    said = everything_said(first.value) + everything_said(caught.value)

    assert "could not be ignored" in caplog.text
    assert (CANARY in said and CANARY in caplog.text) == (not hides)
    if hides:
        assert CANARY not in said + caplog.text + repr(state(tidb))
        assert shown in str(caught.value)
        assert f"tidb-lightning: {head} `s`.`a`, kv:1062 (hidden)" in caplog.messages
        assert "tidb-lightning: (hidden)" in caplog.messages


def test_a_load_whose_values_are_hidden_ends_as_any_other(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"checksum": CHECKSUM}, {})
    settings = config(hide_values=True)
    with pytest.raises(ChecksumMismatchError, match="KV number in source files: 200, KV number in TiDB cluster: 199"):
        load_dump(settings, tidb_target)
    import_once(settings, tidb_target)
    assert loader.verify(loader.LoadRun.of(settings, tidb_target)).verdict == "clean"
    assert counts(tidb) == (200, 100)


# -- what Lightning's end means


def test_an_error_is_retried_at_the_checkpoint_whose_errors_are_ignored_first(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"fails_at_table": 1, "error": "no space left"}, {})
    prepare(config(), tidb_target)
    with pytest.raises(LightningError, match=r"\[34019\].*exit code 1: no space left"):
        import_once(config(), tidb_target)
    assert stage(tidb) == "begun"

    import_once(config(), tidb_target)

    assert counts(tidb) == (200, 100)
    (ctl,) = lightning.runs("tidb-lightning-ctl")
    assert ctl["arguments"][2:] == ["--checkpoint-error-ignore=all"]
    assert stage(tidb) == "imported"


def test_a_helper_that_fails_is_only_a_warning(
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    tidb_target: TargetConfig,
    lightning: Installed,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lightning.plays({"dies_before_table": 1}, {}, ctl_exit=1)
    prepare(config(), tidb_target)
    with pytest.raises(LightningError, match="killed by signal 9"):
        import_once(config(), tidb_target)

    import_once(config(), tidb_target)

    assert counts(tidb) == (200, 100)
    assert "could not be ignored" in caplog.text


@pytest.mark.parametrize("text", [CHECKSUM, CHECKSUM.replace("Lighting:", "Lightning:")])
def test_a_checksum_that_differs_pauses_and_a_clear_of_the_import_compares_again(
    text: str, config: Callable[..., LoadConfig], tidb: PrivateMariaDB, tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"checksum": text}, {})
    with pytest.raises(ChecksumMismatchError, match="KV number in source files: 200, KV number in TiDB cluster: 199"):
        load_dump(config(), tidb_target)
    outcome = loader.current_outcome(run_of(config(), tidb_target))
    assert [(table.table, table.checksum) for table in outcome.tables] == [("s.a", "differs"), ("s.b", "passed")]
    assert one(tidb, "SELECT status FROM dm_meta.dm_loader_load") == "paused"

    import_once(config(), tidb_target)

    assert loader.verify(loader.LoadRun.of(config(), tidb_target)).verdict == "clean"
    assert counts(tidb) == (200, 100)


def test_a_checksum_that_differs_can_be_accepted(
    config: Callable[..., LoadConfig], tidb_target: TargetConfig, lightning: Installed, dump: Path
) -> None:
    lightning.plays({"checksum": CHECKSUM})

    report = load_dump(config(on_conflict="accept"), tidb_target)

    assert (report.status, report.outcome, report.accepted) == ("finished", "checksum_differs", True)
    assert not (dump / CHECKPOINT_FILE).exists()


def test_an_optional_checksum_that_differs_is_a_warning(
    config: Callable[..., LoadConfig], tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"checksum": CHECKSUM})

    report = load_dump(config(checksum="optional"), tidb_target)

    assert report.outcome == "clean"
    assert any("s.a: KV number in source files: 200" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("version", "tables"),
    [("6.5.0", ["conflict_error_v1"]), ("8.5.0", ["conflict_error_v4", "conflict_records_v2"])],
)
def test_rows_in_conflict_are_found_in_the_tables_of_every_version(
    version: str,
    tables: list[str],
    config: Callable[..., LoadConfig],
    tidb_target: TargetConfig,
    lightning: Installed,
) -> None:
    lightning.plays({"conflict_tables": tables}, version=version)
    settings = {"on_duplicate_physical": "manual"}

    with pytest.raises(HasDuplicatesError, match=rf"\[34020\].*s\.a: 2 in `dm_meta_t`\.`{tables[0]}`"):
        load_dump(config(**settings), tidb_target)

    outcome = loader.current_outcome(run_of(config(**settings), tidb_target))
    assert (outcome.verdict, outcome.conflicts) == ("has_duplicates", 2 * len(tables))
    report = load_dump(config(**settings, on_conflict="accept"), tidb_target)
    assert (report.status, report.accepted) == ("finished", True)
    assert len(lightning.runs()) == 1


def test_rows_in_conflict_of_an_older_load_do_not_count(
    config: Callable[..., LoadConfig],
    tidb_target: TargetConfig,
    lightning: Installed,
    tidb: PrivateMariaDB,
) -> None:
    lightning.plays({"conflict_tables": ["conflict_error_v4"]}, {})
    settings = {"on_duplicate_physical": "manual", "on_conflict": "accept"}
    assert load_dump(config(**settings), tidb_target).outcome == "has_duplicates"

    afresh = config(**settings, remove_meta=True)
    with pytest.raises(TargetError, match="holds 200 rows and has no key"):
        load_dump(afresh, tidb_target)
    for table in ("a", "b"):
        query(tidb, f"TRUNCATE TABLE s.{table}")
    again = load_dump(afresh, tidb_target)

    assert again.outcome == "clean"
    assert {table.conflicts for table in again.tables} == {0}


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        ({"ending": "tidb lightning canceled"}, LightningError, "was cancelled"),
        ({"ending": ""}, LightningError, "without saying that it finished"),
        ({"fails_at_table": 0, "error": "table s.a doesn't exist"}, LightningError, "doesn't exist"),
        ({"fails_at_table": 0, "error": "the store is in mode import"}, LightningError, "mode import"),
        (
            {"fails_at_table": 0, "error": "[Lightning:Restore:ErrFoundDuplicateKey]found duplicate key"},
            HasDuplicatesError,
            "34020",
        ),
        ({"ending": "[ERROR] bad toml", "exit": 2}, TargetError, "exit code 2"),
        ({"port_taken": True}, LightningError, "port taken 5 times"),
    ],
)
def test_other_ends_are_no_success(
    act: dict[str, Any],
    error: type[Exception],
    text: str,
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    tidb_target: TargetConfig,
    lightning: Installed,
) -> None:
    lightning.plays(act)
    prepare(config(), tidb_target)

    with pytest.raises(error, match=text):
        import_once(config(), tidb_target)

    assert stage(tidb) == "begun"
    with pytest.raises(CheckpointError, match="has not ended"):
        loader.verify(loader.LoadRun.of(config(), tidb_target))


def test_a_port_that_was_taken_is_no_failure(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"port_taken": True}, {})

    load_dump(config(), tidb_target)

    first, second = (run["config"]["lightning"]["status-addr"] for run in lightning.runs())
    assert first != second
    assert counts(tidb) == (200, 100)


def test_two_loads_on_one_worker_each_have_a_port_of_their_own(
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    tidb_target: TargetConfig,
    lightning: Installed,
    tmp_path: Path,
) -> None:
    """Neither goes on before both programs run, and both are asked for their progress then."""
    lightning.plays({"sleep_s": PATIENCE_S})
    write_dump(tmp_path / "other", numbered("c", 50, WITHOUT_KEY))
    both = [config(), config(task_name="other", dump_uri=str(tmp_path / "other"))]
    at_work = threading.Barrier(2, timeout=PATIENCE_S)
    told: list[str] = []

    def import_beside(settings: LoadConfig) -> loader.ShareReport:
        def say(status: LoadStatus) -> None:
            if settings.what.task_name not in told and status.finished_bytes < status.total_bytes:
                at_work.wait()
                told.append(settings.what.task_name)
                lightning.sleeping.with_name("goes_on").touch()

        return import_once(settings, tidb_target, on_progress=say)

    for settings in both:
        prepare(settings, tidb_target)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(import_beside, both))

    assert sorted(told) == ["other", "t"]
    first, second = (run["config"]["lightning"]["status-addr"] for run in lightning.runs())
    assert first != second
    assert {address.partition(":")[0] for address in (first, second)} == {"127.0.0.1"}
    assert counts(tidb) == (200, 100)
    assert one(tidb, "SELECT COUNT(*) FROM s.c") == 50


# -- stopping and progress


@pytest.mark.parametrize("ignores", [False, True], ids=["SIGTERM", "SIGKILL"])
def test_a_stop_ends_the_program_and_the_next_try_goes_on(
    ignores: bool,
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    tidb_target: TargetConfig,
    lightning: Installed,
) -> None:
    lightning.plays({"sleep_s": PATIENCE_S, "ignores_sigterm": ignores}, {})
    prepare(config(), tidb_target)
    stop = threading.Event()

    def say(status: LoadStatus) -> None:
        seen.append(status)
        stop.set()

    seen: list[LoadStatus] = []
    with pytest.raises(LoadInterruptedError):
        import_once(config(), tidb_target, stop=stop, on_progress=say)

    assert (seen[0].finished_bytes, seen[0].total_bytes, seen[0].progress) == (10, 80, "12.50 %")
    assert [table.table for table in seen[0].tables] == ["s.a"]
    (stored,) = loader.load_status(tidb_target)  # by anybody, also once the program has ended
    assert 0 < stored.finished_bytes < stored.total_bytes
    with pytest.raises(ProcessLookupError):
        os.kill(lightning.runs()[0]["pid"], 0)
    import_once(config(), tidb_target)
    assert counts(tidb) == (200, 100)


def test_two_attempts_are_never_at_it_at_once(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"sleep_s": PATIENCE_S}, {})
    prepare(config(), tidb_target)
    stop = threading.Event()
    ended: list[BaseException] = []

    def first() -> None:
        try:
            import_once(config(), tidb_target, stop=stop)
        except LoadInterruptedError as error:
            ended.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    wait_until(lightning.sleeping.exists)
    with pytest.raises(LockedError, match="another attempt"):
        import_once(config(), tidb_target)
    stop.set()
    thread.join()

    assert len(ended) == 1
    import_once(config(), tidb_target)
    assert counts(tidb) == (200, 100)


def test_a_load_that_is_started_afresh_ends_the_program_of_the_old_one(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"sleep_s": PATIENCE_S}, {})
    prepare(config(), tidb_target)
    ended: list[BaseException] = []

    def first() -> None:
        try:
            import_once(config(), tidb_target)
        except CheckpointError as error:
            ended.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    wait_until(lightning.sleeping.exists)
    prepare(config(remove_meta=True), tidb_target, Worker(host="there", run_id="run-2"))
    thread.join()

    assert "started it afresh" in str(ended[0])
    import_once(config(), tidb_target)
    assert counts(tidb) == (200, 100)


KILLED = """
import sys
from airflow_dm_loader import LoadConfig, TargetConfig, loader
config, target = LoadConfig.model_validate_json(sys.argv[1]), TargetConfig.model_validate_json(sys.stdin.read())
loader.run_import(loader.LoadRun.of(config, target, progress_interval_s=0.05))
"""


def test_a_loader_that_is_killed_takes_the_program_with_it(
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    tidb_target: TargetConfig,
    lightning: Installed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lightning.plays({"sleep_s": PATIENCE_S}, {})
    prepare(config(), tidb_target)
    target = tidb_target.model_dump(mode="json") | {"password": tidb_target.password.get_secret_value()}
    command = [sys.executable, "-c", KILLED, config().to_json()]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(target).encode())
        process.stdin.close()
        wait_until(lightning.sleeping.exists)
        process.send_signal(signal.SIGKILL)

    pid = lightning.runs()[0]["pid"]
    wait_until(lambda: not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes())
    with pytest.raises(LockedError, match="less than 30 s ago"):
        import_once(config(), tidb_target)
    monkeypatch.setattr("airflow_dm_loader.state.lightning.LEASE_S", 0)
    import_once(config(), tidb_target)
    assert counts(tidb) == (200, 100)


def test_an_owner_that_lost_the_load_to_another_ends_its_program(
    config: Callable[..., LoadConfig], tidb: PrivateMariaDB, tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"sleep_s": PATIENCE_S}, {})
    prepare(config(), tidb_target)

    def rob(_: LoadStatus) -> None:
        with tidb.connect() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE dm_meta.dm_loader_lightning SET owner = 'another'")
            connection.commit()

    with pytest.raises(LockedError, match="was lost"):
        import_once(config(), tidb_target, on_progress=rob)

    with pytest.raises(ProcessLookupError):
        os.kill(lightning.runs()[0]["pid"], 0)


# -- the race of the original, at each of its instants


@pytest.mark.parametrize("checkpoint", ["auto", "mysql"])
@pytest.mark.parametrize(
    "instant",
    [
        "airflow_dm_loader.engines.physical.importing._store",  # Lightning has ended, we have not written it down
        "airflow_dm_loader.state.files.mark_done",  # within that transaction
        "airflow_dm_loader.phases.outcome.conclude",
        "airflow_dm_loader.state.load_tasks.delete",  # before finished is committed
        "airflow_dm_loader.engines.physical.engine.forget_checkpoint",  # finished; Lightning's is still there
        "airflow_dm_loader.engines.physical.checkpoint.Checkpoint.remove",
    ],
)
def test_a_crash_after_lightning_has_ended_imports_nothing_twice(
    instant: str,
    checkpoint: str,
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    tidb_target: TargetConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Crash(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        if one(tidb, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 's'"):
            raise Crash

    settings = config(lightning_checkpoint=checkpoint)
    with monkeypatch.context() as patch:
        patch.setattr(instant, crash)
        with pytest.raises(Crash):
            load_dump(settings, tidb_target)

    report = load_dump(settings, tidb_target)

    assert report.status == "finished"
    assert counts(tidb) == (200, 100)


@pytest.mark.parametrize("checkpoint", ["auto", "mysql"])
def test_what_an_older_load_left_in_lightnings_checkpoint_makes_nobody_skip_a_table(
    checkpoint: str,
    config: Callable[..., LoadConfig],
    tidb: PrivateMariaDB,
    tidb_target: TargetConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = config(lightning_checkpoint=checkpoint)
    with monkeypatch.context() as patch:
        patch.setattr("airflow_dm_loader.engines.physical.engine.forget_checkpoint", lambda *_: None)
        load_dump(settings, tidb_target)
    with tidb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DROP DATABASE s")

    load_dump(config(lightning_checkpoint=checkpoint, remove_meta=True), tidb_target)

    assert counts(tidb) == (200, 100)


# -- refused


def test_a_server_that_is_not_tidb_is_refused_by_name_before_anything_is_created(
    config: Callable[..., LoadConfig], server: PrivateMariaDB, target: TargetConfig
) -> None:
    with pytest.raises(TargetError, match=re.escape(f"the target is {named(server)},")):
        load_dump(config(), target)
    assert one(server, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'dm_meta'") == 0


def test_a_missing_program_is_said_with_how_to_install_it(
    config: Callable[..., LoadConfig], tidb_target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = config(lightning_path=None)
    prepare(settings, tidb_target)
    with pytest.raises(ConfigError, match=r"not on this worker's PATH.*tiup install tidb-lightning"):
        import_once(settings, tidb_target)
    with pytest.raises(ConfigError, match="is not a program"):
        import_once(config(lightning_path=str(tmp_path / "nothing")), tidb_target)


def test_the_checkpoint_can_not_move_once_the_import_has_begun(
    config: Callable[..., LoadConfig], tidb_target: TargetConfig, lightning: Installed
) -> None:
    lightning.plays({"dies_before_table": 1})
    prepare(config(), tidb_target)
    with pytest.raises(LightningError):
        import_once(config(), tidb_target)
    with pytest.raises(CheckpointError, match="can't resume with the target's schema"):
        import_once(config(lightning_checkpoint="mysql"), tidb_target)
