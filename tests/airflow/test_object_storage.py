"""Whole loads from S3 through Airflow: the DAG ``dm_load`` with the connection of the dump's storage."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from dev.dag_runs import Run
from tests.buckets import KEY, KEY_ID, S3Server
from tests.dumps import SAMPLES, expected
from tests.tables import sample_checksums

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump, Query


@pytest.fixture
def dumps_conn(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The Airflow connection ``dumps`` to the bucket's server, as a person would set it; and no other credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    connection = {
        "conn_type": "aws",
        "login": KEY_ID,
        "password": KEY,
        "extra": {"endpoint_url": s3.endpoint, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_DUMPS", json.dumps(connection))
    return "dumps"


def conf(uri: str, **settings: Any) -> dict[str, Any]:
    return {"task_name": "shop", "dump_uri": uri, "dump_conn_id": "dumps", **settings}


def test_a_real_dump_is_loaded_from_s3_and_removed_when_all_is_in(
    dm_load: DAG, dumps_conn: str, s3: S3Server, server: PrivateMariaDB, query: Query
) -> None:
    checksums = sample_checksums(server)
    uri = s3.upload(SAMPLES / "mydumper-0.10", "shop/2026")
    s3.put("shop/2026-other/metadata", b"of another dump")

    run = Run.start(dm_load, conf(uri, clean_dump_files=True))
    assert run.state == "success", run.states()
    report = run.xcom("finish")
    assert {table["table"]: table["rows"] for table in report["tables"]} == {
        name: rows for name, (rows, _) in expected().items()
    }
    for name, checksum in checksums.items():
        assert query(f"CHECKSUM TABLE {name}") == ((name, checksum),)
    assert s3.keys() == [
        "shop/2026-other/metadata",
        "shop/2026/shop-schema-post.sql",
        "shop/2026/shop.orders-schema-triggers.sql",
    ]
    assert run.xcom("clean_dump_files")["warnings"] == [
        "files that were not loaded stay, since the dump may be the only copy (routines and events: 1, triggers: 1)"
    ]


def test_metadata_and_schemas_stay_in_s3_where_replication_follows_and_a_second_run_sends_nothing(
    dm_load: DAG, dumps_conn: str, s3: S3Server, make_dump: MakeDump
) -> None:
    uri = s3.upload(make_dump({"t": [(1, "one"), (2, "two")]}, compressed=True))
    first = Run.start(dm_load, conf(uri, mode="all", clean_dump_files=True))
    assert first.state == "success", first.states()
    assert s3.keys() == ["dump/metadata", "dump/s-schema-create.sql", "dump/s.t-schema.sql"]

    second = Run.start(dm_load, conf(uri, mode="all", clean_dump_files=True))
    assert second.state == "success"
    assert (second.xcom("finish")["skipped"], second.xcom("finish")["rows_sent"]) == (True, 0)


def test_a_dump_that_can_t_be_reached_says_what_to_do(
    dm_load: DAG, dumps_conn: str, s3: S3Server, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = Run.start(dm_load, conf(f"s3://{s3.bucket}/nothing"))
    assert missing.state == "failed"
    assert missing.tries("fetch_dump_metadata") == [1]
    wrong_kind = Run.start(dm_load, conf(f"gs://{s3.bucket}/nothing"))
    assert wrong_kind.state == "failed"
    said = caplog.text + capsys.readouterr().out
    assert f"[34014] there is nothing at s3://{s3.bucket}/nothing/" in said
    assert "[20058] dump_uri: the dump is in gs://, but the access to it is for s3://" in said


def test_the_storage_s_key_is_kept_nowhere(
    dm_load: DAG,
    dumps_conn: str,
    s3: S3Server,
    make_dump: MakeDump,
    query: Query,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    good = s3.upload(make_dump({"t": [(1, "a")]}, name="good"), "good")
    bad = s3.upload(make_dump({"t": [(2, "far too long for a column of twenty characters")]}, name="bad"), "bad")

    assert Run.start(dm_load, conf(good, task_name="good")).state == "success"
    assert Run.start(dm_load, conf(bad, task_name="bad")).state == "failed"
    assert Run.start(dm_load, conf(f"s3://{s3.bucket}-no/x", task_name="ugly")).state == "failed"

    words = {KEY, quote(KEY, safe=""), KEY_ID}
    home = Path(os.environ["AIRFLOW_HOME"])
    kept = {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert not [name for name, content in kept.items() if any(word.encode() in content for word in words)]
    assert [name for name, content in kept.items() if bad.encode() in content]  # the search finds what is there
    said = "".join((caplog.text, *capfd.readouterr()))
    assert "Data too long" in said
    assert not [word for word in words if word in said]
    tables = [name for (name,) in query("SHOW TABLES IN dm_meta")]
    stored = repr([query(f"SELECT * FROM dm_meta.`{name}`") for name in tables])
    assert good in stored
    assert not [word for word in words if word in stored]
