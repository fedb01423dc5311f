"""A load that the guard holds up, killed around it: no row goes before somebody has accepted what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import UnlikeLastLoadError
from dev.private_server import PrivateServer
from tests.dumps import load_config, numbered, write_dump
from tests.faults.attempts import Attempt
from tests.faults.points import GUARD_POINTS
from tests.faults.tally import tried
from tests.tables import count, query

pytestmark = pytest.mark.servers


def night(folder: Path, rows: int, **changes: object) -> LoadConfig:
    metadata = (
        "# Started dump at: 2026-11-23 17:29:14\n[config]\nquote-character = BACKTICK\n\n[`s`.`a`]\n"
        f"real_table_name=a\nrows = {rows}\n# Finished dump at: 2026-11-23 17:29:15\n"
    )
    write_dump(folder, numbered("a", rows), metadata=metadata)
    return load_config(folder, task_name=folder.name, on_existing_rows="truncate", **changes)


def test_a_process_killed_around_the_guard_deletes_nothing_that_nobody_gave_up(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path / "night1", 100), target)
    config = night(tmp_path / "night2", 10, guard={"rows_drop": 0.5})
    accepting = config.changed(on_conflict="accept")

    for point in GUARD_POINTS:
        with Attempt(accepting, target, point=point) as attempt:
            assert attempt.dies()
        tried(f"kill -9 of a load that is guarded: {point}")
        assert count(server, "s.a") == 100
        if point != "what the guard found is accepted":
            with pytest.raises(UnlikeLastLoadError):
                load_dump(config, target)
            assert count(server, "s.a") == 100

    assert load_dump(config, target).outcome == "clean"  # what was accepted stays so
    assert count(server, "s.a") == 10
    assert query(server, "SELECT row_count FROM dm_meta.dm_loader_brought ORDER BY history_id") == [(100,), (10,)]
