from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.tool_losses import tool_losses
from airflow_dm_loader.loader import load_dump
from tests.dumps import Table, write_dump

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_dm_loader.config import TargetConfig
    from airflow_dm_loader.report import Finding

VERSIONED = "(`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB WITH SYSTEM VERSIONING"


def found(*bodies: str) -> list[Finding]:
    tables = [(f"s.t{at}", parse_create_table(f"CREATE TABLE `t{at}` {body}")) for at, body in enumerate(bodies)]
    return list(tool_losses((name, table) for name, table in tables if table is not None))


@pytest.mark.parametrize(
    "body",
    [
        VERSIONED,
        "(a int) ENGINE=InnoDB with system versioning PARTITION BY SYSTEM_TIME (PARTITION p0 HISTORY)",
        "(a int, s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END, "
        "PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
    ],
)
def test_a_table_that_keeps_history_is_told_by_name(body: str) -> None:
    (one,) = found("(a int)", body)
    assert (one.kind, one.table, one.pauses) == ("row_history", "s.t1", False)


def test_words_of_a_comment_or_a_default_are_no_option() -> None:
    assert found("(a varchar(40) DEFAULT 'WITH SYSTEM VERSIONING') COMMENT='SYSTEM VERSIONING'") == []


def test_float_columns_are_one_remark_with_the_first_of_them() -> None:
    (one,) = found("(a float, b float DEFAULT NULL)", "(`c d` float unsigned, e float, f float, g float, h float)")
    assert (one.kind, one.table) == ("float_digits", "")
    assert one.text.endswith("s.t0.a, s.t0.b, s.t1.c d, s.t1.e, s.t1.f and 2 more")


@pytest.mark.parametrize("column", ["double", "float(7,3)", "decimal(10,2)", "float GENERATED ALWAYS AS (1) STORED"])
def test_what_is_written_whole_or_computed_anew_is_no_remark(column: str) -> None:
    assert found(f"(a {column}, b varchar(9) DEFAULT 'float')") == []


@pytest.mark.only_on("mariadb", because="no other server has tables WITH SYSTEM VERSIONING")
def test_the_report_of_a_clean_load_says_what_the_dump_could_not_hold(tmp_path: Path, target: TargetConfig) -> None:
    floats = "(`id` int NOT NULL, `f` float, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    dump = write_dump(tmp_path / "dump", Table("v", VERSIONED, ["(1)"]), Table("f", floats, ["(1,1.5)"]))
    config = LoadConfig(task_name="t", dump_uri=str(dump))
    report = load_dump(config, target)
    assert report.outcome == "clean"
    assert [(one.kind, one.table) for one in report.findings] == [("row_history", "s.v"), ("float_digits", "")]
    again = load_dump(config, target)
    assert again.findings == report.findings
