from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.inventory import Companion, DumpInventory, read_inventory, take_inventory
from airflow_dm_loader.dump.metadata import DumpMetadata, TableMetadata
from airflow_dm_loader.dump.storage import LocalStorage, StoredFile
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import (
    LARGE_TABLE_BYTES,
    LoadPlan,
    PlannedDatabase,
    PlannedTable,
    PlannedView,
    shares,
)
from airflow_dm_loader.plan.planner import make_plan

DUMPS = Path(__file__).parents[1] / "data" / "dumps"
CONFIG = LoadConfig(task_name="t", dump_uri="/dump")
SIZES = st.dictionaries(st.integers(0, 500), st.integers(0, 10**9), max_size=60)


def inventory(*names: str, metadata: DumpMetadata | None = None) -> DumpInventory:
    listing = [StoredFile(name, 10) for name in ("metadata", *names)]
    return take_inventory(listing, metadata or DumpMetadata(tool="text"), b"")


def plan_of(*names: str, metadata: DumpMetadata | None = None) -> LoadPlan:
    return make_plan(inventory(*names, metadata=metadata), CONFIG)


SMALL = (
    "b-schema-create.sql",
    "b.t-schema.sql",
    "b.t.00001.sql.gz",
    "b.t.00000.sql.zst",
    "b.empty-schema.sql",
    "b.v-schema.sql",
    "b.v-schema-view.sql",
    "a.x.00000.sql",
)


def test_what_goes_where() -> None:
    plan = plan_of(*SMALL)
    assert plan.databases == (PlannedDatabase("a", None), PlannedDatabase("b", "b-schema-create.sql"))
    assert [(table.schema, table.table, table.schema_file, table.has_data) for table in plan.tables] == [
        ("a", "x", None, True),
        ("b", "empty", "b.empty-schema.sql", False),
        ("b", "t", "b.t-schema.sql", True),
    ]
    assert plan.views == (PlannedView("b", "v", "b.v-schema-view.sql"),)
    assert [(file.file_id, file.source.name, file.schema, file.table) for file in plan.files] == [
        (0, "a.x.00000.sql", "a", "x"),
        (1, "b.t.00000.sql.zst", "b", "t"),
        (2, "b.t.00001.sql.gz", "b", "t"),
    ]


@given(names=st.permutations(SMALL))
def test_the_order_of_the_listing_does_not_matter(names: list[str]) -> None:
    assert plan_of(*names) == plan_of(*SMALL)


def test_a_database_of_views_alone_is_created_too() -> None:
    plan = plan_of("a.v-schema.sql", "a.v-schema-view.sql")
    assert plan.databases == (PlannedDatabase("a", None),)
    assert (plan.tables, plan.files) == ((), ())


def test_an_empty_database_is_created_too() -> None:
    assert plan_of("a-schema-create.sql").databases == (PlannedDatabase("a", "a-schema-create.sql"),)


def test_a_dump_of_nothing_is_a_plan_of_nothing() -> None:
    assert plan_of() == LoadPlan((), (), (), ())


def test_what_metadata_says_of_a_table_goes_with_it() -> None:
    said = TableMetadata("t", rows=7, data_checksum="1")
    plan = plan_of("b.t-schema.sql", metadata=DumpMetadata(tool="ini", tables={TableName("b", "t"): said}))
    assert [table.metadata for table in plan.tables] == [said]
    assert [table.metadata for table in plan_of("b.t-schema.sql").tables] == [None]


def test_a_table_knows_the_stored_bytes_of_its_files() -> None:
    assert {table.table: table.file_bytes for table in plan_of(*SMALL).tables} == {"x": 10, "empty": 0, "t": 20}


@pytest.mark.parametrize(
    ("file_bytes", "large"), [(0, False), (LARGE_TABLE_BYTES - 1, False), (LARGE_TABLE_BYTES, True)]
)
def test_a_table_is_large_by_what_is_stored_of_it(file_bytes: int, large: bool) -> None:
    assert PlannedTable("s", "t", None, True, None, file_bytes).is_large is large


def test_triggers_and_routines_are_not_planned() -> None:
    plan = plan_of("b.t-schema.sql", "b.t-schema-triggers.sql", "b-schema-post.sql")
    assert [table.table for table in plan.tables] == ["t"]
    assert plan.files == ()


