"""Columns that are masked or left out by name: no value of theirs reaches the target, whichever way rows go."""

from __future__ import annotations

import hmac
import logging
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, plan_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, ConfigError, LoaderError, TargetError
from airflow_dm_loader.progress.words import describe_plan
from tests.dumps import HEAD, Table, load_config, write_dump
from tests.record_dumps import COMPANION, CsvTable, DatTable, write_records
from tests.servers import AnyServer
from tests.tables import query

KEY = "a key of 16 bytes or more"
PERSONS = (
    "(`id` int NOT NULL, `email` varchar(80) CHARACTER SET latin1 DEFAULT NULL, `phone` varchar(20) DEFAULT NULL, "
    "`name` varchar(40) NOT NULL, `note` text, `born` date NOT NULL, `photo` blob, `secret` varchar(99) NOT NULL "
    "DEFAULT 'none', PRIMARY KEY (`id`), UNIQUE KEY `mail` (`email`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
)
EMAILS = ["anna@x.org", 'quo"te@x.org', "back\\\\slash@x.org", "J\xf6rg@x.org", None]
MASKS = [
    {"table": "persons", "column": "EMAIL", "value": "sha2"},
    {"table": "persons", "column": "phone", "value": None},
    {"schema": "s", "table": "pers*", "column": "name", "value": "constant", "constant": "Erika 'é'"},
    {"db": "s", "table": "persons", "column": "born", "value": "constant", "constant": "1970-01-01"},
    {"table": "persons", "column": "photo", "value": "sha2"},
]
IGNORED = [{"table": "~^persons$", "columns": ["secret"]}]
PRIVATE = ["anna@x", "te@x", "slash@x", "rg@x", "0171-", "Anna-", "1980-", "PHOTO-", "SECRET-"]


def hashed(text: str) -> str:
    return hmac.digest(KEY.encode(), text.encode(), "sha256").hex()


def rows_of_persons() -> list[bytes]:
    def row(at: int, email: str | None) -> bytes:
        mail = b"NULL" if email is None else b'"' + email.encode("latin-1").replace(b'"', b'\\"') + b'"'
        rest = (
            f',"0171-{at}","Anna-{at}","a ),( note","1980-02-0{at + 1}",0x{f"PHOTO-{at}".encode().hex()},"SECRET-{at}")'
        )
        return f"({at},".encode() + mail + rest.encode()

    return [row(at, email) for at, email in enumerate(EMAILS)]


def dump_of_persons(folder: Path) -> Path:
    write_dump(folder, Table("persons", PERSONS, ['(0,"","","","","2000-01-01","","")']))
    file = folder / "s.persons.sql"
    head = file.read_text().partition("INSERT")[0].encode()
    file.write_bytes(head + b"INSERT INTO `persons` VALUES\n" + b",\n".join(rows_of_persons()) + b";\n")
    return folder


def config_of(folder: Path, **changes: object) -> LoadConfig:
    return load_config(folder, **{"mask": MASKS, "ignore_columns": IGNORED, "dump_tool": "mydumper", **changes})


def expected() -> list[tuple[object, ...]]:
    texts = [None if email is None else email.replace("\\\\", "\\") for email in EMAILS]
    return [
        (
            at,
            None if text is None else hashed(text),
            None,
            "Erika 'é'",
            "a ),( note",
            "1970-01-01",
            hashed(f"PHOTO-{at}"),
            "none",
        )
        for at, text in enumerate(texts)
    ]


ALL = (
    "SELECT id, email, phone, name, note, CAST(born AS CHAR), CONVERT(photo USING utf8mb4), secret FROM s.persons "
    "ORDER BY id"
)


