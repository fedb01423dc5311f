"""A MariaDB sequence as mydumper 0.10 dumps it: as a table with one row."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import RowError, TargetError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.tables import count, hashes_by_client, one, query, table_hashes

# As mydumper 0.10.0 wrote it of MariaDB 10.11: CREATE SEQUENCE order_ids START WITH 100, and one NEXTVAL.
SEQUENCE = """(
  `next_not_cached_value` bigint(21) NOT NULL,
  `minimum_value` bigint(21) NOT NULL,
  `maximum_value` bigint(21) NOT NULL,
  `start_value` bigint(21) NOT NULL COMMENT 'start value when sequences is created or value if RESTART is used',
  `increment` bigint(21) NOT NULL COMMENT 'increment value',
  `cache_size` bigint(21) unsigned NOT NULL,
  `cycle_option` tinyint(1) unsigned NOT NULL COMMENT '0 if no cycles are allowed, 1 if the sequence should begin \
a new cycle when maximum_value is passed',
  `cycle_count` bigint(21) NOT NULL COMMENT 'How many cycles have been done'
) ENGINE=InnoDB SEQUENCE=1"""


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_a_sequence_goes_on_where_it_was(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    order_ids = Table("order_ids", SEQUENCE, ["(1100,1,9223372036854775806,100,1,1000,0,0)"])
    folder = write_dump(tmp_path / "dump", order_ids, Table("t", rows=['(1,"a")']))
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder, load_data=load_data), target)

    assert (report.status, report.outcome) == ("finished", "clean")
    assert table_hashes(server, ["s"]) == reference
    kinds = "SELECT table_type FROM information_schema.tables WHERE table_schema = 's' AND table_name = 'order_ids'"
    assert one(server, kinds) == "SEQUENCE"
    assert [one(server, "SELECT NEXTVAL(s.order_ids)") for _ in range(2)] == [1100, 1101]


USES_IT = "(`id` int NOT NULL DEFAULT nextval(`s`.`z_ids`), `v` int CHECK (`v` < 5), PRIMARY KEY (`id`)) ENGINE=InnoDB"
VALUE = "SELECT next_not_cached_value FROM s.z_ids"


def test_sequences_stand_before_the_tables_that_use_them(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    sequence = Table("z_ids", SEQUENCE, ["(1100,1,9223372036854775806,100,1,1000,0,0)"])
    folder = write_dump(tmp_path / "dump", sequence, Table("a", USES_IT, ["(100,1)"]))

    report = load_dump(load_config(folder, pool_size=1), target)

    assert (report.outcome, one(server, VALUE), count(server, "s.a")) == ("clean", 1100, 1)


def test_a_resume_knows_its_sequences_and_leaves_them_their_values(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    sequence = Table("z_ids", SEQUENCE, ["(1100,1,9223372036854775806,100,1,1000,0,0)"])
    folder = write_dump(tmp_path / "dump", sequence, Table("a", USES_IT, ["(100,1)", "(101,9)"]))
    for _ in range(2):
        with pytest.raises(RowError):
            load_dump(load_config(folder), target)
    assert loader.plan_dump(load_config(folder), target).problems == ()
    data = folder / "s.a.sql"
    data.write_text(data.read_text().replace("(101,9)", "(101,2)"))

    report = load_dump(load_config(folder), target)

    assert (report.outcome, one(server, VALUE), count(server, "s.a")) == ("clean", 1100, 2)


def test_a_sequence_that_somebody_uses_is_not_set_back(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE SEQUENCE s.z_ids START WITH 5000")
    query(server, "SELECT NEXTVAL(s.z_ids)")
    sequence = Table("z_ids", SEQUENCE, ["(1100,1,9223372036854775806,100,1,1000,0,0)"])
    folder = write_dump(tmp_path / "dump", sequence)

    with pytest.raises(TargetError, match="the target has a sequence of this name"):
        load_dump(load_config(folder), target)

    assert one(server, "SELECT NEXTVAL(s.z_ids)") == 5001


def test_a_sequence_that_nobody_used_yet_gets_its_value(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE SEQUENCE s.z_ids START WITH 100")
    sequence = Table("z_ids", SEQUENCE, ["(1100,1,9223372036854775806,100,1,1000,0,0)"])

    load_dump(load_config(write_dump(tmp_path / "dump", sequence)), target)

    assert one(server, VALUE) == 1100