@pytest.mark.parametrize("name", ["mydumper-0.10", "mydumper-0.10-gz-rows", "mydumper-1.0", "mydumper-1.0-zstd"])
def test_a_real_dump_is_planned_whole(name: str) -> None:
    real = read_inventory(LocalStorage(DUMPS / name), require_finished=True)
    plan = make_plan(real, CONFIG)
    assert [file.source for file in plan.files] == list(real.data_files)
    assert [file.file_id for file in plan.files] == list(range(len(plan.files)))
    assert {(table.schema, table.table) for table in plan.tables} == set(real.table_schemas)
    assert {(view.schema, view.view) for view in plan.views} == set(real.views)
    assert {database.schema for database in plan.databases} == {table.schema for table in plan.tables}


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("b.t.00000.dat", ".sql file beside it is missing"),
        ("b.t.000000000.parquet.gz", "compressed as a whole"),
        ("b.t.00000.sql.xz", "xz"),
        ("b.t.00000.sql.bz2", "bzip2"),
    ],
)
def test_data_in_a_form_that_can_not_be_loaded_is_refused_by_name(name: str, what: str) -> None:
    with pytest.raises(DumpFormatError) as caught:
        plan_of("b.a.00000.sql", "b.t-schema.sql", name)
    assert caught.value.file == name
    assert what in caught.value.message
    assert caught.value.remedy.startswith(("Decompress it", "Compress with gzip", "Put the file back"))


def test_a_dat_file_is_planned_with_its_load_data_statement() -> None:
    plan = plan_of(
        "b.t.00000.sql", "b.t.00000.dat", "b.u.00000.sql.gz", "b.u.00000.00000.dat.gz", "b.u.00000.00001.dat.gz"
    )
    assert [(file.source.name, file.source.companion) for file in plan.files] == [
        ("b.t.00000.dat", Companion("b.t.00000.sql", Compression.NONE, 1)),
        ("b.u.00000.00000.dat.gz", Companion("b.u.00000.sql.gz", Compression.GZIP, 2)),
        ("b.u.00000.00001.dat.gz", Companion("b.u.00000.sql.gz", Compression.GZIP, 2)),
    ]


def test_a_load_data_statement_that_no_dat_file_needs_is_refused() -> None:
    with pytest.raises(DumpFormatError, match="what is this one for") as caught:
        plan_of("b.t.sql", "b.t.00000.sql", "b.t.00000.dat")
    assert caught.value.file == "b.t.sql"


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_plain_gzip_and_zstd_are_planned(suffix: str) -> None:
    (file,) = plan_of(f"b.t.00000.sql{suffix}").files
    assert file.source.compression in {Compression.NONE, Compression.GZIP, Compression.ZSTD}


# Shares


@given(file_bytes=SIZES, count=st.integers(-1, 80))
def test_each_file_is_in_one_share(file_bytes: dict[int, int], count: int) -> None:
    dealt = shares(file_bytes, count)
    assert sorted(file_id for share in dealt for file_id in share) == sorted(file_bytes)


@given(file_bytes=SIZES, count=st.integers(-1, 80))
def test_there_are_as_many_shares_as_asked_but_none_is_empty_save_the_only_one(
    file_bytes: dict[int, int], count: int
) -> None:
    dealt = shares(file_bytes, count)
    assert len(dealt) == max(1, min(count, len(file_bytes)))
    assert all(dealt) or dealt == ((),)


@given(file_bytes=SIZES, count=st.integers(1, 8), data=st.data())
def test_the_same_files_are_always_dealt_the_same_way(
    file_bytes: dict[int, int], count: int, data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(file_bytes.items()))))
    assert shares(shuffled, count) == shares(file_bytes, count)


@given(file_bytes=SIZES.filter(bool), count=st.integers(1, 8))
def test_shares_differ_by_one_file_at_most(file_bytes: dict[int, int], count: int) -> None:
    loads = [sum(max(file_bytes[file_id], 1) for file_id in share) for share in shares(file_bytes, count)]
    assert max(loads) - min(loads) <= max(*file_bytes.values(), 1)


def test_the_largest_files_are_dealt_first() -> None:
    assert shares({0: 1, 1: 50, 2: 30, 3: 25}, 2) == ((1, 0), (2, 3))
