"""The meta schema's migrations: from the tables of 0.1.0, from nothing, by two at once, and where they must refuse."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError, HasDuplicatesError, LoaderError
from airflow_dm_loader.loader import LoadPath
from airflow_dm_loader.state.migrating import bring_up, version_of
from airflow_dm_loader.state.migrations import MIGRATIONS, TABLES, VERSION
from airflow_dm_loader.state.migrations.migration import Migration, column_names
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, Table, import_all, load_config, numbered, prepare, run_of, write_dump
from tests.tables import count, one, query

STORED = Path(__file__).parents[1] / "data" / "state_0_1_0"
KEYED = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`), KEY `by_v` (`v`)) ENGINE=InnoDB"
NEXT = Migration(
    VERSION + 1,
    "words of a test",
    tables={"word": "`load_id` BIGINT UNSIGNED NOT NULL,\n `word` VARCHAR(40) NOT NULL"},
    columns={"load": {"said": "VARCHAR(40) NOT NULL DEFAULT 'nothing'"}},
    rows=("UPDATE {load} SET binlog_name = CONCAT(binlog_name, '+')", "INSERT INTO {word} VALUES (1, 'x', 1)"),
)


@pytest.fixture
def db(target: TargetConfig) -> Iterator[Database]:
    with Database.open(target) as opened:
        yield opened


def dump(folder: Path, *, duplicate: bool = False) -> Path:
    """The dump of the stored loads: the half-done one met a bad row in it, the paused one a duplicate."""
    keyed = numbered("keyed", 20, KEYED)
    if duplicate:
        rows = [*keyed.rows[:15], '(14,"another row")', *keyed.rows[16:]]
        keyed = Table("keyed", KEYED, rows, rows_per_statement=50)
    return write_dump(folder, keyed, numbered("keyless", 200, WITHOUT_KEY))


def restore(server: PrivateMariaDB, story: str, folder: Path) -> None:
    server.client((STORED / f"{story}.sql").read_text().replace("{dump}", str(folder)))


def test_a_load_that_0_1_0_left_half_done_ends_with_each_row_once(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump")
    restore(server, "half", folder)
    before = count(server, "s.keyless")
    assert (before, count(server, "s.keyed")) == (150, 0)

    report = load_dump(load_config(folder, on_duplicate_logical="manual"), target)

    assert (report.outcome, report.rows, report.rows_sent) == ("clean", 220, 220 - before)
    assert one(server, "SELECT COUNT(DISTINCT id) FROM s.keyless") == count(server, "s.keyless") == 200
    assert one(server, "SELECT MAX(number) FROM dm_meta.dm_loader_migration") == VERSION


def test_an_import_task_alone_goes_on_after_the_upgrade(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump")
    restore(server, "half", folder)

    loader.run_import(run_of(load_config(folder), target))

    assert count(server, "s.keyless") == 200


def test_a_load_that_0_1_0_paused_is_accepted_and_finished(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump", duplicate=True)
    restore(server, "paused", folder)
    config = load_config(folder, on_duplicate_logical="manual")
    accepting = load_config(folder, on_duplicate_logical="manual", on_conflict="accept")
    assert loader.choose_path(run_of(config, target)) is LoadPath.RESOLVE

    with pytest.raises(HasDuplicatesError, match="Duplicate entry '14'"):
        load_dump(config, target)
    report = load_dump(accepting, target)

    assert (report.status, report.accepted, report.rows_sent) == ("finished", True, 0)
    assert count(server, "s.keyless") == 200


def test_a_load_that_0_1_0_finished_is_not_loaded_again(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump")
    restore(server, "finished", folder)

    report = load_dump(load_config(folder, on_duplicate_logical="manual"), target)

    assert (report.skipped, report.outcome, count(server, "s.keyless")) == (True, "clean", 200)


@pytest.mark.parametrize("story", ["half", "paused", "finished"])
def test_tables_that_were_upgraded_have_the_columns_of_new_ones(
    db: Database, server: PrivateMariaDB, tmp_path: Path, story: str
) -> None:
    restore(server, story, tmp_path)

    bring_up(db, "dm_meta", (*MIGRATIONS, NEXT))
    bring_up(db, "other", (*MIGRATIONS, NEXT))

    def columns(schema: str) -> list[tuple[str, ...]]:
        return query(
            server,
            "SELECT table_name, column_name, column_type, is_nullable, column_default, column_key, extra "
            "FROM information_schema.columns WHERE table_schema = %s ORDER BY table_name, column_name",
            schema,
        )

    assert columns("dm_meta") == columns("other")
    assert one(server, "SELECT said FROM dm_meta.dm_loader_load") == "nothing"


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, VERSION + 1))
    assert all(column_names(body)[-1] == "row_version" for name, body in TABLES.items() if name == "load")
    assert column_names(TABLES["file"])[:2] == ("load_id", "file_id")


def test_what_a_migration_does_to_rows_is_done_once_however_many_begin_at_once(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    restore(server, "half", tmp_path)
    before = one(server, "SELECT binlog_name FROM dm_meta.dm_loader_load")
    together = Barrier(4)

    def upgrade(_: int) -> None:
        with Database.open(target) as db:
            together.wait()
            bring_up(db, "dm_meta", (*MIGRATIONS, NEXT))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(upgrade, range(4)))

    assert one(server, "SELECT binlog_name FROM dm_meta.dm_loader_load") == f"{before}+"
    assert count(server, "dm_meta.dm_loader_word") == 1
    numbers = query(server, "SELECT number FROM dm_meta.dm_loader_migration ORDER BY number")
    assert numbers == [(number,) for number in range(1, VERSION + 2)]


def test_a_migration_that_failed_half_way_is_done_by_the_next_try(
    server: PrivateMariaDB, db: Database, tmp_path: Path
) -> None:
    restore(server, "half", tmp_path)
    broken = Migration(
        NEXT.number, "broken", NEXT.tables, NEXT.columns, (NEXT.rows[1], "UPDATE {load} SET nothing = 1")
    )

    with pytest.raises(LoaderError, match="Unknown column 'nothing'"):
        bring_up(db, "dm_meta", (*MIGRATIONS, broken))
    db.rollback()
    assert (count(server, "dm_meta.dm_loader_word"), version_of(db, "dm_meta")) == (0, VERSION)
    sound = Migration(NEXT.number, "sound", NEXT.tables, NEXT.columns, NEXT.rows[1:])
    bring_up(db, "dm_meta", (*MIGRATIONS, sound))

    assert count(server, "dm_meta.dm_loader_word") == 1


def test_a_meta_schema_that_was_half_made_is_made_whole(server: PrivateMariaDB, db: Database) -> None:
    bring_up(db, "dm_meta")
    query(server, "DELETE FROM dm_meta.dm_loader_migration")
    query(server, "DROP TABLE dm_meta.dm_loader_chunk, dm_meta.dm_loader_event")

    bring_up(db, "dm_meta")

    assert (count(server, "dm_meta.dm_loader_chunk"), version_of(db, "dm_meta")) == (0, VERSION)


def test_a_newer_meta_schema_is_refused_by_every_phase(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump")
    prepare(load_config(folder), target)
    query(server, "INSERT INTO dm_meta.dm_loader_migration VALUES (99, 'things to come', NOW(6), 1)")

    for phase in (
        lambda: loader.prepare_checkpoint(run_of(load_config(folder), target)),
        lambda: loader.run_import(run_of(load_config(folder), target)),
        lambda: loader.choose_path(run_of(load_config(folder), target)),
    ):
        with pytest.raises(CheckpointError, match=r"dm_meta is of version 99 \(things to come\)") as caught:
            phase()
        assert caught.value.code == 34018
        assert "newer airflow-dm-loader" in caught.value.remedy
    plan = loader.plan_dump(load_config(folder), target)
    assert "version 99" in plan.problems[0]


@pytest.mark.parametrize(
    ("damage", "missing"),
    [
        ("DROP TABLE dm_meta.dm_loader_chunk", "dm_loader_chunk"),
        ("ALTER TABLE dm_meta.dm_loader_chunk DROP COLUMN nonce", "dm_loader_chunk.nonce"),
    ],
)
def test_what_is_missing_of_our_own_is_named_and_never_made_anew(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, damage: str, missing: str
) -> None:
    folder = dump(tmp_path / "dump")
    prepare(load_config(folder), target)
    query(server, damage)

    for phase in (
        lambda: loader.run_import(run_of(load_config(folder), target)),
        lambda: loader.prepare_checkpoint(run_of(load_config(folder), target)),
    ):
        with pytest.raises(
            CheckpointError, match=rf"lacks tables or columns of the loader's own.*: {missing}\."
        ) as caught:
            phase()
        assert caught.value.code == 34018
    assert missing in loader.plan_dump(load_config(folder), target).problems[0]
    assert count(server, "s.keyless") == 0


def test_a_chunk_table_that_0_1_0_lost_is_not_made_anew(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump")
    restore(server, "half", folder)
    query(server, "DROP TABLE dm_meta.dm_loader_chunk")
    before = count(server, "s.keyless")

    with pytest.raises(CheckpointError, match="dm_loader_chunk"):
        load_dump(load_config(folder), target)

    assert count(server, "s.keyless") == before


def test_a_column_that_the_dump_has_and_the_table_lacks_is_no_matter_of_ours(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump(tmp_path / "dump")
    prepare(load_config(folder), target)
    query(server, "ALTER TABLE s.keyless DROP COLUMN v")

    with pytest.raises(LoaderError) as caught:
        loader.run_import(run_of(load_config(folder), target))

    assert not isinstance(caught.value, CheckpointError)


def test_a_meta_schema_that_is_gone_is_told(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = dump(tmp_path / "dump")
    import_all(load_config(folder), target)
    query(server, "DROP DATABASE dm_meta")

    with pytest.raises(CheckpointError, match="no load 't'"):
        loader.verify(run_of(load_config(folder), target))
