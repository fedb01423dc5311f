"""What a server's refusal makes an error say to do is done, and the load ends clean: a case for each such remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import server_errors
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stage import ROWS, Stage
from tests.dumps import WITH_KEY, Table, write_dump
from tests.tables import count

ROOT = Path(__file__).parents[2]


def dumped(stage: Stage, create: str = WITH_KEY, rows: tuple[str, ...] = ROWS, **table: Any) -> None:
    write_dump(stage.folder, Table("t", create, rows, **table))


def table_there(stage: Stage, create: str = WITH_KEY, rows: tuple[str, ...] = ROWS, *more: str) -> None:
    """A person has made the table, perhaps otherwise than the dump has it."""
    dumped(stage, rows=rows)
    stage.sql("CREATE DATABASE s", f"CREATE TABLE s.t {create}", *more)


# -- what goes wrong


def an_account(stage: Stage, *attributes: str) -> None:
    dumped(stage)
    stage.sql(
        "DROP USER IF EXISTS tired@'%'",
        f"CREATE USER tired@'%' IDENTIFIED BY 'p' {' '.join(attributes)}",
        "GRANT ALL ON *.* TO tired@'%'",
    )
    stage.target = TargetConfig(host=stage.target.host, port=stage.target.port, user="tired", password="p")


def a_wrong_password(stage: Stage) -> None:
    an_account(stage)
    stage.target = stage.target.model_copy(update={"user": "tired2"})


def few_connections(stage: Stage) -> None:
    an_account(stage, "WITH MAX_USER_CONNECTIONS 1")


def an_expired_password(stage: Stage) -> None:
    an_account(stage, "PASSWORD EXPIRE")


def a_locked_account(stage: Stage) -> None:
    an_account(stage, "ACCOUNT LOCK")


def nobody_there(stage: Stage) -> None:
    an_account(stage)
    stage.target = stage.target.model_copy(update={"port": 1})


def a_small_packet(stage: Stage) -> None:
    dumped(stage, WITH_KEY.replace("varchar(40)", "longtext"), ('(1,"a")', f'(2,"{"x" * (3 << 20)}")'))
    stage.settings["load_data"] = False  # which takes the row in pieces
    stage.set_global("max_allowed_packet", 1 << 20)


def a_limit_of_time(stage: Stage) -> None:
    a_trigger("BEGIN DECLARE x INT; SET x = SLEEP(5); END")(stage)
    stage.settings["session"] = {"max_statement_time": 1}


def an_unknown_variable(stage: Stage) -> None:
    dumped(stage)
    stage.settings["session"] = {"no_such_variable": 1}


def generated_values(stage: Stage) -> None:
    create = "(`id` int NOT NULL, `g` int GENERATED ALWAYS AS (`id` + 1) VIRTUAL, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    dumped(stage, create, ("(1,2)", "(2,3)"), insert="INSERT INTO `{table}` (`id`,`g`) VALUES")


def a_key_that_exists(stage: Stage) -> None:
    table_there(stage, WITH_KEY, ROWS, 'INSERT INTO s.t VALUES (1, "mine")')
    stage.settings |= {"on_duplicate_logical": "error", "on_existing_rows": "append"}


def two_rows_of_a_key(stage: Stage) -> None:
    dumped(stage, rows=(*ROWS, '(2,"c")'))
    stage.settings["on_duplicate_logical"] = "error"


def a_trigger(body: str) -> Callable[[Stage], None]:
    def provoke(stage: Stage) -> None:
        table_there(
            stage,
            WITH_KEY,
            ROWS,
            "CREATE TABLE s.other (id int)",
            f"CREATE TRIGGER s.tr BEFORE INSERT ON s.t FOR EACH ROW {body}",
        )

    return provoke


def a_definer_that_is_gone(stage: Stage) -> None:
    table_there(
        stage,
        WITH_KEY,
        ROWS,
        "DROP USER IF EXISTS gone@'%'",
        "CREATE USER gone@'%'",
        "CREATE DEFINER=gone@'%' TRIGGER s.tr BEFORE INSERT ON s.t FOR EACH ROW SET NEW.v = NEW.v",
        "DROP USER gone@'%'",
    )


def a_column_that_is_missing(stage: Stage) -> None:
    table_there(stage, "(`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB")


def no_partition(stage: Stage) -> None:
    table_there(stage, f"{WITH_KEY} PARTITION BY RANGE (`id`) (PARTITION `p` VALUES LESS THAN (2))")


def a_check(stage: Stage) -> None:
    table_there(stage, WITH_KEY.replace("varchar(40),", "varchar(40), CONSTRAINT `short` CHECK (`id` < 2),"))


def null_where_none_may_be(stage: Stage) -> None:
    dumped(stage, WITH_KEY.replace("varchar(40)", "varchar(40) NOT NULL"), ('(1,"a")', "(2,NULL)"))


def a_number_that_is_too_large(stage: Stage) -> None:
    dumped(stage, WITH_KEY.replace("`id` int", "`id` tinyint"), ('(1,"a")', '(200,"b")'))


def a_moment_that_is_none(stage: Stage) -> None:
    dumped(stage, WITH_KEY.replace("varchar(40)", "datetime"), ("(1,NULL)", '(2,"2026-13-31 00:00:00")'))


def too_few_values(stage: Stage) -> None:
    dumped(stage, rows=('(1,"a")', "(222222)"))


# -- what is done about it


def sql(*statements: str) -> Callable[[Stage], None]:
    return lambda stage: stage.sql(*statements)


def setting(**settings: Any) -> Callable[[Stage], None]:
    return lambda stage: stage.settings.update(settings)


def correction(wrong: str, right: str, name: str = "s.t.sql") -> Callable[[Stage], None]:
    return lambda stage: stage.correct(name, wrong, right)


def the_right_port(stage: Stage) -> None:
    stage.target = stage.target.model_copy(update={"port": stage.server.port})


def a_larger_packet(stage: Stage) -> None:
    stage.set_global("max_allowed_packet", 16 << 20)


def no_limit_of_time(stage: Stage) -> None:
    stage.settings["session"] = {}
    stage.sql("DROP TRIGGER s.tr")  # so that the test does not wait for it


def the_right_user(stage: Stage) -> None:
    stage.target = stage.target.model_copy(update={"user": "tired"})


def spaces_over_generated(stage: Stage) -> None:
    words = "GENERATED ALWAYS AS (`id` + 1) VIRTUAL"
    stage.correct("s.t-schema.sql", words, " " * len(words))
    stage.sql("DROP TABLE s.t")


def the_definer_again(stage: Stage) -> None:
    stage.sql("CREATE USER gone@'%'", "GRANT ALL ON s.* TO gone@'%'")


CASES = {
    "2003": (nobody_there, "Check that the server is up", the_right_port),
    "1153": (a_small_packet, "Raise max_allowed_packet", a_larger_packet),
    "1969": (a_limit_of_time, "leave it out, and clear", no_limit_of_time),
    "1045": (a_wrong_password, "Check user and password", the_right_user),
    "1226": (few_connections, "raise the server's limit", sql("ALTER USER tired@'%' WITH MAX_USER_CONNECTIONS 0")),
    "1820": (an_expired_password, "let an administrator renew it", sql("ALTER USER tired@'%' IDENTIFIED BY 'p'")),
    "4151": (a_locked_account, "let an administrator renew it", sql("ALTER USER tired@'%' ACCOUNT UNLOCK")),
    "1193": (an_unknown_variable, "correct sql_mode, time_zone or session", setting(session={})),
    "1906": (generated_values, "with spaces, so that the file keeps its size", spaces_over_generated),
    "1062, by ignore": (a_key_that_exists, "set on_duplicate_logical", setting(on_duplicate_logical="ignore")),
    "1062, by replace": (a_key_that_exists, "set on_duplicate_logical", setting(on_duplicate_logical="replace")),
    "1062, in the dump": (two_rows_of_a_key, "", correction('(2,"c")', '(3,"c")')),
    "1305": (a_trigger("SET NEW.v = s.no_such()"), "create it, or drop what names it", sql("DROP TRIGGER s.tr")),
    "1449": (a_definer_that_is_gone, "create it, or drop what names it", the_definer_again),
    "1442": (a_trigger("INSERT INTO s.t VALUES (9, '')"), "drop it for the load", sql("DROP TRIGGER s.tr")),
    "1644": (a_trigger("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'"), "", sql("DROP TRIGGER s.tr")),
    "1054": (a_column_that_is_missing, "", sql("ALTER TABLE s.t ADD v varchar(40)")),
    "1526": (no_partition, "", sql("ALTER TABLE s.t ADD PARTITION (PARTITION q VALUES LESS THAN MAXVALUE)")),
    "4025": (a_check, "", sql("ALTER TABLE s.t DROP CONSTRAINT short")),
    "1048": (null_where_none_may_be, "without changing the file's size", correction("NULL)", '"bb")')),
    "1264": (a_number_that_is_too_large, "without changing the file's size", correction("200", "100")),
    "1264, by the table": (a_number_that_is_too_large, "", sql("ALTER TABLE s.t MODIFY id int NOT NULL")),
    "1292": (a_moment_that_is_none, "without changing the file's size", correction("13-31", "12-31")),
    "1136": (too_few_values, "without changing the file's size", correction("(222222)", '(222,"")')),
}  # fmt: skip


@pytest.fixture
def stage(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(server, target, tmp_path / "dump")
    yield stage
    for name, value in stage.globals_before.items():
        stage.sql(f"SET GLOBAL {name} = {value}")


MARIADB_S = {"1969": "it alone ends any statement by time"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.only_on("mariadb", because=MARIADB_S[name])) if name in MARIADB_S else name
        for name in CASES
    ],
)
def test_what_an_error_says_to_do_leads_out(name: str, stage: Stage) -> None:
    stage.led_out(*CASES[name])
    assert count(stage.server, "s.t") == (3 if name == "1062, in the dump" else 2)


# The first number of each remedy that no case above follows -> the test that does, or why none can.
ELSEWHERE = {
    1020: "tests/faults/test_traps.py",  # it is tried again by itself
    1290: "tests/faults/test_server_trouble.py",
    1836: "tests/tidb/test_real_remedies.py",
    1021: "tests/faults/test_full_disk.py",
    8002: "tests/tidb/test_loads.py",
    3159: "test_tls.py has an account that demands TLS, which is told in the same words",
    2059: "tests/tidb/test_real_remedies.py",
    1044: "tests/bad_input/test_privileges.py",
    2026: "tests/bad_input/test_tls.py",
    1115: "tests/bad_input/test_schema_files.py",
    1173: "tests/bad_input/test_remedies_are_followed.py",
    1197: "tests/bad_input/test_targets.py",
    8025: "tests/tidb/test_real_remedies.py",
    8239: "tests/tidb/test_real_remedies.py",
    1300: "tests/bad_input/test_remedies_are_followed.py",
    8258: "TiKV alone has an import mode, and ends it by itself",
    8176: "it is tried again by itself; what to lower are settings of the next load",
    8252: "TiDB's resource groups need PD",
    8216: "TiDB before 5.0",
    6136: "another dump is needed",
    1418: "the server's configuration file says whether it has a binary log",
}


def test_every_remedy_of_a_server_s_error_is_followed_or_says_why_not() -> None:
    followed = {int(name.partition(",")[0]) for name in CASES}
    left = {
        numbers[0] for remedy, _, numbers in server_errors._ROWS if remedy is not None and followed.isdisjoint(numbers)
    }
    assert left == set(ELSEWHERE)
    for number, where in ELSEWHERE.items():
        if where.startswith("tests/"):
            assert (ROOT / where).is_file(), number
