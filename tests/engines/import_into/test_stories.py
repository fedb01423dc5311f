"""Whole loads through IMPORT INTO, against the stand-in: what a person sees."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from airflow_dm_loader.errors import ConfigError, ImportJobError, LoaderError, TargetError
from tests.bad_input.said import everything_said, state
from tests.dumps import SAMPLES, Table, expected, load_soon, numbered
from tests.tables import sample_checksums
from tests.tidb_stand_in.fixtures import (
    SECRETS,
    STANDS_BEFORE_MARIADB,
    access,
    load_config,
    put_dump,
    rows_of,
    stand_in,
    target_of,
)
from tests.tidb_stand_in.jobs import Script

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_dm_loader.config import LoadConfig, TargetConfig
    from airflow_dm_loader.report import LoadReport, LoadStatus
    from dev.private_mariadb import PrivateMariaDB
    from tests.buckets import S3Server
    from tests.tidb_stand_in.server import TiDBStandIn

pytestmark = STANDS_BEFORE_MARIADB


def load(config: LoadConfig, target: TargetConfig, s3: S3Server) -> LoadReport:
    return load_soon(config, target, access=access(s3), progress_interval_s=0.01)


def test_each_table_with_data_is_imported_by_a_job_of_its_own(
    s3: S3Server, tmp_path: Path, server: PrivateMariaDB, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    uri = put_dump(s3, tmp_path / "d", numbered("a", 300), numbered("b", 20), numbered("empty", 0))
    report = load(load_config(uri), tidb_target, s3)

    assert (report.status, report.outcome, report.rows, report.rows_sent) == ("finished", "clean", 320, 320)
    assert [(table.table, table.rows, table.import_job, table.sent_as) for table in report.tables] == [
        ("s.a", 300, 1, "IMPORT INTO"),
        ("s.b", 20, 2, "IMPORT INTO"),
        ("s.empty", 0, None, ""),
    ]
    assert {table.row_count for table in report.tables} == {"passed"}
    assert rows_of(server, "SELECT COUNT(*), MAX(v) FROM s.a") == [(300, "the row of number 99")]
    assert [(job.table, job.status) for job in tidb.jobs.all] == [("a", "finished"), ("b", "finished")]
    assert len({job.options["GROUP_KEY"] for job in tidb.jobs.all}) == 1


def test_a_second_run_sends_nothing_and_does_not_take_its_own_rows_for_foreign(
    s3: S3Server, tmp_path: Path, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    config = load_config(put_dump(s3, tmp_path / "d", numbered("a", 30)))
    load(config, tidb_target, s3)
    again = load(config, tidb_target, s3)
    assert (again.skipped, again.rows, again.rows_sent) == (True, 30, 0)
    assert len(tidb.jobs.all) == 1


def test_settings_become_the_job_s_options(
    s3: S3Server, tmp_path: Path, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    config = load_config(
        put_dump(s3, tmp_path / "d", numbered("a", 3)),
        checksum="optional",
        time_zone="+03:00",
        import_into_threads=16,
        import_into_max_write_speed="200MiB",
        import_into_disk_quota="50GiB",
        import_into_cloud_storage_uri=f"s3://{s3.bucket}/sorted",
    )
    load(config, tidb_target, s3)
    (job,) = tidb.jobs.all
    sort_uri = job.options["CLOUD_STORAGE_URI"]
    assert {**job.options, "GROUP_KEY": "", "CLOUD_STORAGE_URI": ""} == {
        "THREAD": "16",
        "MAX_WRITE_SPEED": "200MiB",
        "DISK_QUOTA": "50GiB",
        "CHECKSUM_TABLE": "optional",
        "GROUP_KEY": "",
        "CLOUD_STORAGE_URI": "",
    }
    assert sort_uri.startswith(f"s3://{s3.bucket}/sorted?access-key=")
    assert job.session["time_zone"] == "+03:00"
    assert "STRICT_TRANS_TABLES" in job.session["sql_mode"]


def test_the_head_of_a_table_s_files_decides_the_job_s_time_zone(
    s3: S3Server, tmp_path: Path, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    head = "/*!40101 SET NAMES binary*/;\n/*!40103 SET TIME_ZONE='+05:30' */;\n"
    uri = put_dump(s3, tmp_path / "d", Table("a", rows=['(1,"x")'], head=head))
    load(load_config(uri), tidb_target, s3)
    assert tidb.jobs.all[0].session["time_zone"] == "+05:30"


def test_a_dump_in_latin1_is_refused_for_it_would_be_read_as_utf8(
    s3: S3Server, tmp_path: Path, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    head = "/*!40101 SET NAMES latin1*/;\n"
    uri = put_dump(s3, tmp_path / "d", Table("a", rows=['(1,"x")'], head=head))
    with pytest.raises(LoaderError, match=r"latin1, and IMPORT INTO reads UTF-8 alone.*s\.a\.sql"):
        load(load_config(uri), tidb_target, s3)
    assert tidb.jobs.all == []


@pytest.mark.parametrize("leaves_rows", [False, True])
def test_a_failed_job_is_told_and_made_again_once_its_table_is_empty(
    leaves_rows: bool,
    s3: S3Server,
    tmp_path: Path,
    server: PrivateMariaDB,
    tidb: TiDBStandIn,
    tidb_target: TargetConfig,
) -> None:
    config = load_config(put_dump(s3, tmp_path / "d", numbered("a", 30), numbered("b", 10)))
    tidb.jobs.scripts["a"] = Script(fails="Duplicate entry '7' for key 'PRIMARY'", leaves_rows=leaves_rows)
    with pytest.raises(ImportJobError) as caught:
        load(config, tidb_target, s3)
    assert caught.value.table == "s.a"
    assert "job 1 of IMPORT INTO failed: Duplicate entry" in str(caught.value)
    assert "same key" in caught.value.remedy
    assert rows_of(server, "SELECT table_name, state, job_id FROM dm_meta.dm_loader_import_job") == [
        ("a", "failed", 1),
        ("b", "finished", 2),  # the others were let finish
    ]
    if leaves_rows:
        with pytest.raises(TargetError, match="IMPORT INTO fills empty tables only"):
            load(config, tidb_target, s3)
        rows_of(server, "TRUNCATE TABLE s.a")
    report = load(config, tidb_target, s3)
    assert [(table.table, table.rows, table.import_job) for table in report.tables] == [("s.a", 30, 3), ("s.b", 10, 2)]
    assert rows_of(server, "SELECT (SELECT COUNT(*) FROM s.a), (SELECT COUNT(*) FROM s.b)") == [(30, 10)]


@pytest.mark.parametrize(
    ("message", "shown", "advice"),
    [
        (
            "[Lightning:Restore:ErrFoundDuplicateKey]duplicate key in s.a.sql:0 at offset 61: '{}'",
            "Lightning:Restore:ErrFoundDuplicateKey, s.a.sql:0 at offset 61 (hidden)",
            "same key",
        ),
        ("[types:1292]Incorrect datetime value: '{}' in `s`.`a`", "types:1292, `s`.`a` (hidden)", None),
        ("{}", "(hidden)", None),
    ],
)
def test_no_value_of_a_row_is_told_of_a_failed_job_where_they_are_hidden(
    message: str,
    shown: str,
    advice: str | None,
    s3: S3Server,
    tmp_path: Path,
    server: PrivateMariaDB,
    tidb: TiDBStandIn,
    tidb_target: TargetConfig,
    caplog: pytest.LogCaptureFixture,
) -> None:
    uri = put_dump(s3, tmp_path / "d", numbered("a", 3), numbered("b", 3))
    text = message.format("canary-40f2")
    tidb.jobs.scripts["a"] = Script(fails=text)
    with pytest.raises(ImportJobError) as caught:
        load(load_config(uri), tidb_target, s3)
    assert text in str(caught.value)
    assert advice is None or advice in caught.value.remedy
    remedy = caught.value.remedy
    caplog.clear()

    tidb.jobs.scripts["a"] = Script(fails=text)
    with caplog.at_level(logging.DEBUG), pytest.raises(ImportJobError) as hidden:
        load(load_config(uri, hide_values=True), tidb_target, s3)

    assert str(hidden.value).startswith(f"[34019] job 3 of IMPORT INTO failed: {shown}")
    assert hidden.value.remedy == remedy
    assert "canary-40f2" not in everything_said(hidden.value) + caplog.text + state(server)


@pytest.mark.parametrize("word", ["canceled", "cancelled"])
def test_a_job_that_somebody_cancelled_is_a_failure_in_either_spelling(
    word: str, s3: S3Server, tmp_path: Path, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    config = load_config(put_dump(s3, tmp_path / "d", numbered("a", 3)))
    tidb.jobs.cancelled_word = word
    tidb.jobs.scripts["a"] = Script(cancelled=True)
    with pytest.raises(ImportJobError, match="job 1 of IMPORT INTO was cancelled by somebody"):
        load(config, tidb_target, s3)
    assert load(config, tidb_target, s3).tables[0].import_job == 2


def test_a_server_without_group_keys_and_with_other_columns_is_understood(
    s3: S3Server, tmp_path: Path, server: PrivateMariaDB
) -> None:
    uri = put_dump(s3, tmp_path / "d", numbered("a", 30))
    with stand_in(server, s3, has_groups=False, reversed_columns=True) as older:
        older.version = "8.0.11-TiDB-v7.5.1"
        report = load(load_config(uri), target_of(server, older), s3)
    assert (report.status, report.rows, report.tables[0].import_job) == ("finished", 30, 1)
    assert "GROUP_KEY" not in older.jobs.all[0].options


def test_a_table_that_holds_rows_is_refused_before_any_job_is_made(
    s3: S3Server, tmp_path: Path, server: PrivateMariaDB, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    uri = put_dump(s3, tmp_path / "d", numbered("a", 3), numbered("b", 3))
    rows_of(server, "CREATE DATABASE s")
    rows_of(server, "CREATE TABLE s.b (id INT NOT NULL PRIMARY KEY, v VARCHAR(40))")
    rows_of(server, "INSERT INTO s.b VALUES (77, 'theirs')")
    with pytest.raises(TargetError, match="fills empty tables only, and 1 hold rows") as caught:
        load(load_config(uri), tidb_target, s3)
    assert caught.value.table == "s.b"
    assert tidb.jobs.all == []


@pytest.mark.parametrize(
    ("version", "error"),
    [("10.11.6-MariaDB", "MariaDB 10.11.6"), ("8.4.2", "MySQL 8.4.2"), ("8.0.11-TiDB-v7.1.3", "TiDB 7.1.3")],
)
def test_a_server_without_import_into_is_refused_by_name(
    version: str, error: str, s3: S3Server, tmp_path: Path, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    uri = put_dump(s3, tmp_path / "d", numbered("a", 3))
    tidb.version = version
    with pytest.raises(TargetError, match=f"the target is {error}, and IMPORT INTO is TiDB's"):
        load(load_config(uri), tidb_target, s3)


def test_an_experimental_import_into_is_warned_of(
    s3: S3Server, tmp_path: Path, tidb: TiDBStandIn, tidb_target: TargetConfig, caplog: pytest.LogCaptureFixture
) -> None:
    uri = put_dump(s3, tmp_path / "d", numbered("a", 3))
    tidb.version = "8.0.11-TiDB-v7.2.0"
    load(load_config(uri), tidb_target, s3)
    assert "IMPORT INTO is an experiment in TiDB 7.2.0" in caplog.text


def test_keys_of_the_storage_are_shown_nowhere(
    s3: S3Server,
    tmp_path: Path,
    server: PrivateMariaDB,
    tidb: TiDBStandIn,
    tidb_target: TargetConfig,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "airflow_dm_loader")
    config = load_config(put_dump(s3, tmp_path / "d", numbered("a", 3), numbered("b", 3)))
    tidb.jobs.keys = {**tidb.jobs.keys, "access-key": "another"}
    with pytest.raises(LoaderError, match="has been denied") as refused:
        load(config, tidb_target, s3)
    tidb.jobs.keys = {}
    tidb.jobs.scripts["a"] = Script(fails=f"failed to read s3://x/y?access-key={SECRETS[-1]}&secret={SECRETS[0]}")
    with pytest.raises(ImportJobError) as failed:
        load(config, tidb_target, s3)
    report = load(config, tidb_target, s3)

    shown = [caplog.text, report.model_dump_json(), config.to_json()]
    for caught in (refused, failed):
        error: BaseException | None = caught.value
        while error is not None:  # logs print the whole chain
            shown.append(f"{error} {error!r}")
            error = error.__cause__ or error.__context__
    for (table,) in rows_of(server, "SHOW TABLES FROM dm_meta"):
        shown += map(str, rows_of(server, f"SELECT * FROM dm_meta.`{table}`"))
    assert any("s3://x/y?access-key=***" in text for text in shown)
    assert [secret for secret in SECRETS for text in shown if secret in text] == []


def test_progress_counts_tables_as_their_jobs_finish(
    s3: S3Server, tmp_path: Path, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    uri = put_dump(s3, tmp_path / "d", numbered("a", 30), numbered("b", 10))
    tidb.jobs.scripts["b"] = Script(steps=4)
    seen: list[LoadStatus] = []
    load_soon(load_config(uri), tidb_target, on_progress=seen.append, access=access(s3), progress_interval_s=0.01)
    finished = [status.finished_bytes for status in seen]
    assert finished == sorted(finished)
    assert 0 < finished[-2] < finished[-1] == seen[-1].total_bytes
    assert [table.table for table in seen[-2].tables] == ["s.b"]


def test_sources_that_are_merged_are_refused_with_dm_s_number() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config("s3://b/d", source_id="a", sources=("a", "b"))
    assert caught.value.code == 20068


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("import_into_threads", 8),
        ("import_into_max_write_speed", "200MiB"),
        ("import_into_disk_quota", "50GiB"),
        ("import_into_cloud_storage_uri", "s3://b/sorted"),
    ],
)
def test_its_settings_are_refused_where_they_would_have_no_effect(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"{name}: it is for import_mode import-into, and import_mode is logical"):
        load_config("s3://b/d", import_mode="logical", **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("on_duplicate_physical", "manual"), ("on_duplicate_logical", "manual"), ("on_duplicate_logical", "ignore")],
)
def test_policies_for_duplicates_that_no_job_follows_are_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: under import-into a key that comes twice fails the table's job"):
        load_config("s3://b/d", **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("import_into_threads", 0),
        ("import_into_max_write_speed", "fast"),
        ("import_into_disk_quota", "50 gigabytes"),
        ("import_into_cloud_storage_uri", "/tmp/sorted"),
        ("import_into_cloud_storage_uri", "s3://b/sorted?access-key=x"),
    ],
)
def test_a_wrong_value_of_its_settings_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        load_config("s3://b/d", **{name: value})
    assert "access-key" not in str(caught.value)


@pytest.mark.parametrize("uri", ["/dumps/d", "file:///dumps/d", "azure://c/d"])
def test_storage_that_tidb_s_servers_don_t_read_is_refused_with_dm_s_number(uri: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(uri)
    assert caught.value.code == 20069


@pytest.mark.parametrize("privilege", ["UPDATE", "ALTER"])
def test_a_right_that_import_into_asks_for_is_missed_before_anything_is_made(
    privilege: str, s3: S3Server, tmp_path: Path, server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    uri = put_dump(s3, tmp_path / "d", numbered("a", 3))
    all_privileges = {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "CREATE VIEW", "REFERENCES"}
    rows_of(server, "CREATE OR REPLACE USER few IDENTIFIED BY 'few'")
    rows_of(server, "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON dm_meta.* TO few")
    rows_of(server, f"GRANT {', '.join(sorted(all_privileges - {privilege}))} ON s.* TO few")
    few = target_of(server, tidb).model_copy(update={"user": "few", "password": SecretStr("few")})
    with pytest.raises(TargetError, match=f"lacks privileges that this load needs: {privilege} on `s`"):
        load(load_config(uri), few, s3)
    rows_of(server, f"GRANT {privilege} ON s.* TO few")
    assert load(load_config(uri), few, s3).rows == 3


def test_a_real_dump_arrives_byte_for_byte(
    s3: S3Server, server: PrivateMariaDB, tidb: TiDBStandIn, tidb_target: TargetConfig
) -> None:
    checksums = sample_checksums(server)
    report = load(load_config(s3.upload(SAMPLES / "mydumper-0.10")), tidb_target, s3)
    assert {table.table: table.rows for table in report.tables} == {
        name: rows for name, (rows, _) in expected().items()
    }
    found = {name: rows_of(server, f"CHECKSUM TABLE {name}")[0][1] for name in expected()}
    assert found == checksums
    assert len(tidb.jobs.all) == 8  # one table of the nine is empty
