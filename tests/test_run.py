"""What a run looks up it looks up when a phase needs it, and a failure is not what it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.dump.access import GcsAccess, S3Access
from airflow_dm_loader.errors import DumpNotFoundError, RetriableError
from airflow_dm_loader.loader import LoadRun, Worker
from tests.dumps import WORKER, Table, load_config, write_dump

TARGET = TargetConfig(host="db.example", user="u", password="canary-pw")


def test_what_no_phase_needs_is_never_looked_up(tmp_path: Path) -> None:
    def refuse() -> TargetConfig:
        raise AssertionError("nobody asked")

    run = LoadRun(load_config(tmp_path), TARGET, WORKER, find_source=refuse)
    assert run.compares_with_source
    assert run.access is None


def test_what_was_found_is_kept_and_what_failed_is_asked_again(tmp_path: Path) -> None:
    asked = 0

    def find() -> S3Access:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise RetriableError("the keys can't be asked for just now")
        return S3Access(region="eu")

    run = LoadRun(load_config(tmp_path), TARGET, WORKER, find_access=find)
    with pytest.raises(RetriableError):
        assert run.access
    assert run.access is run.access
    assert asked == 2


def test_a_run_of_what_is_known(tmp_path: Path) -> None:
    access = GcsAccess(anonymous=True)
    run = LoadRun.of(load_config(tmp_path), TARGET, access=access, compare_with=TARGET)
    assert (run.access, run.compare_with, run.compares_with_source) == (access, TARGET, True)

    alone = LoadRun.of(load_config(tmp_path), TARGET)
    assert (alone.access, alone.compare_with, alone.compares_with_source) == (None, None, False)
    assert alone.worker.run_id != run.worker.run_id  # each is a run of its own
    assert LoadRun.of(load_config(tmp_path), TARGET, Worker("there")).worker.host == "there"


def test_a_run_shows_no_secret(tmp_path: Path) -> None:
    access = S3Access(access_key="canary-id", secret_key="canary-key")
    assert "canary" not in repr(LoadRun.of(load_config(tmp_path), TARGET, access=access))


def test_a_dump_is_listed_once_a_phase(tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    run = LoadRun.of(load_config(folder), TARGET)
    dump = run.open_dump()
    (folder / "s.u-schema.sql").write_text("CREATE TABLE `u` (`id` int);\n")

    assert [table.name for table in dump.plan.tables] == ["s.t"]
    assert dump.plan is dump.plan
    assert [table.name for table in run.open_dump().plan.tables] == ["s.t", "s.u"]

    with pytest.raises(DumpNotFoundError):
        LoadRun.of(load_config(tmp_path / "nowhere"), TARGET).open_dump()
