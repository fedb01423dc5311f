"""Rows that hold what the table computes by itself: told as that, and the remedy leads to a finished load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.loader import load_dump
from tests.dumps import Table, load_config, write_dump
from tests.tables import query

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_dm_loader.config import TargetConfig
    from tests.servers import AnyServer

GENERATED = "(`id` int NOT NULL, `b` int GENERATED ALWAYS AS ((`id` * 2)) STORED, PRIMARY KEY (`id`)) ENGINE=InnoDB"


@pytest.mark.servers
def test_a_plain_column_in_the_schema_file_takes_them_and_is_generated_afterwards(
    tmp_path: Path, server: AnyServer, server_kind: str, target: TargetConfig
) -> None:
    rows = Table("t", GENERATED, ["(1,2)", "(2,4)"], insert="INSERT INTO `{table}` (`id`,`b`) VALUES")
    dump = write_dump(tmp_path / "dump", rows)
    config = load_config(dump)
    with pytest.raises(LoaderError, match="generated column") as caught:
        load_dump(config, target)
    assert caught.value.errno in {1906, 3105}
    assert "overwrite GENERATED ALWAYS AS (...) in the table's schema file with spaces" in caught.value.remedy

    schema_file = dump / "s.t-schema.sql"
    computed = "GENERATED ALWAYS AS ((`id` * 2)) STORED"
    schema_file.write_text(schema_file.read_text().replace(computed, " " * len(computed)))
    query(server, "DROP TABLE s.t")
    assert load_dump(config, target).outcome == "clean"
    query(server, "ALTER TABLE s.t DROP COLUMN b")
    kind = "VIRTUAL" if server_kind == "tidb" else "STORED"  # TiDB adds no stored ones to a table
    query(server, f"ALTER TABLE s.t ADD COLUMN b int GENERATED ALWAYS AS (id * 2) {kind}")
    assert query(server, "SELECT id, b FROM s.t ORDER BY id") == [(1, 2), (2, 4)]
