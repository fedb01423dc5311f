"""Tables that are filled beside the live ones and swapped in: readers see the old rows or the new ones, never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, LoaderError, TargetError
from airflow_dm_loader.progress.words import describe_plan, describe_report
from airflow_dm_loader.report import LoadReport
from tests.dumps import WITH_KEY, WITHOUT_KEY, Table, import_all, load_config, numbered, run_of, write_dump
from tests.servers import AnyServer
from tests.tables import count, one, query

PARENT = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`)) ENGINE=InnoDB"
CHILD = (
    "(`id` int NOT NULL, `p` int NOT NULL, PRIMARY KEY (`id`), KEY `p` (`p`), "
    "CONSTRAINT `fk1` FOREIGN KEY (`p`) REFERENCES `p` (`id`)) ENGINE=InnoDB"
)

pytestmark = pytest.mark.servers


def family(night: int, parents: int = 20) -> tuple[Table, Table]:
    """A parent and a child with a foreign key; each row says of which night it is."""
    return (
        Table("p", PARENT, [f'({at},"night {night}")' for at in range(parents)]),
        Table("c", CHILD, [f"({at},{at % parents})" for at in range(3 * parents)]),
    )


def swapping(folder: Path, **changes: object) -> LoadConfig:
    return load_config(folder, **{"on_existing_rows": "swap", **changes})


def schemas(server: AnyServer) -> set[str]:
    return {str(name) for (name,) in query(server, "SHOW DATABASES") if "__dm_" in name}


def nights(server: AnyServer) -> list[tuple[object, ...]]:
    return query(server, "SELECT v, COUNT(*) FROM s.p GROUP BY v")


def load_night(tmp_path: Path, target: TargetConfig, night: int, **changes: object) -> LoadReport:
    folder = write_dump(tmp_path / f"night{night}", *family(night, 20 + night))
    return load_dump(swapping(folder, task_name=f"shop-{night}", **changes), target)


def test_each_night_replaces_the_one_before(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    first = load_night(tmp_path, target, 1)
    second = load_night(tmp_path, target, 2)

    assert nights(server) == [("night 2", 22)]
    assert count(server, "s.c") == 66
    assert (first.outcome, second.outcome) == ("clean", "clean")
    assert [table.table for table in second.tables] == ["s.c", "s.p"]
    assert second.tables[0].row_count == "passed"
    assert "2 tables were swapped in by one statement" in second.swap
    assert second.swap in describe_report(second)[-1]


def test_the_former_tables_stay_for_so_many_loads(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    for night in (1, 2, 3):
        load_night(tmp_path, target, night)

    (former,) = schemas(server)
    assert query(server, f"SELECT v, COUNT(*) FROM `{former}`.p GROUP BY v") == [("night 2", 22)]
    load_night(tmp_path, target, 4, keep_previous=0)
    assert schemas(server) == set()
    assert nights(server) == [("night 4", 24)]


def test_foreign_keys_have_the_names_of_the_dump_and_refer_to_what_came_with_them(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    for night in (1, 2):
        load_night(tmp_path, target, night)

    assert query(
        server,
        "SELECT constraint_name, referenced_table_schema, referenced_table_name FROM "
        "information_schema.key_column_usage WHERE table_schema = 's' AND referenced_table_name IS NOT NULL",
    ) == [("fk1", "s", "p")]
    (former,) = schemas(server)
    assert one(server, f"SHOW CREATE TABLE `{former}`.c") == "c"
    assert query(
        server,
        "SELECT referenced_table_schema, referenced_table_name FROM information_schema.key_column_usage "
        "WHERE table_schema = %s AND referenced_table_name IS NOT NULL",
        former,
    ) == [(former, "p")]


def test_views_of_the_dump_and_of_others_read_the_new_rows(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_night(tmp_path, target, 1)
    query(server, "CREATE VIEW s.mine AS SELECT COUNT(*) AS n FROM s.p")
    folder = write_dump(tmp_path / "dump", *family(2, 30), views={"theirs": "SELECT MAX(`v`) AS v FROM `p`"})

    load_dump(swapping(folder, task_name="other"), target)

    assert one(server, "SELECT n FROM s.mine") == 30
    assert one(server, "SELECT v FROM s.theirs") == "night 2"


def test_a_load_that_differs_does_not_go_live(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    load_night(tmp_path, target, 1)
    said = (
        "# Started dump at: 2026-11-23 17:29:14\n[config]\nquote-character = BACKTICK\n\n[`s`.`p`]\n"
        "real_table_name=p\nrows = 23\n# Finished dump at: 2026-11-23 17:29:15\n"
    )
    folder = write_dump(tmp_path / "dump", *family(2, 22), metadata=said)
    config = swapping(folder, task_name="two")

    with pytest.raises(LoaderError, match=r"s\.p: the metadata says 23 rows") as caught:
        load_dump(config, target)
    assert caught.value.code == 34021
    assert nights(server) == [("night 1", 21)]

    load_dump(config.changed(on_conflict="accept"), target)
    assert nights(server) == [("night 2", 22)]


def test_what_others_changed_since_the_load_began_pauses_it(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_night(tmp_path, target, 1)
    folder = write_dump(tmp_path / "dump", *family(2, 22))
    config = swapping(folder, task_name="two")
    import_all(config, target)
    query(server, "INSERT INTO s.p VALUES (1000, 'by hand')")

    outcome = loader.verify(run_of(config, target))

    assert outcome.code == 34021
    (found,) = [one for one in outcome.findings if one.pauses]
    assert (found.kind, found.table) == ("live_table_changed", "s.p")
    assert "it had 21 rows and has 22" in found.text
    assert ("by hand", 1) in nights(server)


def test_a_row_that_was_changed_in_place_is_seen(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    load_night(tmp_path, target, 1)
    folder = write_dump(tmp_path / "dump", *family(2, 22))
    config = swapping(folder, task_name="two")
    import_all(config, target)
    query(server, "UPDATE s.p SET v = 'mine' WHERE id = 3")

    outcome = loader.verify(run_of(config, target))

    assert ["rows were changed at" in one.text for one in outcome.findings if one.pauses] == [True]


def test_a_change_after_the_comparison_is_not_lost_either(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_night(tmp_path, target, 1)
    folder = write_dump(tmp_path / "dump", *family(2, 22))
    config = swapping(folder, task_name="two")
    import_all(config, target)
    assert loader.verify(run_of(config, target)).verdict == "clean"
    query(server, "DELETE FROM s.c WHERE id = 5")

    with pytest.raises(CheckpointError, match="others changed the table since it was looked at") as caught:
        loader.finish(run_of(config, target))

    assert caught.value.table == "s.c"
    assert nights(server) == [("night 1", 21)]
    assert one(server, "SELECT status FROM dm_meta.dm_loader_load WHERE task_name = 'two'") == "running"


def test_triggers_on_live_tables_are_refused_by_name(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    load_night(tmp_path, target, 1)
    query(server, "CREATE TRIGGER s.watch BEFORE INSERT ON s.p FOR EACH ROW SET NEW.v = 'x'")
    before = schemas(server)

    with pytest.raises(TargetError, match=r"triggers .*: watch on s\.p"):
        load_night(tmp_path, target, 2)

    assert schemas(server) == before


def test_foreign_keys_of_tables_outside_are_refused_by_name(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_night(tmp_path, target, 1)
    query(server, "CREATE TABLE s.x (id int PRIMARY KEY, p int, CONSTRAINT fkx FOREIGN KEY (p) REFERENCES s.p (id))")

    with pytest.raises(TargetError, match=r"follow the former ones: fkx of s\.x on s\.p"):
        load_night(tmp_path, target, 2)


def test_a_foreign_key_that_leads_outside_stays_with_the_live_table(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.p {PARENT}")
    query(server, "INSERT INTO s.p VALUES (1, 'stays')")
    child = Table("c", CHILD, ["(1,1)", "(2,1)"])
    for night in (1, 2):
        folder = write_dump(tmp_path / f"dump{night}", child)
        load_dump(swapping(folder, task_name=f"c-{night}"), target)

    assert query(
        server,
        "SELECT referenced_table_schema, referenced_table_name FROM information_schema.key_column_usage "
        "WHERE table_schema = 's' AND table_name = 'c' AND referenced_table_name IS NOT NULL",
    ) == [("s", "p")]
    with pytest.raises(Exception, match="foreign key"):
        query(server, "INSERT INTO s.c VALUES (3, 99)")


def test_what_can_not_be_swapped_is_refused_by_name(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {WITH_KEY}")
    query(server, "CREATE VIEW s.v AS SELECT 1 AS id, 'x' AS v")
    with pytest.raises(TargetError, match="the dump has none of it"):
        load_dump(swapping(write_dump(tmp_path / "a", Table("t", None, ['(1,"a")']))), target)
    with pytest.raises(TargetError, match="it is a view"):
        load_dump(swapping(write_dump(tmp_path / "b", Table("v", WITH_KEY, ['(1,"a")']))), target)


def test_routes_merge_shards_into_one_table(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    merge = [{"schema-pattern": "s*", "table-pattern": "k", "target-schema": "all", "target-table": "k"}]
    query(server, "CREATE DATABASE `all`")
    query(server, f"CREATE TABLE `all`.k {WITHOUT_KEY}")
    query(server, "INSERT INTO `all`.k VALUES (1, 'old')")
    shards = [
        Table("k", WITHOUT_KEY, [f'({at},"{schema}")' for at in range(5)], schema=schema) for schema in ("s1", "s2")
    ]
    folder = write_dump(tmp_path / "dump", *shards)

    load_dump(swapping(folder, routes=merge), target)

    assert query(server, "SELECT v, COUNT(*) FROM `all`.k GROUP BY v ORDER BY v") == [("s1", 5), ("s2", 5)]


def test_the_last_source_swaps(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    load_night(tmp_path, target, 1)
    parent, child = family(2, 30)
    configs = [
        swapping(
            write_dump(tmp_path / f"source{number}", table),
            task_name="both",
            source_id=f"source-{number}",
            sources=["source-1", "source-2"],
        )
        for number, table in enumerate((parent, child), 1)
    ]
    for config in configs:
        loader.prepare_checkpoint(run_of(config, target))
    for config in configs:
        loader.create_tables(run_of(config, target))
        loader.run_import(run_of(config, target))
        loader.verify(run_of(config, target))

    first = loader.finish(run_of(configs[0], target))
    assert first.swap == "the tables are filled and compared, and go live with the last source: source-2"
    assert nights(server) == [("night 1", 21)]
    second = loader.finish(run_of(configs[1], target))

    assert second.swap.startswith("2 tables were swapped in by one statement")
    assert nights(server) == [("night 2", 30)]
    assert query(
        server,
        "SELECT referenced_table_schema, referenced_table_name FROM information_schema.key_column_usage "
        "WHERE table_schema = 's' AND table_name = 'c' AND referenced_table_name IS NOT NULL",
    ) == [("s", "p")]


def test_a_source_that_begins_anew_does_not_take_the_others_rows_away(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    tables = family(2, 30)
    configs = [
        swapping(
            write_dump(tmp_path / f"source{number}", table),
            task_name="both",
            source_id=f"source-{number}",
            sources=["source-1", "source-2"],
        )
        for number, table in enumerate(tables, 1)
    ]
    for config in configs:
        loader.prepare_checkpoint(run_of(config, target))
    for config in configs:
        loader.create_tables(run_of(config, target))
        loader.run_import(run_of(config, target))
    loader.verify(run_of(configs[0], target))
    loader.finish(run_of(configs[0], target))
    with (Path(configs[0].what.dump_uri) / "s.p.sql").open("a") as file:
        file.write('INSERT INTO `p` VALUES (300,"more");\n')

    with pytest.raises(CheckpointError, match="not swapped in yet, and other sources are filling them: source-2"):
        loader.prepare_checkpoint(run_of(configs[0], target))
    loader.prepare_checkpoint(run_of(configs[0].changed(remove_meta=True), target, loader.Worker("here", "d", "run-2")))

    with pytest.raises(CheckpointError, match="another source of its load task began anew"):
        loader.verify(run_of(configs[1], target))


def test_the_dry_run_says_it_in_one_line_and_makes_nothing(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_night(tmp_path, target, 1)
    before = schemas(server)
    folder = write_dump(tmp_path / "dump", *family(2))

    plan = loader.plan_dump(swapping(folder, task_name="two"), target)

    assert (plan.problems, [table.exists for table in plan.tables]) == ((), [True, True])
    assert plan.swap in describe_plan(plan)
    assert "2 tables are filled in s__dm_new_" in plan.swap
    assert "put in place by one RENAME TABLE, 2 of them for tables that exist" in plan.swap
    assert schemas(server) == before


def test_a_load_that_was_swapped_in_is_reported_again_and_not_filled_again(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_night(tmp_path, target, 1)
    config = swapping(tmp_path / "night1", task_name="shop-1")

    again = load_dump(config, target)

    assert (again.skipped, again.status) == (True, "finished")
    assert loader.create_tables(run_of(config, target))["created"] == []
    assert loader.verify(run_of(config, target)).verdict == "clean"
    assert loader.analyze(run_of(config, target))["problems"] == {}


def test_a_load_begun_anew_gives_up_what_it_had_filled(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 100))
    config = swapping(folder)
    import_all(config, target)
    (first,) = schemas(server)

    load_dump(config.changed(remove_meta=True), target)

    assert count(server, "s.t") == 100
    assert first not in schemas(server)


def test_names_that_are_long_fit(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    schema, table = "s" * 64, "t" * 64
    query(server, f"CREATE DATABASE `{schema}`")
    route = [{"schema-pattern": "s", "target-schema": schema, "table-pattern": "t*", "target-table": table}]
    for night in (1, 2):
        folder = write_dump(tmp_path / f"dump{night}", numbered("t", 10 * night))
        load_dump(swapping(folder, task_name=f"n{night}", routes=route), target)

    assert count(server, f"`{schema}`.`{table}`") == 20


def test_what_was_replaced_is_put_back_by_one_statement(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_night(tmp_path, target, 1)
    load_night(tmp_path, target, 2)

    assert loader.restore_previous(target, "shop-2") == ("s.c", "s.p")

    assert nights(server) == [("night 1", 21)]
    assert count(server, "s.c") == 63
    assert query(
        server,
        "SELECT referenced_table_schema, referenced_table_name FROM information_schema.key_column_usage "
        "WHERE table_schema = 's' AND referenced_table_name IS NOT NULL",
    ) == [("s", "p")]
    with pytest.raises(CheckpointError, match="put back already"):
        loader.restore_previous(target, "shop-2")
    load_night(tmp_path, target, 3)
    assert nights(server) == [("night 3", 23)]
    (former,) = schemas(server)  # what was rejected is gone, what had been put back is kept
    assert query(server, f"SELECT v, COUNT(*) FROM `{former}`.p GROUP BY v") == [("night 1", 21)]


def test_putting_back_goes_on_after_a_kill(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    load_night(tmp_path, target, 1)
    load_night(tmp_path, target, 2)
    loader.restore_previous(target, "shop-2")
    query(server, "UPDATE dm_meta.dm_loader_swap SET state = 'swapped' WHERE task_name = 'shop-2'")  # not written down

    assert loader.restore_previous(target, "shop-2") == ("s.c", "s.p")
    assert nights(server) == [("night 1", 21)]


def test_only_the_last_swap_of_a_table_is_put_back(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    for night in (1, 2):
        load_night(tmp_path, target, night, keep_previous=2)

    with pytest.raises(CheckpointError, match="the swap replaced no table"):
        loader.restore_previous(target, "shop-1")
    load_night(tmp_path, target, 3, keep_previous=2)
    with pytest.raises(CheckpointError, match="'shop-3' has swapped the table since"):
        loader.restore_previous(target, "shop-2")
    with pytest.raises(CheckpointError, match="'other' has swapped no tables in"):
        loader.restore_previous(target, "other")
    loader.restore_previous(target, "shop-3")
    loader.restore_previous(target, "shop-2")
    assert nights(server) == [("night 1", 21)]
