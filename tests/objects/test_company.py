"""Dumps of a source of some seventy objects that need each other: all of it is there again.

They are by mydumper 0.10 and 1.0, and by mariadb-dump and mysqldump.
"""

from __future__ import annotations

import random
import re
from contextlib import closing
from pathlib import Path
from shutil import copytree

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.report import LoadReport
from dev.private_server import PrivateServer
from tests.dumps import load_config
from tests.faults.attempts import Attempt
from tests.faults.tally import SEED, rounds, tried
from tests.tables import one, query, table_hashes

pytestmark = pytest.mark.servers

COMPANY = Path(__file__).parents[1] / "data" / "company"
SCHEMAS = ("hr", "ledger")
ALL = {"triggers": "load", "routines": "load", "events": "load"}
TOOLS = ["0.10", "1.0", "mysqldump", "complete-insert"]
SCRIPTS = {"mysqldump", "complete-insert"}
SCRIPT = {"path": "all.sql", "type": "mysqldump"}
_DEFINER = re.compile(r"DEFINER\s*=\s*`[^`]*`@`[^`]*`\s*", re.IGNORECASE)
_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")
_SHOWN = {
    "FUNCTION": (
        "Create Function",
        "routines WHERE routine_schema = '{}' AND routine_type = 'FUNCTION'",
        "routine_name",
    ),
    "PROCEDURE": (
        "Create Procedure",
        "routines WHERE routine_schema = '{}' AND routine_type = 'PROCEDURE'",
        "routine_name",
    ),
    "EVENT": ("Create Event", "events WHERE event_schema = '{}'", "event_name"),
    "VIEW": ("Create View", "tables WHERE table_schema = '{}' AND table_type = 'VIEW'", "table_name"),
    "SEQUENCE": ("Create Table", "tables WHERE table_schema = '{}' AND table_type = 'SEQUENCE'", "table_name"),
}


def definitions(server: PrivateServer) -> dict[str, str]:
    """``VIEW hr.a_best`` -> its CREATE statement but for the definer, of all objects but tables."""
    found: dict[str, str] = {}
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        for kind, (column, where, name) in _SHOWN.items():
            for schema in SCHEMAS:
                cursor.execute(f"SELECT {name} FROM information_schema.{where.format(schema)}")
                for (each,) in cursor.fetchall():
                    cursor.execute(f"SHOW CREATE {kind} `{schema}`.`{each}`")
                    assert cursor.description is not None
                    (row,) = cursor.fetchall()
                    shown = dict(zip((part[0] for part in cursor.description), row, strict=True))
                    found[f"{kind} {schema}.{each}"] = _plain(shown[column])
        cursor.execute(
            "SELECT CONCAT('TRIGGER ', trigger_schema, '.', trigger_name), CONCAT_WS(' ', action_timing, "
            "event_manipulation, event_object_table, action_order, action_statement) "
            "FROM information_schema.triggers WHERE trigger_schema IN ('hr', 'ledger')"
        )  # as servers keep them, whether their CREATE names the schema, or FOLLOWS another one
        found |= {name: _plain(text) for name, text in cursor.fetchall()}
    return found


def _plain(create: str) -> str:
    """Both versions of mydumper write a blank after each ``;`` at the end of a line; the report says so."""
    return re.sub(r"; \n", ";\n", _NUMBER.sub("", _DEFINER.sub("", create)))


def _without_collations(create: str) -> str:
    """MySQL shows a column's collation once it was said, also where it is the table's own, as it is in all of these."""
    return re.sub(r"( CHARACTER SET utf8mb4)? COLLATE utf8mb4_general_ci", "", create)


@pytest.fixture
def source(server: PrivateServer) -> tuple[dict[str, str], dict[str, str]]:
    """What the source's own statements make at this server: definitions, and hashes of tables. It is empty then."""
    server.client((COMPANY / "source.sql").read_bytes(), arguments=["--comments"])
    if server.flavour == "mariadb":
        server.client((COMPANY / "source-mariadb.sql").read_bytes())
    made = definitions(server), table_hashes(server, SCHEMAS, _without_collations)
    for schema in SCHEMAS:
        query(server, "SET foreign_key_checks = 0")
        server.client(f"SET foreign_key_checks = 0; DROP DATABASE {schema}")
    return made