@pytest.mark.servers
@pytest.mark.parametrize(("load_data", "existing"), [(True, "append"), (False, "swap")])
def test_masked_values_are_replaced_whichever_way_rows_go(
    load_data: bool,
    existing: str,
    server: AnyServer,
    target: TargetConfig,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    config = config_of(dump_of_persons(tmp_path / "dump"), load_data=load_data, on_existing_rows=existing)

    told = "\n".join(describe_plan(plan_dump(config, target, mask_key=KEY)))
    assert "values of column EMAIL are masked (sha2)" in told
    assert "values of column secret are left out (ignore_columns)" in told
    report = load_dump(config, target, mask_key=KEY)

    assert query(server, ALL) == expected()
    (table,) = report.tables
    assert ("load data" in table.sent_as) is load_data
    assert {found.kind for found in report.findings} >= {"masked_column", "ignored_column"}
    assert report.outcome == "clean"
    assert (table.checksum, table.row_count) == ("not_compared", "passed")
    assert KEY not in caplog.text
    assert not [word for word in PRIVATE if word in caplog.text]


SMALL = "(`id` int NOT NULL, `email` varchar(99) DEFAULT NULL, `tail` varchar(9), PRIMARY KEY (`id`)) ENGINE=InnoDB"
TEXTS = ["a@x.org", "with,comma", 'a "quote"', "back\\slash", "Jörg", "", "tab\tline\nend"]
SHA2 = [{"table": "*", "column": "email", "value": "sha2"}]
UNHEXED = COMPANION.replace("({columns});", "(`id`,@a,`tail`) SET `email` = UNHEX(@a);")


def csv_field(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def dat_field(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


@pytest.mark.parametrize("load_data", [True, False])
def test_files_of_records_get_the_same_hashes(
    load_data: bool, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    columns = ("id", "email", "tail")
    folder = write_records(
        tmp_path / "dump",
        CsvTable(
            "c", SMALL, [f"{at},{csv_field(text)},x" for at, text in enumerate(TEXTS)] + ["9,\\N,x"], columns=columns
        ),
        DatTable(
            "d",
            SMALL,
            [f"{at}\t{dat_field(text)}\tx" for at, text in enumerate(TEXTS)] + ["9\t\\N\tx"],
            columns=columns,
        ),
        DatTable(
            "h",
            SMALL,
            [f"{at}\t{text.encode().hex()}\tx" for at, text in enumerate(TEXTS)] + ["9\t\\N\tx"],
            companion=UNHEXED,
        ),
    )
    ignored = [{"table": "d", "columns": ["tail"]}]
    constant = {"table": "c", "column": "tail", "value": "constant", "constant": "y"}
    config = load_config(folder, mask=[*SHA2, constant], ignore_columns=ignored, load_data=load_data)

    report = load_dump(config, target, mask_key=KEY)

    for table, tail in (("c", "y"), ("d", None), ("h", "x")):
        assert query(server, f"SELECT id, email, tail FROM s.{table} ORDER BY id") == [
            *((at, hashed(text), tail) for at, text in enumerate(TEXTS)),
            (9, None, tail),
        ]
    assert {"load data" in table.sent_as for table in report.tables} == {load_data}


REFUSED = [
    ([{"table": "nobody", "column": "email", "value": "sha2"}], "no table that is loaded is meant"),
    ([{"table": "persons", "column": "emial", "value": "sha2"}], "hold no column emial"),
    ([{"table": "persons", "column": "email", "value": "null"}], "part of a unique key"),
    ([{"table": "persons", "column": "id", "value": "constant", "constant": "1"}], "part of a unique key"),
    ([{"table": "persons", "column": "born", "value": "null"}], "NOT NULL"),
    ([{"table": "persons", "column": "phone", "value": "sha2"}], "64 characters"),
    ([{"table": "persons", "column": "born", "value": "sha2"}], "64 characters"),
    ([*SHA2, {"table": "per*", "column": "Email", "value": "sha2"}], "two rules"),
    ([{"table": "calls", "column": "who", "value": "sha2"}], "a foreign key leads"),
]


def test_what_a_table_can_t_take_is_refused_before_anything_is_made(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = dump_of_persons(tmp_path / "dump")
    calls = "(`id` int NOT NULL, `who` varchar(80) CHARACTER SET latin1, CONSTRAINT `c` FOREIGN KEY (`who`) REFERENCES"
    (folder / "s.calls-schema.sql").write_text(
        f"{HEAD}CREATE TABLE `calls` {calls} `persons` (`email`)) ENGINE=InnoDB;\n"
    )

    def problem(**rules: object) -> str:
        try:
            load_dump(load_config(folder, dump_tool="mydumper", **rules), target, mask_key=KEY)
        except (TargetError, ConfigError) as error:
            return str(error)
        return ""

    for mask, text in REFUSED:
        assert text in problem(mask=mask), mask
    assert "a value" in problem(ignore_columns=[{"table": "persons", "columns": ["name"]}])
    assert "unique key" in problem(ignore_columns=[{"table": "persons", "columns": ["email"]}])
    with pytest.raises(ConfigError, match="the key is missing"):
        load_dump(load_config(folder, mask=MASKS[:1]), target)
    assert "s" not in [name for (name,) in query(server, "SHOW DATABASES")]


def test_a_row_that_can_t_be_read_is_told_without_its_values(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", SMALL, ['(1,CONCAT("anna"),"tail")']))

    with pytest.raises(LoaderError) as found:
        load_dump(load_config(folder, mask=SHA2), target, mask_key=KEY)

    error = found.value
    assert "no literal" in str(error)
    assert "anna" not in f"{error!r} {error} {error.statement} {error.__cause__} {error.__context__}"


def test_a_load_resumes_with_the_masks_and_the_key_that_it_began_with(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [f'({at},"anna-{at}@x.org","tail")' for at in range(300)]
    folder = write_dump(tmp_path / "dump", Table("t", SMALL, rows, rows_per_statement=50))
    config = load_config(folder, mask=SHA2)
    load_dump(config.changed(only="data"), target, mask_key=KEY)

    with pytest.raises(CheckpointError, match="rows in the target already"):
        load_dump(load_config(folder), target)
    with pytest.raises(CheckpointError, match="the key is another one"):
        load_dump(config, target, mask_key="another key of 16 bytes")
    report = load_dump(config, target, mask_key=KEY)

    assert report.outcome == "clean"
    assert query(server, "SELECT email FROM s.t ORDER BY id") == [(hashed(f"anna-{at}@x.org"),) for at in range(300)]
    names = [name for (name,) in query(server, "SHOW TABLES FROM dm_meta")]
    state = "\n".join(str(query(server, f"SELECT * FROM dm_meta.{name}")) for name in names)
    assert "anna" not in state
    assert KEY not in state


def test_rows_that_meet_are_kept_as_they_were_sent(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    rows = ['(1,"anna@x.org","a")', '(2,"anna@x.org","b")', '(3,"berta@x.org",NULL)']
    create = SMALL.replace("PRIMARY KEY (`id`)", "PRIMARY KEY (`id`), UNIQUE KEY (`email`)")
    config = load_config(
        write_dump(tmp_path / "dump", Table("t", create, rows)), mask=SHA2, on_duplicate_logical="manual"
    )

    with pytest.raises(LoaderError) as found:
        load_dump(config, target, mask_key=KEY)

    assert "anna" not in f"{found.value} {found.value.statement}"
    ((row, error),) = query(server, "SELECT CONVERT(row_data USING utf8mb4), error FROM dm_meta.dm_loader_conflict")
    assert row == f"(2,'{hashed('anna@x.org')}',\"b\")"
    assert "anna" not in error


def test_a_comparison_with_the_source_says_which_columns_it_left_out(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {SMALL}")
    query(server, "INSERT INTO s.t VALUES (1, 'anna@x.org', 'a'), (2, NULL, 'b')")
    route = {"schema-pattern": "s", "target-schema": "staging"}
    folder = write_dump(tmp_path / "dump", Table("t", SMALL, ['(1,"anna@x.org","a")', '(2,NULL,"b")']))

    report = load_dump(load_config(folder, mask=SHA2, routes=[route]), target, compare_with=target, mask_key=KEY)

    (table,) = report.tables
    assert (table.checksum, table.row_count, report.outcome) == ("passed", "passed", "clean")
    assert "not compared with the source: email: masked (sha2)" in table.remark
