from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.inventory import take_inventory
from airflow_dm_loader.dump.metadata import DumpMetadata, TableMetadata
from airflow_dm_loader.dump.storage import StoredFile
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedDatabase, PlannedView
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.plan.router import Extracted

SHARDS = (
    "shop-schema-create.sql",
    "shop.customers-schema.sql",
    "shop.customers.sql",
    "shop.v-schema.sql",
    "shop.v-schema-view.sql",
    "shop_eu-schema-create.sql",
    "shop_eu.sales_00-schema.sql",
    "shop_eu.sales_00.sql",
    "shop_eu.sales_01-schema.sql",
    "shop_eu.sales_01.sql",
    "shop_us-schema-create.sql",
    "shop_us.sales_00-schema.sql",
    "shop_us.sales_00.sql",
)
SALES = {"schema-pattern": "shop_*", "table-pattern": "sales_*", "target-schema": "all", "target-table": "sales"}


def plan(*names: str, tables: dict[TableName, TableMetadata] | None = None, **settings: Any) -> LoadPlan:
    listing = [StoredFile(name, 10) for name in ("metadata", *names)]
    inventory = take_inventory(listing, DumpMetadata(tool="text", tables=tables or {}), b"")
    return make_plan(inventory, LoadConfig(**{"task_name": "t", "dump_uri": "/dump", **settings}))


def test_shards_become_one_table_that_knows_its_sources() -> None:
    found = plan(*SHARDS, routes=[SALES])

    assert [table.name for table in found.tables] == ["all.sales", "shop.customers"]
    sales = found.tables[0]
    assert [source.name for source in sales.sources] == ["shop_eu.sales_00", "shop_eu.sales_01", "shop_us.sales_00"]
    assert (sales.schema_file, sales.has_data, sales.file_bytes) == ("shop_eu.sales_00-schema.sql", True, 30)
    assert [(file.file_id, file.source.name, file.schema, file.table) for file in found.files] == [
        (0, "shop.customers.sql", "shop", "customers"),
        (1, "shop_eu.sales_00.sql", "all", "sales"),
        (2, "shop_eu.sales_01.sql", "all", "sales"),
        (3, "shop_us.sales_00.sql", "all", "sales"),
    ]


def test_a_database_that_everything_is_routed_away_from_is_not_created() -> None:
    found = plan(*SHARDS, routes=[SALES])

    assert found.databases == (
        PlannedDatabase("all", "shop_eu-schema-create.sql"),  # as the first of its sources was created
        PlannedDatabase("shop", "shop-schema-create.sql"),
    )
    assert found.left_out.databases == ()  # routed, not filtered


def test_a_database_without_tables_goes_where_schema_rules_say() -> None:
    rules = [{"schema-pattern": "a", "target-schema": "b"}]

    assert plan("a-schema-create.sql", routes=rules).databases == (PlannedDatabase("b", "a-schema-create.sql"),)
    assert plan("a-schema-create.sql").databases == (PlannedDatabase("a", "a-schema-create.sql"),)


def test_what_is_filtered_is_neither_created_nor_loaded_but_counted() -> None:
    found = plan(*SHARDS, block_allow_list={"do-dbs": ["shop*"], "ignore-dbs": [], "do-tables": [
        {"db-name": "shop_eu", "tbl-name": "~0$"},
    ]})  # fmt: skip

    assert [table.name for table in found.tables] == ["shop_eu.sales_00"]
    assert [file.source.name for file in found.files] == ["shop_eu.sales_00.sql"]
    assert found.databases == (PlannedDatabase("shop_eu", "shop_eu-schema-create.sql"),)
    assert found.views == ()
    assert found.left_out.tables == ("shop.customers", "shop_eu.sales_01", "shop_us.sales_00")
    assert (found.left_out.views, found.left_out.file_bytes) == (("shop.v",), 30)
    assert found.left_out.counts() == {"filtered tables": 3, "filtered views": 1, "filtered data files": 3}


def test_a_filtered_database_is_counted() -> None:
    found = plan(*SHARDS, block_allow_list={"ignore-dbs": ["shop_*"]})

    assert found.left_out.databases == ("shop_eu", "shop_us")
    assert found.left_out.counts() == {"filtered databases": 2, "filtered tables": 3, "filtered data files": 3}


def test_a_filter_does_not_change_the_numbers_of_the_files_that_stay() -> None:
    filtered = plan(*SHARDS, block_allow_list={"ignore-dbs": ["shop_eu"]})

    assert {file.source.name: file.file_id for file in filtered.files} == {
        "shop.customers.sql": 0,
        "shop_us.sales_00.sql": 3,
    }


def test_a_data_file_in_a_form_that_can_t_be_loaded_may_be_filtered() -> None:
    found = plan("a.t-schema.sql", "a.t.sql", "b.u-schema.sql", "b.u.csv", block_allow_list={"do-dbs": ["a"]})

    assert [file.source.name for file in found.files] == ["a.t.sql"]


