"""Views: what nobody can read is told by name, none is run by the load, and none shows what only the load may read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import NotCreateStatementError, TargetError
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import query


@pytest.mark.servers
def test_views_that_nobody_can_read_are_told(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    views = {"v": "SELECT `id` FROM `t`", "w": "SELECT `id` FROM `t`"}
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), views=views)
    view = folder / "s.w-schema-view.sql"
    view.write_text(view.read_text().replace("CREATE VIEW", "CREATE DEFINER=`not_there`@`%` VIEW"))
    query(server, "DROP USER IF EXISTS not_there")

    report = load_dump(load_config(folder), target)

    (finding,) = [finding for finding in report.findings if finding.kind == "unreadable_view"]
    assert finding.table == "s.w"
    assert "its DEFINER does not exist in the target" in finding.text
    assert any("s.w: the view can't be read" in warning for warning in report.warnings)
    assert report.outcome == "clean"
    query(server, "CREATE USER not_there")
    query(server, "GRANT ALL ON s.* TO not_there")
    try:
        again = load_dump(load_config(folder, remove_meta=True, on_existing_rows="truncate"), target)
        assert not [finding for finding in again.findings if finding.kind == "unreadable_view"]
        assert query(server, "SELECT id FROM s.w") == [(1,)]
    finally:
        query(server, "DROP USER not_there")


@pytest.mark.servers
def test_the_query_of_a_view_is_not_run(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    many = ", ".join(f"information_schema.columns c{number}" for number in range(8))
    for_ever = f"SELECT COUNT(*) AS `id` FROM {many}"
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), views={"v": for_ever})

    report = load_dump(load_config(folder), target)

    assert report.outcome == "clean"
    assert len(query(server, "SHOW COLUMNS FROM s.v")) == 1


@pytest.mark.servers
@pytest.mark.parametrize(
    "waits",
    ["SELECT GET_LOCK('held by the test', 3600) AS `id`", "SELECT `id` FROM `t` WHERE `id` = (SELECT sleep(3600))"],
)
def test_a_view_that_waits_can_not_hold_a_load(
    waits: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    """TiDB would run it while it makes the view."""
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), views={"v": waits})

    with closing(server.connect()) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK('held by the test', 0)")
        with pytest.raises(
            NotCreateStatementError, match=r"(GET_LOCK|SLEEP) may not stand in a view's query"
        ) as caught:
            load_dump(load_config(folder), target)

    assert caught.value.file == "s.v-schema-view.sql"
    assert query(server, "SHOW DATABASES LIKE 's'") == []


@pytest.mark.servers
@pytest.mark.parametrize("reads", ["`mysql`.`user`", "`t`, mySQL . `user`", "dm_meta.dm_loader_load", "sys.version"])
def test_a_view_of_what_only_the_load_may_read_is_not_created(
    reads: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), views={"v": f"SELECT 1 AS `id` FROM {reads}"})

    with pytest.raises(TargetError, match="the view would show all who may read it the schema ") as caught:
        load_dump(load_config(folder), target)

    assert (caught.value.table, caught.value.file) == ("s.v", "s.v-schema-view.sql")
    assert query(server, "SHOW DATABASES LIKE 's'") == []
    if reads == "`mysql`.`user`":
        view = folder / "s.v-schema-view.sql"
        view.write_text(view.read_text().replace("CREATE VIEW", "CREATE SQL SECURITY INVOKER VIEW"))
        assert load_dump(load_config(folder), target).outcome == "clean"
