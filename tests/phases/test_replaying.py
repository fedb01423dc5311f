"""replay_conflicts: rows that were set aside are loaded again, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, HasDuplicatesError, RowsRefusedError
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, run_of, write_dump
from tests.tables import count, query

CREATE = "(`id` int NOT NULL, `v` varchar(8), PRIMARY KEY (`id`)) ENGINE=InnoDB"
ROWS = ['(1,"one")', '(2,"far too long")', '(3,"three")', '(NULL,"nobody")']


def refused(folder: Path, target: TargetConfig) -> LoadConfig:
    config = load_config(folder, max_error_rows={"type": 10})
    with pytest.raises(RowsRefusedError):
        load_dump(config, target)
    return config


def aside(server: PrivateServer) -> list[tuple[object, ...]]:
    return query(
        server, "SELECT kind, error_kind, row_data, replayed_at IS NOT NULL FROM dm_meta.dm_loader_conflict ORDER BY 3"
    )


def test_a_row_that_was_corrected_is_loaded_once_and_the_load_is_clean(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    config = refused(write_dump(tmp_path / "dump", Table("t", CREATE, ROWS)), target)
    query(server, """UPDATE dm_meta.dm_loader_conflict SET row_data = '(4,"four")' WHERE row_data LIKE '(NULL%%'""")

    first = loader.replay_conflicts(target, "t")

    assert (first.loaded, first.left) == (1, 1)
    assert "Data too long" in first.errors[0]
    assert query(server, "SELECT used FROM dm_meta.dm_loader_error_rows") == [(1,)]
    query(server, "ALTER TABLE s.t MODIFY v varchar(40)")
    report = load_dump(config.changed(replay_conflicts="insert"), target)
    assert query(server, "SELECT * FROM s.t ORDER BY 1") == [
        (1, "one"), (2, "far too long"), (3, "three"), (4, "four"),
    ]  # fmt: skip
    (table,) = report.tables
    assert (table.rows, table.refused, table.row_count, report.status) == (4, 0, "passed", "finished")
    assert [row[::3] for row in aside(server)] == [("replayed", 1), ("replayed", 1)]
    again = loader.replay_conflicts(target, "t")
    assert (again.loaded, again.left, count(server, "s.t")) == (0, 0, 4)


def test_what_was_shown_before_rows_were_loaded_can_not_be_accepted(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    config = refused(write_dump(tmp_path / "dump", Table("t", CREATE, ROWS[:3])), target)
    query(server, "ALTER TABLE s.t MODIFY v varchar(40)")
    loader.replay_conflicts(target, "t")
    accepting = run_of(config.changed(on_conflict="accept"), target)

    with pytest.raises(CheckpointError, match="since the tables were compared"):
        loader.resolve_conflicts(accepting, by_hand=False)

    assert loader.choose_path(accepting) is loader.LoadPath.LOAD
    assert load_dump(config, target).tables[0].refused == 0


@pytest.mark.servers
def test_rows_in_conflict_replace_those_that_exist_where_that_is_said(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", CREATE, ['(1,"mine")', '(2,"two")', '(1,"theirs")']))
    config = load_config(folder, on_duplicate_logical="manual")
    with pytest.raises(HasDuplicatesError):
        load_dump(config, target)

    assert loader.replay_conflicts(target, "t").left == 1
    outcome = loader.replay_and_verify(run_of(config, target), loader.ReplayConflicts.REPLACE)

    assert query(server, "SELECT * FROM s.t ORDER BY 1") == [(1, "theirs"), (2, "two")]
    (table,) = outcome.tables
    assert (table.rows, table.replaced, table.conflicts, table.row_count) == (3, 1, 0, "passed")
    kept = query(server, "SELECT kind, row_data FROM dm_meta.dm_loader_conflict WHERE kind = 'replaced'")
    assert kept == [("replaced", b"('1','mine')")]


def test_a_row_of_a_load_that_swapped_goes_to_the_table_that_is_in_place(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", CREATE, ROWS[:3]))
    config = load_config(folder, max_error_rows={"type": 1}, on_existing_rows="swap", on_conflict="accept")
    assert load_dump(config, target).accepted
    query(server, "ALTER TABLE s.t MODIFY v varchar(40)")

    assert loader.replay_conflicts(target, "t").loaded == 1

    assert count(server, "s.t") == 3


def test_what_is_not_one_row_is_not_sent(server: PrivateServer, target: TargetConfig, tmp_path: Path) -> None:
    refused(write_dump(tmp_path / "dump", Table("t", CREATE, ROWS[:3])), target)

    for text in ("(5,'a'),(6,'b')", "(5,'a') ON DUPLICATE KEY UPDATE v='x'", "(5,(SELECT 'a'))", ""):
        query(server, "UPDATE dm_meta.dm_loader_conflict SET row_data = %s", text)
        found = loader.replay_conflicts(target, "t")
        assert (found.loaded, found.left, count(server, "s.t")) == (0, 1, 2)