def test_a_view_that_a_route_would_move_is_left_out_and_named() -> None:
    found = plan(*SHARDS, routes=[{"schema-pattern": "shop", "target-schema": "new"}])

    assert (found.views, found.left_out.routed_views) == ((), ("shop.v",))
    assert found.left_out.counts() == {"views that routes would move": 1}
    assert any("the view shop.v is not created" in warning for warning in found.warnings)
    assert plan(*SHARDS, routes=[SALES]).views == (PlannedView("shop", "v", "shop.v-schema-view.sql"),)


def test_what_a_table_takes_along_is_in_its_source_and_its_files() -> None:
    rule = SALES | {"extract-table": {"target-column": "shard", "table-regexp": "_(..)$"}}
    found = plan(*SHARDS, routes=[rule])

    assert [file.extracted for file in found.files][:2] == [(), (Extracted("shard", "00"),)]
    assert found.tables[0].extracted_columns == ("shard",)


def test_what_does_nothing_is_a_warning() -> None:
    rule = SALES | {"extract-table": {"target-column": "shard", "table-regexp": "_(x)$"}}
    found = plan(*SHARDS, routes=[rule, {"schema-pattern": "typo", "target-schema": "x"}])

    assert "no table of the dump matches the route typo -> x" in found.warnings
    assert "column 'shard' is empty in all rows of 2 source table(s), as in DM: '_(x)$' does not match 'sales_00'" in (
        found.warnings
    )


@pytest.mark.parametrize(
    ("routes", "words"),
    [
        ([SALES | {"target-schema": "shop", "target-table": "v"}], "where the dump has the view shop.v"),
        ([SALES, SALES], "matches more than one rule"),
    ],
)
def test_routes_that_contradict_are_refused(routes: list[dict[str, str]], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(*SHARDS, routes=routes)

    assert caught.value.code == 20045
    assert words in caught.value.message


def test_rows_and_checksums_of_merged_tables_are_summed_where_all_are_known() -> None:
    def sales(**of_01: Any) -> TableMetadata:
        found = plan(
            *SHARDS[5:10],
            routes=[SALES],
            tables={
                TableName("shop_eu", "sales_00"): TableMetadata("sales_00", rows=3, data_checksum="4294967295"),
                TableName("shop_eu", "sales_01"): TableMetadata("sales_01", **of_01),
            },
        ).tables[0]
        assert found.metadata is not None
        return found.metadata

    both = sales(rows=4, data_checksum="2")
    assert (both.rows, both.data_checksum) == (7, "1")  # the server's sum has 32 bits
    assert (sales(rows=4).rows, sales(rows=4).data_checksum) == (7, None)
    assert sales(data_checksum="2").rows is None


def test_two_plans_with_the_same_places_are_known_as_the_same() -> None:
    rule = SALES | {"extract-table": {"target-column": "shard", "table-regexp": "_(..)$"}}

    assert plan(*SHARDS).placement == plan(*SHARDS, block_allow_list={"ignore-dbs": ["x"]}).placement
    placements = [
        plan(*SHARDS).placement,
        plan(*SHARDS, routes=[SALES]).placement,
        plan(*SHARDS, routes=[rule]).placement,
    ]
    assert len(set(placements)) == 3


@pytest.mark.parametrize(
    "schema", ["mysql", "sys", "MySQL", "performance_schema", "INFORMATION_SCHEMA", "dm_meta", "DM_Meta"]
)
def test_schemas_of_the_server_and_of_the_loader_are_left_out_with_a_word(schema: str) -> None:
    found = plan(
        *(f"{name}-schema-create.sql" for name in (schema, "shop")),
        *(f"{name}.t{end}" for name in (schema, "shop") for end in ("-schema.sql", ".sql")),
        f"{schema}.v-schema-view.sql",
    )

    assert [table.name for table in found.tables] == ["shop.t"]
    assert [database.schema for database in found.databases] == ["shop"]
    assert (found.views, [file.source.name for file in found.files]) == ((), ["shop.t.sql"])
    (warning,) = [text for text in found.warnings if "is left out" in text]
    assert f"the schema {schema} of the dump is left out: it is the" in warning


def test_the_meta_schema_is_the_one_of_the_settings() -> None:
    names = ("state.t-schema.sql", "state.t.sql", "dm_meta.t-schema.sql", "dm_meta.t.sql")
    found = plan(*names, meta_schema="State")
    assert [table.name for table in found.tables] == ["dm_meta.t"]


@pytest.mark.parametrize("target", ["mysql", "SYS", "dm_meta", "Dm_Meta"])
def test_no_route_leads_into_a_schema_that_is_not_a_users(target: str) -> None:
    names = ("shop-schema-create.sql", "shop.t-schema.sql", "shop.t.sql")
    with pytest.raises(ConfigError, match=f"routes put shop into the schema {target}") as caught:
        plan(*names, routes=[{"schema-pattern": "shop", "target-schema": target}])
    assert caught.value.code == 20045


def test_a_schema_of_a_server_may_be_routed_into_one_of_a_user() -> None:
    names = ("mysql.t-schema.sql", "mysql.t.sql")
    found = plan(*names, routes=[{"schema-pattern": "mysql", "target-schema": "copy_of_mysql"}])
    assert [table.name for table in found.tables] == ["copy_of_mysql.t"]
