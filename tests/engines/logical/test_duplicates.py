"""on_duplicate_logical: what happens to a row whose key is there already, and to rows that are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import HasDuplicatesError, RowError
from airflow_dm_loader.report import TableReport
from dev.private_mariadb import PrivateMariaDB
from dev.private_server import PrivateServer
from tests.dumps import Table, import_all, load_config, write_dump
from tests.server_words import CHECK_VIOLATED, PRIMARY_OF_T
from tests.tables import chunks, count, query

TWICE = ['(1,"first")', '(2,"two")', '(3,"three")', '(1,"second")', '(4,"four")']


def rows_of(server: PrivateServer, table: str = "s.t") -> list[tuple[object, ...]]:
    return query(server, f"SELECT * FROM {table} ORDER BY 1, 2")


def counts(table: TableReport) -> tuple[int, int, int, int]:
    return table.rows, table.replaced, table.ignored, table.conflicts


def test_replace_keeps_the_row_that_came_last_and_counts(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE))

    report = load_dump(load_config(folder, on_duplicate_logical="replace", duplicates_within_dump="accept"), target)

    assert rows_of(server) == [(1, "second"), (2, "two"), (3, "three"), (4, "four")]
    assert [counts(table) for table in report.tables] == [(5, 1, 0, 0)]
    assert report.outcome == "clean"


def test_replace_counts_every_row_that_one_row_pushed_out(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`a` int, `b` int, PRIMARY KEY (`a`), UNIQUE (`b`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("t", create, ["(1,1)", "(2,2)", "(1,2)"]))

    report = load_dump(load_config(folder, on_duplicate_logical="replace", duplicates_within_dump="accept"), target)

    assert rows_of(server) == [(1, 2)]
    assert [counts(table) for table in report.tables] == [(3, 2, 0, 0)]
    assert report.outcome == "clean"


def test_ignore_keeps_the_row_that_came_first_and_counts(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE))

    report = load_dump(load_config(folder, on_duplicate_logical="ignore", duplicates_within_dump="accept"), target)

    assert rows_of(server) == [(1, "first"), (2, "two"), (3, "three"), (4, "four")]
    assert [counts(table) for table in report.tables] == [(5, 0, 1, 0)]
    assert report.outcome == "clean"


def test_error_names_file_offset_and_key_and_keeps_nothing_of_the_chunk(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE, rows_per_statement=2))

    with pytest.raises(RowError, match=f"Duplicate entry '1' for key '{PRIMARY_OF_T[server.flavour]}'") as caught:
        load_dump(load_config(folder, on_duplicate_logical="error"), target)

    error = caught.value
    assert (error.errno, error.table, error.file) == (1062, "s.t", "s.t.sql")
    assert error.offset == (folder / "s.t.sql").read_bytes().index(b'(1,"second")')
    assert error.statement == '(1,"second")'
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


def test_an_error_keeps_the_chunks_before_it(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    rows = [f'({at},"{"x" * 30}")' for at in range(500)]
    folder = write_dump(tmp_path / "dump", Table("t", rows=[*rows, '(0,"again")'], rows_per_statement=50))

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder, on_duplicate_logical="error", pool_size=1), target)

    assert caught.value.offset == (folder / "s.t.sql").read_bytes().index(b'(0,"again")')
    assert count(server, "s.t") == query(server, "SELECT SUM(row_count) FROM dm_meta.dm_loader_chunk")[0][0] > 0


def test_manual_keeps_the_row_that_is_there_and_stores_the_one_that_came(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = ['(1,"first")', '(2,"two")', '(1,"b\udcff\\"y\\0")']
    create = "(`id` int NOT NULL, `v` varbinary(40), PRIMARY KEY (`id`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("t", create, rows))
    config = load_config(folder, on_duplicate_logical="manual")
    import_all(config, target)

    outcome = loader.verify(loader.LoadRun.of(config, target))

    assert rows_of(server) == [(1, b"first"), (2, b"two")]
    assert (outcome.verdict, outcome.code, outcome.conflicts) == ("has_duplicates", 34020, 1)
    assert [counts(table) for table in outcome.tables] == [(3, 0, 0, 1)]
    stored = query(
        server,
        "SELECT table_schema, table_name, file_name, file_offset, errno, error, column_list, row_data "
        "FROM dm_meta.dm_loader_conflict",
    )
    came = b'(1,"b\xff\\"y\\0")'
    offset = (folder / "s.t.sql").read_bytes().index(came)
    error = f"Duplicate entry '1' for key '{PRIMARY_OF_T[server.flavour]}'; the row that exists: ('1','first')"
    assert stored == [("s", "t", "s.t.sql", offset, 1062, error, "(`id`,`v`)", came)]


def test_many_duplicates_are_each_counted(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    rows = [f'({at % 700},"{at}")' for at in range(1000)]
    folder = write_dump(tmp_path / "dump", Table("t", rows=rows))
    found = {}

    for policy in ("replace", "ignore", "manual"):
        config = load_config(
            folder,
            task_name=policy,
            on_duplicate_logical=policy,
            duplicates_within_dump="accept",
            on_conflict="accept",
            pool_size=1,
        )
        (table,) = load_dump(config, target).tables
        found[policy] = counts(table), table.row_count, rows_of(server)[0]
        query(server, "DROP DATABASE s")

    assert found == {
        "replace": ((1000, 300, 0, 0), "passed", (0, "700")),
        "ignore": ((1000, 0, 300, 0), "passed", (0, "0")),
        "manual": ((1000, 0, 0, 300), "passed", (0, "0")),
    }


@pytest.mark.parametrize(
    ("policy", "verb", "kept"),
    [
        ("replace", "INSERT", "second"),
        ("replace", "INSERT IGNORE", "second"),
        ("ignore", "REPLACE", "first"),
        ("manual", "REPLACE", "first"),
        ("manual", "INSERT IGNORE", "first"),
    ],
)
def test_the_setting_wins_over_the_dumps_own_verb(
    policy: str, verb: str, kept: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE, insert=f"{verb} INTO `{{table}}` VALUES"))

    config = load_config(folder, on_duplicate_logical=policy, duplicates_within_dump="accept", on_conflict="accept")
    load_dump(config, target)

    assert rows_of(server)[0] == (1, kept)


@pytest.mark.parametrize("verb", ["INSERT IGNORE", "REPLACE"])
def test_error_wins_over_the_dumps_own_verb(
    verb: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE, insert=f"{verb} INTO `{{table}}` VALUES"))

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder, on_duplicate_logical="error"), target)

    assert caught.value.errno == 1062


@pytest.mark.parametrize(
    ("row", "errno"),
    [
        pytest.param('(7,1,"2026-01-01","too long")', 1406, id="too long"),
        pytest.param('(7,NULL,"2026-01-01","a")', 1048, id="null"),
        pytest.param('(7,101,"2026-01-01","a")', CHECK_VIOLATED, id="check"),
        pytest.param('(7,1000,"2026-01-01","a")', 1264, id="out of range"),
        pytest.param('(7,1,"2026-13-01","a")', 1292, id="bad date"),
        pytest.param('(7,1,"2026-01-01","\udcff")', 1366, id="bad utf8"),
        pytest.param('(7,"1x","2026-01-01","a")', 1265, id="not a number"),
    ],
)
def test_ignore_forgives_nothing_but_duplicates(
    row: str, errno: int | Mapping[str, int], server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = (
        "(`id` int NOT NULL, `n` tinyint NOT NULL, `d` date, `v` varchar(5), PRIMARY KEY (`id`), CHECK (`n` < 100)) "
        "ENGINE=InnoDB CHARSET=utf8mb4"
    )
    good = [f'({at},1,"2026-01-01","a")' for at in (1, 2, 3, 4)]
    rows = [*good, good[0], row, '(8,1,"2026-01-01","a")']
    folder = write_dump(tmp_path / "dump", Table("t", create, rows, insert="INSERT IGNORE INTO `{table}` VALUES"))

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder, on_duplicate_logical="ignore", duplicates_within_dump="accept"), target)

    raw = row.encode("utf-8", "surrogateescape")
    assert caught.value.errno == (errno if isinstance(errno, int) else errno[server.flavour])
    assert caught.value.offset == (folder / "s.t.sql").read_bytes().index(raw)
    assert (count(server, "s.t"), chunks(server), count(server, "dm_meta.dm_loader_conflict")) == (0, 0, 0)


@pytest.mark.parametrize("policy", ["replace", "error", "manual"])
def test_a_value_that_does_not_fit_is_named_under_every_policy(
    policy: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = ['(1,"a")', '(2,"b")', f'(3,"{"x" * 41}")', '(4,"d")']
    folder = write_dump(tmp_path / "dump", Table("t", rows=rows, insert="INSERT IGNORE INTO `{table}` VALUES"))

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder, on_duplicate_logical=policy), target)

    assert (caught.value.errno, caught.value.statement) == (1406, rows[2])
    assert count(server, "s.t") == 0


def test_a_row_with_a_column_too_many_is_named(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")', '(3,"c",3)', '(4,"d")']))

    with pytest.raises(RowError) as caught:
        load_dump(load_config(folder), target)

    assert (caught.value.errno, caught.value.statement) == (1136, '(3,"c",3)')
    assert count(server, "s.t") == 0


def test_replace_counts_a_row_that_is_the_same_too(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")', '(1,"a")']))

    report = load_dump(load_config(folder, on_duplicate_logical="replace", duplicates_within_dump="accept"), target)

    assert [counts(table) for table in report.tables] == [(3, 1, 0, 0)]
    assert report.outcome == "clean"


# -- rows of one table of the dump


@pytest.mark.servers
@pytest.mark.parametrize("policy", ["replace", "ignore", "manual"])
@pytest.mark.parametrize("load_data", [True, False])
def test_rows_of_one_table_never_replace_each_other(
    load_data: bool, policy: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    """They had different keys at the source: here, another collation takes two for one."""
    create = "(`k` varchar(20) NOT NULL, `v` int, PRIMARY KEY (`k`)) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    folder = write_dump(tmp_path / "dump", Table("t", create, ['("a",1)', '("A",2)', '("b\'",3)', '("B\'",4)']))
    settings = {
        "on_duplicate_logical": policy,
        "load_data": load_data,
        "collation_map": {"utf8mb4_bin": "utf8mb4_general_ci"},
    }

    with pytest.raises(HasDuplicatesError) as caught:
        load_dump(load_config(folder, **settings), target)

    assert "2 row(s) met a row with the same key" in caught.value.message
    assert """the row that exists: ('a','1'); the row that came: ("A",2)""" in caught.value.message
    assert """the row that exists: ('b\\'','3'); the row that came: ("B'",4)""" in caught.value.message
    assert query(server, "SELECT k, v FROM s.t ORDER BY v") == [("a", 1), ("b'", 3)]

    report = load_dump(load_config(folder, **settings, on_conflict="accept"), target)
    assert (report.outcome, report.accepted, counts(report.tables[0])) == ("has_duplicates", True, (4, 0, 0, 2))


def test_the_rows_that_met_are_hidden_with_values(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"secret")', '(1,"other")']))

    with pytest.raises(HasDuplicatesError) as caught:
        load_dump(load_config(folder, hide_values=True), target)

    assert "secret" not in str(caught.value)
    assert "other" not in str(caught.value)
    assert f"Duplicate entry '(hidden)' for key '{PRIMARY_OF_T[server.flavour]}'" in caught.value.message


def test_error_is_an_error_at_once(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=TWICE))

    with pytest.raises(RowError, match="Duplicate entry '1'"):
        load_dump(load_config(folder, on_duplicate_logical="error"), target)


