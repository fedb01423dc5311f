from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump.arriving import arrived_inventory, certain_files, finished_names
from airflow_dm_loader.dump.filenames import FileKind
from airflow_dm_loader.dump.storage import StoredFile

SCHEMA_FILES = ["shop-schema-create.sql", "shop.orders-schema.sql"]


def certain(*names: str, whole: set[str] | None = None, unsure: set[str] | None = None) -> list[str]:
    def is_certain(name: str, _: FileKind) -> bool:
        return name not in (unsure or set())

    return [file.name for file in certain_files([StoredFile(name, 1) for name in names], whole, is_certain)]


@pytest.mark.parametrize(
    "name",
    [
        "shop.orders.sql",
        "shop.orders.00000.sql",
        "shop.orders.00000.00003.sql.zst",
        "shop.orders.000000000.csv",
        "shop.orders.0000000010000.sql.gz",
        "shop.orders.000000000.snappy.parquet",
    ],
)
def test_rows_come_with_the_files_that_create_their_table(name: str) -> None:
    assert certain(*SCHEMA_FILES, name) == sorted([*SCHEMA_FILES, name])
    assert certain(*SCHEMA_FILES) == []
    for missing in SCHEMA_FILES:
        assert certain(*(set(SCHEMA_FILES) - {missing}), name) == []
        assert certain(*SCHEMA_FILES, name, unsure={missing}) == []


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        ("shop.a.b-schema.sql", "shop.a.b.sql"),  # a schema a.b, or a table b.c?
        ("shop.orders%2Eold-schema.sql", "shop.orders%2Eold.000000000.sql"),  # dumpling's, or a name of mydumper's?
        ("shop.mydumper_3-schema.sql", "shop.mydumper_3.00000.sql"),  # metadata has its name
        ("shop.orders-schema.sql", "shop.orders.7.sql"),  # a part, or a table orders.7?
        ("shop.orders-schema.sql", "shop.orders.00000.dat"),  # its statement tells how it reads
        ("shop.t-schema-schema.sql", "shop.t-schema.sql"),
    ],
)
def test_a_name_that_more_must_be_known_of_waits(schema: str, rows: str) -> None:
    assert certain("shop-schema-create.sql", schema, rows) == []


def test_a_statement_of_load_data_is_not_taken_for_rows() -> None:
    names = [*SCHEMA_FILES, "shop.orders.00000.sql", "shop.orders.00000.dat"]
    assert certain(*names, whole={*names} - {"shop.orders.00000.dat"}) == []


def test_files_that_the_list_does_not_name_wait() -> None:
    rows = ["shop.orders.00000.sql", "shop.orders.00001.sql"]
    assert certain(*SCHEMA_FILES, *rows, whole={*SCHEMA_FILES, rows[1]}) == [*SCHEMA_FILES, rows[1]]
    assert certain(*SCHEMA_FILES, *rows, whole={rows[1]}) == []


def test_views_and_programs_wait_for_the_end() -> None:
    others = ["shop.v-schema.sql", "shop.v-schema-view.sql", "shop.orders-schema-triggers.sql", "shop-schema-post.sql"]
    rows = "shop.orders.sql"
    chosen = certain_files([StoredFile(name, 1) for name in [*SCHEMA_FILES, *others, rows]], None, lambda *_: True)
    assert [file.name for file in chosen] == sorted([*SCHEMA_FILES, rows])
    inventory = arrived_inventory(chosen, "so far")
    assert (inventory.fingerprint, inventory.views, inventory.warnings) == ("so far", {}, ())
    assert [file.name for file in inventory.data_files] == [rows]


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (b"", set()),
        (b"shop.a.sql", set()),  # its line may go on
        (b"shop.a.sql\nshop.b.sq", {"shop.a.sql"}),
        (b"/dumps/night/shop.a.sql\r\n\n", {"shop.a.sql"}),
        (b"\n-- shop.a b.sql 0\n\n-- metadata.header 217\n", {"shop.a b.sql", "metadata.header"}),
        ("shop.größe.sql\n".encode(), {"shop.größe.sql"}),
    ],
)
def test_names_in_a_list_of_finished_files(raw: bytes, names: set[str]) -> None:
    assert finished_names(raw) == names


@given(st.binary(max_size=200))
def test_any_list_is_read(raw: bytes) -> None:
    names = finished_names(raw)
    assert all(name and "/" not in name and "\n" not in name for name in names)
    assert len(names) <= raw.count(b"\n")
