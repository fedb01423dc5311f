from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump.access import GcsAccess, S3Access
from airflow_dm_loader.dump.data_formats import SQL
from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.import_into.import_statement import import_into, source_uri, without_access
from airflow_dm_loader.engines.import_into.sources import TableSource
from airflow_dm_loader.engines.redaction import Redactor

KEY, SECRET = "AKIA0123456789", "abc/def+ghi=jkl&mno"
ACCESS = S3Access(access_key=KEY, secret_key=SECRET, session_token="tok/en==", region="eu-central-1")


def uri() -> str:
    return source_uri(tidb_uri("s3://bucket/a dump", ACCESS).get_secret_value(), "s.a%2Eb.0*.sql")


def test_the_uri_holds_the_pattern_in_the_name_alone_and_the_access_as_parameters() -> None:
    assert uri() == (
        "s3://bucket/a%20dump/s.a%252Eb.0*.sql?access-key=AKIA0123456789&secret-access-key=abc%2Fdef%2Bghi%3Djkl%26mno"
        "&session-token=tok%2Fen%3D%3D&region=eu-central-1"
    )
    assert without_access(uri()) == "s3://bucket/a%20dump/s.a%252Eb.0*.sql"
    assert source_uri(tidb_uri("s3://bucket", None).get_secret_value(), "s.t.sql") == "s3://bucket/s.t.sql"
    google = tidb_uri("gs://bucket/d", GcsAccess(key_path="/keys/k.json")).get_secret_value()
    assert source_uri(google, "s.t.sql") == "gcs://bucket/d/s.t.sql?credentials-file=/keys/k.json".replace(
        "/keys/k.json", quote("/keys/k.json", safe="")
    )


def test_the_statement_quotes_names_and_gives_values_apart() -> None:
    source = TableSource("s", "100%`t", "x.sql", SQL, ())
    sql, values = import_into(source, "s3://b/x.sql", {"THREAD": 8, "CHECKSUM_TABLE": "required"})
    assert sql == ("IMPORT INTO `s`.`100%%``t` FROM %s FORMAT %s WITH DETACHED, THREAD = %s, CHECKSUM_TABLE = %s")
    assert values == ("s3://b/x.sql", "sql", 8, "required")


@pytest.mark.parametrize(
    "text",
    [
        f"Access to the source has been denied: {uri()}",
        f"near '{uri()[30:]}' at line 1",
        f"open s3://bucket/x?secret-access-key={SECRET.partition('&')[0]}: denied",
        f"key {KEY} does not exist, {SECRET} neither",
        f"retry with {quote(SECRET)} or {quote(SECRET, safe='')}",
        "near '&secret-access-key=abc%2Fdef'",
    ],
)
def test_no_text_of_the_server_shows_a_secret(text: str) -> None:
    shown = Redactor.of_uris([uri(), ""]).text(text)
    assert not any(secret in shown for secret in (KEY, SECRET, "abc/def", "abc%2Fdef", "tok/en", "tok%2Fen"))
    assert shown.partition(" ")[0] == text.partition(" ")[0]


def test_what_is_no_secret_stays() -> None:
    redactor = Redactor.of_uris([uri()])
    text = "job 17 failed: Duplicate entry '7' for key 'PRIMARY' in s3://bucket/a%20dump/s.t.sql?region=eu-central-1"
    assert redactor.text(text) == text
    assert "2 values" not in repr(redactor)
    assert KEY not in repr(redactor)


@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_known_secret_is_gone_wherever_it_stands(secret: str, before: str, after: str) -> None:
    access = S3Access(access_key="ID01", secret_key=secret.encode("utf-8", "replace").decode())
    known = access.secret_key.get_secret_value() if access.secret_key else ""
    redactor = Redactor.of_uris([tidb_uri("s3://b/d", access).get_secret_value()])
    assert known.strip("*") == "" or known not in redactor.text(f"{before} {known} {after}").replace("***", "\x00")