@pytest.mark.parametrize(("policy", "kept"), [("replace", "second"), ("ignore", "first")])
def test_rows_of_merged_tables_go_by_the_policy(
    policy: str, kept: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t1", rows=['(1,"first")']), Table("t2", rows=['(1,"second")']))
    routes = [{"schema-pattern": "s", "table-pattern": "t*", "target-schema": "s", "target-table": "t"}]

    report = load_dump(load_config(folder, on_duplicate_logical=policy, routes=routes, pool_size=1), target)

    assert report.outcome == "clean"
    assert rows_of(server) == [(1, kept)]


@pytest.mark.parametrize(("policy", "kept"), [("replace", "dumped"), ("ignore", "there")])
def test_rows_that_were_there_before_go_by_the_policy(
    policy: str, kept: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int NOT NULL PRIMARY KEY, v varchar(40))")
    query(server, "INSERT INTO s.t VALUES (1, 'there')")
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"dumped")']))

    report = load_dump(load_config(folder, on_duplicate_logical=policy), target)

    assert report.outcome == "clean"
    assert rows_of(server) == [(1, kept)]


# -- what is kept of rows that are replaced or ignored

TWO_KEYS = "(`a` int, `b` int, `v` varbinary(40), PRIMARY KEY (`a`), UNIQUE (`b`)) ENGINE=InnoDB"


