"""What an error about the dump's files, settings or names says to do is done, and the load ends clean."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stage import ROWS, Stage
from tests.dumps import METADATA, WITH_KEY, Table, load_soon, write_dump
from tests.tables import count

Step = Callable[[Stage], None]


def dumped(create: str | None = WITH_KEY, rows: tuple[str, ...] = ROWS, *steps: Step, **more: Any) -> Step:
    def provoke(stage: Stage) -> None:
        write_dump(stage.folder, Table("t", create, rows), **more)
        for step in steps:
            step(stage)

    return provoke


def sql(*statements: str) -> Step:
    return lambda stage: stage.sql(*statements)


def setting(**settings: Any) -> Step:
    return lambda stage: stage.settings.update(settings)


def change(wrong: str, right: str, name: str = "s.t.sql") -> Step:
    return lambda stage: stage.change(name, wrong, right)


def write(name: str, text: str) -> Step:
    def step(stage: Stage) -> None:
        (stage.folder / name).write_text(text)

    return step


def remove(name: str) -> Step:
    def step(stage: Stage) -> None:
        (stage.folder / name).unlink()

    return step


def rename(name: str, other: str) -> Step:
    def step(stage: Stage) -> None:
        (stage.folder / name).rename(stage.folder / other)

    return step


def compressed_twin(stage: Stage) -> None:
    path = stage.folder / "s.t.sql"
    (stage.folder / "s.t.sql.gz").write_bytes(gzip.compress(path.read_bytes()))


def elsewhere(stage: Stage) -> None:
    shutil.move(stage.folder, stage.folder.with_name("moved"))


def back_again(stage: Stage) -> None:
    shutil.move(stage.folder.with_name("moved"), stage.folder)


def another_dump_since(stage: Stage) -> None:
    """A load stopped at a bad row of its second chunk, and then the dump was made anew."""
    rows = [f'({at},"{"x" * 30}")' for at in range(200)]
    write_dump(stage.folder, Table("t", WITH_KEY, [*rows, '(999,"' + "y" * 50 + '")']))
    with pytest.raises(LoaderError):
        load_soon(stage.config, stage.target)
    shutil.copytree(stage.folder, stage.folder.with_name("before"))
    stage.change("s.t.sql", '(0,"', '(00,"')


def the_dump_before(stage: Stage) -> None:
    shutil.rmtree(stage.folder)
    shutil.move(stage.folder.with_name("before"), stage.folder)
    stage.sql("ALTER TABLE s.t MODIFY v varchar(60)")


def csv(text: str, **settings: Any) -> Step:
    """The table as CSV, beside one whose rows are in by then."""

    def provoke(stage: Stage) -> None:
        write_dump(stage.folder, Table("t", WITH_KEY), Table("a", WITH_KEY, ROWS))
        (stage.folder / "s.t.000000000.csv").write_text(text)
        stage.settings["csv"] = {"header": False, **settings}

    return provoke


UNFINISHED = METADATA.partition("Finished")[0]
MYISAM = WITH_KEY.replace("InnoDB", "MyISAM")
FIXED_IN_PLACE = "Fixed in place, in its old size, it resumes with a clear"

CASES: dict[str, tuple[Step, str, Step]] = {
    "a string that does not end": (dumped(WITH_KEY, ('(1,"a")', '(2,"b)')), FIXED_IN_PLACE, change('"b)', '"")')),
    "rows that are no literals": (
        dumped(WITH_KEY, ('(1,"a")', "(2,NOW())")), "", change("NOW()", '"bbb"')
    ),
    "a statement that is no INSERT": (
        dumped(WITH_KEY, ROWS, lambda stage: stage.change("s.t.sql", '(2,"b");\n', '(2,"b");\nUPDATE t SET v = 1;\n')),
        "put blanks in its place", change("UPDATE t SET v = 1;", " " * 19),
    ),
    "a dump that is not finished": (
        dumped(metadata=UNFINISHED), "With require_finished_dump off", setting(require_finished_dump=False)
    ),
    "a dump that finishes": (
        dumped(metadata=UNFINISHED), "Wait for the dump to finish", write("metadata", METADATA)
    ),
    "a folder that is not there": (dumped(WITH_KEY, ROWS, elsewhere), "Check dump_uri", back_again),
    "no metadata": (
        dumped(WITH_KEY, ROWS, remove("metadata")), "holds its metadata file", write("metadata", METADATA)
    ),
    "no schema file": (
        dumped(None), "create the table in the target first", sql("CREATE DATABASE s", f"CREATE TABLE s.t {WITH_KEY}")
    ),
    "two files for one": (dumped(WITH_KEY, ROWS, compressed_twin), "Keep one of the two files", remove("s.t.sql.gz")),
    "an engine without transactions": (dumped(MYISAM), "Set convert_engines", setting(convert_engines=True)),
    "the same, in the schema file": (
        dumped(MYISAM), "change the engine in the schema file", change("MyISAM", "InnoDB", "s.t-schema.sql")
    ),
    "a table with other types": (
        dumped(WITH_KEY, ROWS, sql("CREATE DATABASE s", "CREATE TABLE s.t (id int PRIMARY KEY, v year)")),
        "ALTER them to the dump's types", sql("ALTER TABLE s.t MODIFY v varchar(40)"),
    ),
    "the same, renamed": (
        dumped(WITH_KEY, ROWS, sql("CREATE DATABASE s", "CREATE TABLE s.t (id int PRIMARY KEY, v year)")),
        "or rename the table", sql("RENAME TABLE s.t TO s.mine"),
    ),
    "a table that lacks a column": (
        dumped(WITH_KEY, ROWS, sql("CREATE DATABASE s", "CREATE TABLE s.t (id int PRIMARY KEY)")),
        "Add them to the table", sql("ALTER TABLE s.t ADD v varchar(40)"),
    ),
    "a schema file that was cut": (
        dumped(WITH_KEY, ROWS, lambda stage: stage.change("s.t-schema.sql", ") ENGINE=InnoDB;", "")),
        FIXED_IN_PLACE, write("s.t-schema.sql", f"CREATE TABLE `t` {WITH_KEY};\n"),
    ),
    "a collation that nobody knows": (
        dumped(WITH_KEY + " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_no_such_ci"), "Set collation_map",
        setting(collation_map={"utf8mb4_no_such_ci": "utf8mb4_bin"}),
    ),
    "another dump since": (another_dump_since, "put the dump back as it was", the_dump_before),
    "a last record without its line end": (
        csv('1,"a"\n2,"b"'), "csv: {allow_no_final_line_end: true}",
        setting(csv={"header": False, "allow_no_final_line_end": True}),
    ),
    "a line of names that is not said": (
        csv('"id","v"\n1,"a"\n2,"b"\n'), "", setting(csv={"header": True})
    ),
    "a line of names that is not there": (
        csv('1,"a"\n2,"b"\n', header=True), "say so in csv: {header: false}", setting(csv={"header": False})
    ),
    "mixed line ends": (
        csv('1,"a"\r\n2,"b"\n'), "csv: {allow_mixed_line_ends: true}",
        setting(csv={"header": False, "allow_mixed_line_ends": True}),
    ),
    "a wrong setting": (
        dumped(WITH_KEY, ROWS, setting(time_zone="Nowhere/Land")), "correct sql_mode, time_zone or session",
        setting(time_zone="+00:00"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_an_error_says_to_do_leads_out(
    name: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    report = Stage(server, target, tmp_path / "dump").led_out(*CASES[name])
    (table,) = [table for table in report.tables if table.table == "s.t"]
    assert count(server, "s.t") == table.rows > 1
