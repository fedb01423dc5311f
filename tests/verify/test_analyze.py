from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import TargetError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, import_all, load_config, run_of, write_dump
from tests.tables import query


def loaded(folder: Path, target: TargetConfig, level: str) -> LoadConfig:
    config = load_config(write_dump(folder, Table("t", rows=['(1,"a")']), Table("u")), analyze=level)
    import_all(config, target)
    return config


@pytest.mark.parametrize(("level", "tables"), [("required", 2), ("optional", 2), ("off", 0)])
def test_every_table_is_analyzed_unless_it_is_off(
    level: str, tables: int, target: TargetConfig, tmp_path: Path
) -> None:
    config = loaded(tmp_path / "dump", target, level)

    assert loader.analyze(run_of(config, target)) == {"tables": tables, "problems": {}}


def test_a_table_that_can_not_be_analyzed_is_a_problem_where_it_is_optional(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    config = loaded(tmp_path / "dump", target, "optional")
    query(server, "DROP TABLE s.t")

    found = loader.analyze(run_of(config, target))

    assert found["tables"] == 1
    assert list(found["problems"]) == ["s.t"]  # type: ignore[call-overload]


def test_a_table_that_can_not_be_analyzed_fails_the_load_where_it_is_required(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    config = loaded(tmp_path / "dump", target, "required")
    query(server, "DROP TABLE s.t")

    with pytest.raises(TargetError, match="1 of 2 tables") as caught:
        loader.analyze(run_of(config, target))

    assert caught.value.table == "s.t"