def kept(server: PrivateServer) -> list[tuple[object, ...]]:
    return query(
        server,
        "SELECT kind, file_name, file_offset, column_list, CAST(row_data AS CHAR) FROM dm_meta.dm_loader_conflict "
        "ORDER BY conflict_id",
    )


def held(server: PrivateServer, rows: str) -> None:
    server.client(
        "CREATE DATABASE s; CREATE TABLE s.t (`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`)) ENGINE=InnoDB; "
        f"INSERT INTO s.t VALUES {rows}"
    )


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False])
def test_the_row_that_was_there_is_kept_under_replace(
    load_data: bool, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    held(server, "(1,'it\\'s old'), (2,'same'), (3,NULL)")
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"new")', '(2,"same")', '(3,"c")', '(4,"d")']))

    report = load_dump(load_config(folder, on_duplicate_logical="replace", load_data=load_data), target)

    data = (folder / "s.t.sql").read_bytes()
    assert kept(server) == [
        ("replaced", "s.t.sql", data.index(b'(1,"new")'), "(`id`,`v`)", "('1','it\\'s old')"),
        ("replaced", "s.t.sql", data.index(b'(3,"c")'), "(`id`,`v`)", "('3',NULL)"),
    ]
    (table,) = report.tables
    assert (report.outcome, counts(table), table.kept) == ("clean", (4, 2, 0, 0), 2)
    assert rows_of(server) == [(1, "new"), (2, "same"), (3, "c"), (4, "d")]


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False])
def test_the_row_that_came_is_kept_under_ignore(
    load_data: bool, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    held(server, "(1,'old'), (3,'old')")
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"new")', '(2,"b")', '(3,"c")']))

    report = load_dump(load_config(folder, on_duplicate_logical="ignore", load_data=load_data), target)

    assert [(row[0], row[4]) for row in kept(server)] == [("ignored", '(1,"new")'), ("ignored", '(3,"c")')]
    (table,) = report.tables
    assert (report.outcome, counts(table), table.kept) == ("clean", (3, 0, 2, 0), 2)
    assert rows_of(server) == [(1, "old"), (2, "b"), (3, "old")]


