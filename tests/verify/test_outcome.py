"""The checksum step: what it compares, what it says, and what people may accept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, ChecksumMismatchError, HasDuplicatesError
from airflow_dm_loader.loader import LoadPath, Worker
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WORKER, Table, copy_sample, import_all, load_config, run_of, write_dump
from tests.server_words import PRIMARY_OF_T
from tests.tables import count, one, query

DUPLICATE = ['(1,"first")', '(2,"two")', '(1,"second")']
Make = Callable[..., LoadConfig]


def later(number: int, run_id: str = WORKER.run_id) -> Worker:
    """A later try of the task."""
    return Worker(WORKER.host, WORKER.dag_id, run_id, number)


@pytest.fixture
def clean(tmp_path: Path) -> Make:
    """Settings of a dump of two rows."""
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")']))
    return lambda **changes: load_config(folder, **changes)


@pytest.fixture
def paused(target: TargetConfig, tmp_path: Path) -> Make:
    """Settings of a load that met a duplicate and is verified."""
    folder = write_dump(tmp_path / "dump", Table("t", rows=DUPLICATE))

    def make(**changes: object) -> LoadConfig:
        return load_config(folder, on_duplicate_logical="manual", **changes)

    import_all(make(), target)
    loader.verify(loader.LoadRun.of(make(), target))
    return make


# -- comparing


def test_rows_that_are_missing_in_the_target_are_34021(
    server: PrivateMariaDB, target: TargetConfig, clean: Make
) -> None:
    import_all(clean(), target)
    query(server, "DELETE FROM s.t WHERE id = 1")

    outcome = loader.verify(loader.LoadRun.of(clean(), target))

    assert (outcome.verdict, outcome.code) == ("checksum_differs", 34021)
    assert outcome.tables[0].remark.startswith("the table has 1 rows, 2 were loaded")
    assert loader.choose_path(run_of(clean(), target)) is LoadPath.RESOLVE
    with pytest.raises(ChecksumMismatchError, match="1 of 1 tables differ") as caught:
        loader.resolve_conflicts(run_of(clean(), target), by_hand=False)
    assert caught.value.code == 34021


def test_rows_that_the_metadata_does_not_know_are_a_difference(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = copy_sample("mydumper-1.0-hex-complete", tmp_path / "dump")
    text = (folder / "metadata").read_text().replace("rows = 200", "rows = 201")
    (folder / "metadata").write_text(text)
    import_all(load_config(folder), target)

    outcome = loader.verify(loader.LoadRun.of(load_config(folder), target))

    differing = {table.table: table.remark for table in outcome.tables if table.row_count == "differs"}
    assert outcome.verdict == "checksum_differs"
    assert differing["shop.products"].startswith("the metadata says 201 rows, the data files hold 200")
    assert len(differing) == 1


def test_a_value_that_changed_in_the_target_is_found_by_the_dumps_checksum(
    server: PrivateMariaDB, target: TargetConfig
) -> None:
    config = load_config(Path(__file__).parents[1] / "data" / "dumps" / "mydumper-1.0")
    import_all(config, target)
    # A table of NULLs in columns of fixed length has no CHECKSUM TABLE that means the same on MySQL.
    changes = {"shop.customers": "name = 'somebody'", "shop_eu.sales_00": "amount = 123.45"}
    table = {"mariadb": "shop.customers", "mysql": "shop_eu.sales_00"}[server.flavour]
    query(server, f"UPDATE {table} SET {changes[table]} ORDER BY id LIMIT 1")

    outcome = loader.verify(loader.LoadRun.of(config, target))

    assert outcome.verdict == "checksum_differs"
    assert [found.table for found in outcome.tables if found.checksum == "differs"] == [table]
    assert {table.row_count for table in outcome.tables} == {"passed"}


def test_optional_turns_a_difference_into_a_warning(server: PrivateMariaDB, target: TargetConfig, clean: Make) -> None:
    config = clean(checksum="optional")
    import_all(config, target)
    query(server, "DELETE FROM s.t WHERE id = 1")

    outcome = loader.verify(loader.LoadRun.of(config, target))

    assert outcome.verdict == "clean"
    assert [warning.partition(":")[0] for warning in outcome.warnings] == ["s.t"]
    assert outcome.tables[0].row_count == "differs"


def test_off_compares_nothing_and_says_so(server: PrivateMariaDB, target: TargetConfig, clean: Make) -> None:
    config = clean(checksum="off")
    import_all(config, target)
    query(server, "DELETE FROM s.t WHERE id = 1")

    outcome = loader.verify(loader.LoadRun.of(config, target))

    assert (outcome.verdict, outcome.warnings) == ("clean", ())
    assert (outcome.tables[0].row_count, outcome.tables[0].checksum) == ("off", "off")


def test_a_table_that_had_rows_is_not_compared_and_the_reason_is_given(
    server: PrivateMariaDB, target: TargetConfig
) -> None:
    config = load_config(Path(__file__).parents[1] / "data" / "dumps" / "mydumper-1.0")
    server.client("CREATE DATABASE shop_eu; CREATE TABLE shop_eu.sales_00 (id int PRIMARY KEY, amount decimal(9,2))")
    query(server, "INSERT INTO shop_eu.sales_00 VALUES (-1, 1)")

    report = load_dump(config, target)

    tables = {table.table: table for table in report.tables}
    assert tables["shop_eu.sales_00"].checksum == "not_compared"
    assert "the table had rows before" in tables["shop_eu.sales_00"].remark
    assert tables["shop_eu.sales_01"].checksum == "passed"
    assert (report.outcome, count(server, "shop_eu.sales_00")) == ("clean", 301)


def test_a_checksum_is_not_compared_where_columns_are_defined_otherwise(
    server: PrivateMariaDB, target: TargetConfig
) -> None:
    config = load_config(Path(__file__).parents[1] / "data" / "dumps" / "mydumper-1.0")
    server.client("CREATE DATABASE shop_eu; CREATE TABLE shop_eu.sales_00 (id bigint PRIMARY KEY, amount decimal(9,2))")

    report = load_dump(config, target)

    table = next(table for table in report.tables if table.table == "shop_eu.sales_00")
    assert (table.row_count, table.checksum) == ("passed", "not_compared")
    assert "columns" in table.remark


def test_tables_that_two_sources_fill_are_not_counted_against_one(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    north = load_config(write_dump(tmp_path / "north", Table("t", rows=['(1,"a")'])), source_id="north")
    south = load_config(write_dump(tmp_path / "south", Table("t", rows=['(2,"b")'])), source_id="south")
    load_dump(north, target)

    report = load_dump(south, target)

    assert (report.outcome, report.tables[0].row_count, count(server, "s.t")) == ("clean", "not_compared", 2)


def test_verifying_before_the_import_ended_is_refused(target: TargetConfig, clean: Make) -> None:
    loader.prepare_checkpoint(run_of(clean(), target))
    loader.create_tables(run_of(clean(), target))

    with pytest.raises(CheckpointError, match=r"'s\.t\.sql'"):
        loader.verify(loader.LoadRun.of(clean(), target))


def test_each_run_of_the_step_is_a_new_outcome(target: TargetConfig, clean: Make) -> None:
    import_all(clean(), target)

    first, second = loader.verify(loader.LoadRun.of(clean(), target)), loader.verify(loader.LoadRun.of(clean(), target))

    assert first.outcome_id != second.outcome_id
    assert loader.current_outcome(run_of(clean(), target)).outcome_id == second.outcome_id


# -- accepting


def test_a_clean_outcome_needs_nobody(target: TargetConfig, clean: Make) -> None:
    import_all(clean(), target)
    loader.verify(loader.LoadRun.of(clean(), target))

    assert loader.resolve_conflicts(run_of(clean(), target), by_hand=False).verdict == "clean"
    assert loader.finish(run_of(clean(), target)).status == "finished"


def test_duplicates_are_shown_first_and_accepted_by_a_later_try_of_the_run(
    server: PrivateMariaDB, target: TargetConfig, paused: Make
) -> None:
    key = PRIMARY_OF_T[server.flavour]
    with pytest.raises(HasDuplicatesError, match=rf"1 row\b.*dm_loader_conflict.*key '{key}'") as caught:
        loader.resolve_conflicts(run_of(paused(), target, later(1)), by_hand=True)
    assert caught.value.code == 34020
    with pytest.raises(CheckpointError, match="not accepted"):
        loader.finish(run_of(paused(), target))

    accepted = loader.resolve_conflicts(run_of(paused(), target, later(2)), by_hand=True)

    assert accepted.accepted
    report = loader.finish(run_of(paused(), target, later(2)))
    assert (report.status, report.outcome, report.accepted) == ("finished", "has_duplicates", True)
    events = query(server, "SELECT kind, outcome_id, host, dag_id, run_id, try_number, detail "
                           "FROM dm_meta.dm_loader_event WHERE kind IN ('shown', 'accepted') "
                           "ORDER BY event_id")  # fmt: skip
    who = (accepted.outcome_id, "here", "dm_load", "run-1")
    assert events == [("shown", *who, 1, ""), ("accepted", *who, 2, "clear")]


def test_an_automatic_retry_accepts_nothing(target: TargetConfig, paused: Make) -> None:
    for number in (1, 2, 3):
        with pytest.raises(HasDuplicatesError):
            loader.resolve_conflicts(run_of(paused(), target, later(number)), by_hand=False)


def test_another_run_must_be_shown_the_outcome_itself(target: TargetConfig, paused: Make) -> None:
    with pytest.raises(HasDuplicatesError):
        loader.resolve_conflicts(run_of(paused(), target, later(1)), by_hand=True)

    with pytest.raises(HasDuplicatesError):
        loader.resolve_conflicts(run_of(paused(), target, later(2, run_id="run-2")), by_hand=True)


def test_what_was_shown_is_no_yes_to_a_newer_outcome(target: TargetConfig, paused: Make) -> None:
    with pytest.raises(HasDuplicatesError):
        loader.resolve_conflicts(run_of(paused(), target, later(1)), by_hand=True)
    loader.verify(loader.LoadRun.of(paused(), target))

    with pytest.raises(HasDuplicatesError):
        loader.resolve_conflicts(run_of(paused(), target, later(2)), by_hand=True)
    assert loader.resolve_conflicts(run_of(paused(), target, later(3)), by_hand=True).accepted


def test_an_answer_in_the_form_counts_for_its_outcome_only(
    server: PrivateMariaDB, target: TargetConfig, paused: Make
) -> None:
    old = loader.current_outcome(run_of(paused(), target))
    new = loader.verify(loader.LoadRun.of(paused(), target))

    with pytest.raises(CheckpointError, match="newer"):
        loader.accept_outcome(run_of(paused(), target), old.outcome_id, "ann")

    assert loader.accept_outcome(run_of(paused(), target), new.outcome_id, "ann").accepted
    assert one(server, "SELECT detail FROM dm_meta.dm_loader_event WHERE kind = 'accepted'") == "ann"


def test_fail_never_accepts(target: TargetConfig, paused: Make) -> None:
    for number in (1, 2):
        with pytest.raises(HasDuplicatesError, match="conflict") as caught:
            loader.resolve_conflicts(run_of(paused(on_conflict="fail"), target, later(number)), by_hand=True)
        assert "accepts nothing" in caught.value.remedy


def test_load_dump_stays_paused_until_it_is_told_to_accept(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=DUPLICATE))
    config = load_config(folder, on_duplicate_logical="manual")
    for _ in range(2):
        with pytest.raises(HasDuplicatesError):
            load_dump(config, target)
    assert one(server, "SELECT status FROM dm_meta.dm_loader_load") == "paused"

    report = load_dump(load_config(folder, on_duplicate_logical="manual", on_conflict="accept"), target)

    assert (report.status, report.accepted, report.rows_sent, report.skipped) == ("finished", True, 0, False)
    assert count(server, "dm_meta.dm_loader_conflict") == 1
    assert load_dump(config, target).skipped


def test_an_outcome_that_was_stored_in_another_version_is_refused(
    server: PrivateMariaDB, target: TargetConfig, paused: Make
) -> None:
    query(server, "UPDATE dm_meta.dm_loader_outcome SET row_version = 2")

    with pytest.raises(CheckpointError, match="version 2"):
        loader.current_outcome(run_of(paused(), target))
