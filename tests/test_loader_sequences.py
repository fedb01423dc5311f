"""A MariaDB sequence as mydumper 0.10 dumps it: as a table with one row."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import NotCreateStatementError, RowError, TargetError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import count, hashes_by_client, one, query, table_hashes

MARIADB_ALONE = pytest.mark.only_on("mariadb", because="MySQL has no sequences")

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


@MARIADB_ALONE
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


@MARIADB_ALONE
def test_a_sequence_of_another_schema_is_not_used_up(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE theirs")
    query(server, "CREATE SEQUENCE theirs.ids")
    create = "(`id` int NOT NULL, `n` int DEFAULT nextval(`theirs`.`ids`), PRIMARY KEY (`id`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("a", create, ["(100,1)"]))

    with pytest.raises(TargetError, match=r"reach out of its own schema: the sequence theirs\.ids") as caught:
        load_dump(load_config(folder), target)
    assert one(server, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 's'") == 0

    assert "by hand" in str(caught.value.remedy)
    query(server, "CREATE DATABASE IF NOT EXISTS s")
    query(server, f"CREATE TABLE s.a {create}")
    assert load_dump(load_config(folder), target).outcome == "clean"
    assert one(server, "SELECT NEXTVAL(theirs.ids)") == 1


@MARIADB_ALONE
def test_sequences_stand_before_the_tables_that_use_them(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    sequence = Table("z_ids", SEQUENCE, ["(1100,1,9223372036854775806,100,1,1000,0,0)"])
    folder = write_dump(tmp_path / "dump", sequence, Table("a", USES_IT, ["(100,1)"]))

    report = load_dump(load_config(folder, pool_size=1), target)

    assert (report.outcome, one(server, VALUE), count(server, "s.a")) == ("clean", 1100, 1)


@MARIADB_ALONE
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


@MARIADB_ALONE
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


@MARIADB_ALONE
def test_a_sequence_that_nobody_used_yet_gets_its_value(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE SEQUENCE s.z_ids START WITH 100")
    sequence = Table("z_ids", SEQUENCE, ["(1100,1,9223372036854775806,100,1,1000,0,0)"])

    load_dump(load_config(write_dump(tmp_path / "dump", sequence)), target)

    assert one(server, VALUE) == 1100


# -- in files of their own, as mydumper 0.11 and later, and dumpling of a TiDB, write them

OF_MYDUMPER = (
    "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n"
    "CREATE SEQUENCE `z_ids` start with 100 minvalue 1 maxvalue 9223372036854775806 increment by 1 cache 1000 nocycle "
    "ENGINE=InnoDB;\nDO SETVAL(`z_ids`, 1100, 0);\n"
)
OF_DUMPLING = (
    "/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40101 SET NAMES binary*/;\n"
    "CREATE SEQUENCE `z_ids` start with 100 minvalue 1 maxvalue 9223372036854775806 increment by 1 cache 1000 nocycle "
    "ENGINE=InnoDB;\nSELECT SETVAL(`z_ids`,1099);\n"
)
NUMBERED = "(`id` int NOT NULL DEFAULT nextval(`s`.`z_ids`), `v` int, PRIMARY KEY (`id`)) ENGINE=InnoDB"


def with_sequence(folder: Path, text: str, *rows: str, create: str = NUMBERED) -> Path:
    write_dump(folder, Table("a", create, list(rows or ["(100,1)"])))
    (folder / "s.z_ids-schema-sequence.sql").write_text(text)
    return folder


@pytest.mark.servers
@pytest.mark.parametrize("text", [OF_MYDUMPER, OF_DUMPLING], ids=["mydumper", "dumpling"])
def test_a_sequence_of_a_file_of_its_own_is_made_first_and_goes_on(
    text: str, server: AnyServer, server_kind: str, target: TargetConfig, tmp_path: Path
) -> None:
    if server_kind == "mysql":
        plain = "(`id` int NOT NULL, `v` int, PRIMARY KEY (`id`)) ENGINE=InnoDB"
        report = load_dump(load_config(with_sequence(tmp_path / "dump", text, create=plain)), target)
        told = [warning for warning in report.warnings if "the target has no sequences" in warning]
        assert told == ["the target has no sequences, and these of the dump are not created: s.z_ids"]
        return

    report = load_dump(load_config(with_sequence(tmp_path / "dump", text)), target)

    assert (report.outcome, report.not_loaded) == ("clean", {})
    query(server, "INSERT INTO s.a (v) VALUES (2)")
    assert query(server, "SELECT id, v FROM s.a ORDER BY id") == [(100, 1), (1100, 2)]


@MARIADB_ALONE
def test_a_resume_moves_it_once_and_never_back(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    config = load_config(with_sequence(tmp_path / "dump", OF_MYDUMPER, "(100,1)", "(101,'x')"))
    with pytest.raises(RowError):
        load_dump(config, target)
    assert one(server, "SELECT NEXTVAL(s.z_ids)") == 1100
    data = tmp_path / "dump" / "s.a.sql"
    data.write_text(data.read_text().replace("'x'", "002"))

    report = load_dump(config, target)

    assert (report.outcome, one(server, "SELECT NEXTVAL(s.z_ids)")) == ("clean", 1101)
    assert not [warning for warning in report.warnings if "exists" in warning]


@MARIADB_ALONE
def test_one_that_exists_stays_and_is_moved_to_the_dumps_value(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE SEQUENCE s.z_ids START WITH 5 INCREMENT BY 10")

    report = load_dump(load_config(with_sequence(tmp_path / "dump", OF_MYDUMPER)), target)

    assert [warning for warning in report.warnings if "the sequence s.z_ids exists, and stays as it is" in warning]
    assert "increment by 10" in str(query(server, "SHOW CREATE SEQUENCE s.z_ids"))
    assert int(str(one(server, "SELECT NEXTVAL(s.z_ids)"))) >= 1100


@MARIADB_ALONE
@pytest.mark.parametrize(
    "text",
    [
        OF_MYDUMPER.replace("SETVAL(`z_ids`", "SETVAL(`other`"),
        OF_MYDUMPER.replace("1100", "(SELECT 1)"),
        OF_MYDUMPER + "DO SETVAL(`z_ids`, 7, 0);\n",
    ],
)
def test_a_file_of_a_sequence_sets_that_sequence_alone(text: str, target: TargetConfig, tmp_path: Path) -> None:
    with pytest.raises(NotCreateStatementError):
        load_dump(load_config(with_sequence(tmp_path / "dump", text)), target)