@pytest.mark.parametrize("policy", ["replace", "ignore"])
@pytest.mark.parametrize("limit", [0, 1, 7, 1000])
@pytest.mark.parametrize("load_data", [True, False])
def test_beyond_the_limit_rows_are_still_counted(
    load_data: bool, limit: int, policy: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = 600
    held(server, ", ".join(f"({at},'old')" for at in range(0, rows, 2)))
    dump = Table("t", rows=[f'({at},"a row that is new, number {at}")' for at in range(rows)], rows_per_statement=90)
    config = load_config(
        write_dump(tmp_path / "dump", dump),
        on_duplicate_logical=policy,
        load_data=load_data,
        keep_duplicate_rows=limit,
    )

    (table,) = load_dump(config, target).tables

    met = rows // 2
    assert counts(table) == ((rows, met, 0, 0) if policy == "replace" else (rows, 0, met, 0))
    assert table.kept == len(kept(server)) == min(limit, met)
    assert count(server, "s.t") == rows
    assert query(server, "SELECT COUNT(*) FROM s.t WHERE v = 'old'") == [(0 if policy == "replace" else met,)]


def test_rows_that_are_the_same_do_not_hold_a_load_up(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [f'({at},"a row")' for at in range(400)]
    held(server, ", ".join(rows).replace('"', "'"))
    folder = write_dump(tmp_path / "dump", Table("t", rows=[*rows, '(400,"b")'], rows_per_statement=50))

    report = load_dump(load_config(folder, keep_duplicate_rows=5, pool_size=1), target)

    (table,) = report.tables
    assert (counts(table), table.kept) == ((401, 0, 0, 0), 0)
    assert table.sent_as == "load data, statements" or "load data" in table.sent_as  # again, once nothing is kept


def test_several_keys_and_bytes(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    server.client(f"CREATE DATABASE s; CREATE TABLE s.t {TWO_KEYS}; INSERT INTO s.t VALUES (1,1,x'00FF'), (2,2,NULL)")
    folder = write_dump(tmp_path / "dump", Table("t", TWO_KEYS, ["(1,2,x'01')"]))

    report = load_dump(load_config(folder), target)

    assert counts(report.tables[0]) == (1, 2, 0, 0)
    assert query(server, "SELECT HEX(row_data), error LIKE '%1 more were replaced with it' FROM "
                 "dm_meta.dm_loader_conflict") == [(b"('1','1','\\0\xff')".hex().upper(), 1)]  # fmt: skip


def test_what_is_kept_goes_with_its_chunk(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    held(server, "(1,'old'), (2,'old')")
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")', '(3,"' + "x" * 50 + '")']))
    config = load_config(folder, load_data=False, keep_duplicate_rows=2)
    with pytest.raises(RowError):
        load_dump(config, target)
    assert (kept(server), rows_of(server)) == ([], [(1, "old"), (2, "old")])

    server.client("ALTER TABLE s.t MODIFY v varchar(60)")  # as a person would
    (table,) = load_dump(config, target).tables

    assert (counts(table), table.kept, len(kept(server))) == ((3, 2, 0, 0), 2, 2)


def test_kept_rows_are_no_reason_to_wait(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    held(server, "(1,'secret')")
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")']))

    report = load_dump(load_config(folder, hide_values=True), target)

    assert (report.outcome, report.status, report.tables[0].kept) == ("clean", "finished", 1)
    assert "secret" not in str(report)
