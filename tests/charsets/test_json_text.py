"""JSON, which no charset is said of, is text of its file's charset: each letter arrives, on every server."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import query

JSON = "(`id` int NOT NULL, `j` json, `v` varchar(9), PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"


@pytest.mark.servers
@pytest.mark.parametrize(("names", "codec"), [("latin1", "cp1252"), ("utf8mb4", "utf-8"), ("binary", "utf-8")])
def test_json_in_a_sql_file(names: str, codec: str, server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", JSON, ["""(1,'{"k": "né"}','né')"""]))
    data = folder / "s.t.sql"
    text = f"/*!40101 SET NAMES {names}*/;\nINSERT INTO `t` VALUES\n(1,'{{\"k\": \"né\"}}','né');\n"
    data.write_bytes(text.encode(codec))

    report = load_dump(load_config(folder), target)

    assert report.outcome == "clean"
    assert query(server, "SELECT JSON_UNQUOTE(JSON_EXTRACT(j, '$.k')), v FROM s.t") == [("né", "né")]
