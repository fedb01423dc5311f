"""max_error_rows: rows that the server refuses, or would change, are set aside while a budget lasts."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import HasDuplicatesError, RowError, RowsRefusedError, TooManyErrorRowsError
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, write_dump
from tests.tables import chunks, count, query

CREATE = "(`id` int NOT NULL, `v` varchar(8), PRIMARY KEY (`id`)) ENGINE=InnoDB"
GOOD = [f'({at},"row {at}")' for at in range(300)]
BAD = ['(1000,"far too long for it")', '(NULL,"x")', '(4000000000,"y")']


def mixed() -> list[str]:
    return [*GOOD[:10], BAD[0], *GOOD[10:200], BAD[1], BAD[2], *GOOD[200:]]


KINDS = {
    "type": ['(1,"x","too long for it",1)', '(2,"x","y",1e99)', '(3,NULL,"y",1)'],
    "charset": ['(4,"x","\udcff\udcfe",1)'],
    "syntax": ['(5,"x","y")'],
    "constraint": ['(7000,"x","y",1)'],
    "conflict": ['(100,"x","y",1)'],
}


@pytest.mark.servers
def test_each_kind_of_error_is_counted_as_its_own(server: PrivateServer, target: TargetConfig, tmp_path: Path) -> None:
    create = (
        "(`id` int NOT NULL, `a` varchar(9) NOT NULL, `v` varchar(8) CHARACTER SET utf8mb4, `n` int, "
        "PRIMARY KEY (`id`)) ENGINE=InnoDB PARTITION BY RANGE (`id`) (PARTITION `p` VALUES LESS THAN (1000))"
    )
    good = [f'({at},"x","y",{at})' for at in range(100, 200)]
    bad = [row for rows in KINDS.values() for row in rows]
    head = "/*!40101 SET NAMES utf8mb4*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
    folder = write_dump(tmp_path / "dump", Table("t", create, [*good, *bad], head=head, rows_per_statement=30))
    config = load_config(
        folder, on_duplicate_logical="error", max_error_rows={kind: len(rows) for kind, rows in KINDS.items()}
    )

    with pytest.raises(HasDuplicatesError):
        load_dump(config, target)

    assert count(server, "s.t") == 100
    data = (folder / "s.t.sql").read_bytes()
    found = query(server, "SELECT error_kind, file_offset FROM dm_meta.dm_loader_conflict ORDER BY file_offset")
    rows = [(kind, row.encode("utf-8", "surrogateescape")) for kind, texts in KINDS.items() for row in texts]
    assert found == sorted(((kind, data.rindex(row)) for kind, row in rows), key=lambda one: one[1])
    assert dict(query(server, "SELECT error_kind, used FROM dm_meta.dm_loader_error_rows")) == {
        kind: len(rows) for kind, rows in KINDS.items()
    }


def test_rows_of_csv_are_set_aside_too(server: PrivateServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", CREATE))
    lines = [*(f"{at},row {at}" for at in range(200)), "200,far too long for it", "xyz,x", "201,y"]
    (folder / "s.t.csv").write_text("".join(f"{line}\n" for line in ["id,v", *lines]))
    config = load_config(folder, max_error_rows={"type": 2})

    with pytest.raises(RowsRefusedError):
        load_dump(config, target)

    assert count(server, "s.t") == 201
    data = (folder / "s.t.csv").read_bytes()
    offsets = query(server, "SELECT file_offset FROM dm_meta.dm_loader_conflict ORDER BY 1")
    assert offsets == [(data.index(b"200,far"),), (data.index(b"xyz,x"),)]


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_rows_that_are_wrong_are_set_aside(
    load_data: bool, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", CREATE, mixed()))
    config = load_config(folder, max_error_rows={"type": 3}, load_data=load_data)

    with pytest.raises(RowsRefusedError, match=r"3 row\(s\) were refused") as caught:
        load_dump(config, target)

    assert caught.value.code == 34102
    assert count(server, "s.t") == 300
    data = (folder / "s.t.sql").read_bytes()
    assert query(
        server,
        "SELECT file_name, file_offset, errno > 0, kind, error_kind, row_data FROM dm_meta.dm_loader_conflict "
        "ORDER BY file_offset",
    ) == [("s.t.sql", data.index(row.encode()), 1, "refused", "type", row.encode()) for row in BAD]
    assert query(server, "SELECT error_kind, used FROM dm_meta.dm_loader_error_rows") == [("type", 3)]
    report = load_dump(config.changed(on_conflict="accept"), target)
    assert (report.outcome, report.accepted, report.status) == ("rows_refused", True, "finished")
    (table,) = report.tables
    assert (table.rows, table.refused, table.row_count) == (303, 3, "passed")


def test_one_row_more_is_an_error_that_names_it(server: PrivateServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", CREATE, mixed()))

    with pytest.raises(TooManyErrorRowsError, match="type: 2") as caught:
        load_dump(load_config(folder, max_error_rows={"type": 2}, pool_size=1), target)

    assert caught.value.offset == (folder / "s.t.sql").read_bytes().index(BAD[2].encode())
    assert caught.value.code == 34103
    aside = query(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_conflict")[0][0]
    assert query(server, "SELECT used FROM dm_meta.dm_loader_error_rows") == [(aside,)]
    report_rows = query(
        server, "SELECT COALESCE(SUM(row_count - refused), 0), COALESCE(SUM(refused), 0) FROM dm_meta.dm_loader_chunk"
    )
    assert report_rows == [(count(server, "s.t"), aside)]
    with pytest.raises(RowsRefusedError):
        load_dump(load_config(folder, max_error_rows={"type": 3}), target)
    assert count(server, "s.t") == 300


def test_a_kind_without_a_budget_is_an_error_as_ever(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", CREATE, [*GOOD[:5], BAD[0]]))

    with pytest.raises(RowError, match="Data too long") as caught:
        load_dump(load_config(folder, max_error_rows={"charset": 5}), target)

    assert not isinstance(caught.value, TooManyErrorRowsError)
    assert (count(server, "s.t"), chunks(server)) == (0, 0)
