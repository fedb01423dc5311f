"""A view whose DEFINER the target lacks is created, and nobody can read it: that is told by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
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