def config_of(server: PrivateServer, folder: Path, tool: str) -> LoadConfig:
    dump = COMPANY / f"{server.flavour}-{tool}"
    rules = [SCRIPT] if (dump / "all.sql").exists() else []
    return load_config(Path(copytree(dump, folder / "dump")), objects=ALL, definer="drop", files=rules)


def check_all_is_there(
    server: PrivateServer, report: LoadReport, source: tuple[dict[str, str], dict[str, str]]
) -> None:
    objects, rows = source
    assert report.outcome == "clean", report.findings
    made = definitions(server)
    assert {name for name in objects if name not in made} == set()
    assert {name: text for name, text in made.items() if text != objects.get(name)} == {}
    assert table_hashes(server, SCHEMAS, _without_collations) == rows
    assert len(made) + len(rows) >= 69


@pytest.mark.parametrize("tool", TOOLS)
def test_a_source_of_seventy_objects_is_whole_again(
    tool: str,
    server: PrivateServer,
    target: TargetConfig,
    source: tuple[dict[str, str], dict[str, str]],
    tmp_path: Path,
) -> None:
    report = load_dump(config_of(server, tmp_path, tool), target)

    check_all_is_there(server, report, source)
    told = {finding.kind for finding in report.findings}
    assert ("generated_column" in told) == (
        tool in SCRIPTS and server.flavour == "mariadb"
    )  # mariadb-dump alone writes them
    assert ("sql_mode_of_objects" in told) == (tool not in SCRIPTS)
    assert one(server, "SELECT COUNT(*) FROM ledger.audit") == 0  # no trigger ran for a row of the dump
    assert_it_works(server)


def assert_it_works(server: PrivateServer) -> None:
    """Routines, triggers and views call each other across schemas."""
    with closing(server.connect(database="hr")) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO employees (id,first,last,department,manager,annual) VALUES (9,'','Neu',3,2,1000.005)"
        )
        cursor.execute("SELECT first, changed, mail FROM employees WHERE id = 9")
        assert cursor.fetchall() == (("No; one", 1, "no; one.neu@example.org"),)
        cursor.execute("CALL raise_by(2, 10)")
        cursor.execute("SELECT annual, changed FROM employees WHERE id = 2")
        assert [tuple(map(float, row)) for row in cursor.fetchall()] == [(88000.55, 1.0)]
        cursor.execute("SELECT COUNT(*) FROM salaries WHERE employee = 2")
        assert cursor.fetchall() == ((2,),)
        cursor.execute("SET @names = ''")
        cursor.execute("CALL chain(4, @names)")
        cursor.execute("SELECT @names")
        ((names,),) = cursor.fetchall()
        assert names == ">Di 日本>Bo O'Neil>Ada Ohm"
        cursor.execute("SELECT what FROM ledger.audit ORDER BY n")
        assert cursor.fetchall() == (("hired No; one Neu",), ("raise of 2; by 10 %",))
        cursor.execute("SELECT name FROM a_best ORDER BY id")
        assert [row[0] for row in cursor.fetchall()] == ["Ada Ohm", "Bo O'Neil", "Cy Été", "Di 日本"]
        cursor.execute("SELECT balance FROM g_crosses ORDER BY balance")
        assert [int(row[0]) for row in cursor.fetchall()] == [-623456, 0, 623456]


def test_a_process_killed_between_any_two_objects_makes_each_once(
    server: PrivateServer, target: TargetConfig, source: tuple[dict[str, str], dict[str, str]], tmp_path: Path
) -> None:
    chance = random.Random(f"{SEED}")
    tool = chance.choice(TOOLS)
    config = config_of(server, tmp_path, tool)
    for _ in range(rounds(3, 20)):
        with Attempt(config, target, point="between two objects", nth=chance.randint(1, 4)) as attempt:
            if not attempt.dies():
                break
        tried("kill -9 of the loader between two of seventy objects")
        on = "SELECT COUNT(*) FROM information_schema.events WHERE event_schema <> 'sys' AND status = 'ENABLED'"
        assert one(server, on) == 0  # none runs before the load is accepted

    check_all_is_there(server, load_dump(config, target), source)
