from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.location import DumpLocation, StorageKind


@pytest.mark.parametrize(
    ("uri", "kind", "bucket", "prefix"),
    [
        ("s3://bucket/a/b", StorageKind.S3, "bucket", "a/b/"),
        ("S3://bucket/a/b/", StorageKind.S3, "bucket", "a/b/"),
        ("s3://bucket", StorageKind.S3, "bucket", ""),
        ("gs://my_bucket.example/x", StorageKind.GCS, "my_bucket.example", "x/"),
        ("gcs://b/x", StorageKind.GCS, "b", "x/"),
        ("azure://container/x", StorageKind.AZURE, "container", "x/"),
        ("azblob://$root/x", StorageKind.AZURE, "$root", "x/"),
        ("s3://b/a %20b=c@d", StorageKind.S3, "b", "a %20b=c@d/"),
    ],
)
def test_an_object_uri_is_a_bucket_and_a_prefix_as_written(
    uri: str, kind: StorageKind, bucket: str, prefix: str
) -> None:
    assert DumpLocation.parse(uri) == DumpLocation(kind, None, bucket, prefix)


def test_paths_and_file_uris_are_folders(tmp_path: Path) -> None:
    for uri in (str(tmp_path), tmp_path.as_uri(), f"file://localhost{tmp_path}"):
        assert DumpLocation.parse(uri) == DumpLocation(StorageKind.LOCAL, tmp_path)


def test_a_location_is_shown_by_the_scheme_that_is_most_used() -> None:
    assert str(DumpLocation.parse("gcs://b/x/")) == "gs://b/x/"
    assert str(DumpLocation.parse("/d")) == "/d"


@pytest.mark.parametrize(
    "uri",
    [
        "https://x:secret@h/d",
        "hdfs://h/secret",
        "file://secret-host/dump",
        "file:///dump?x=secret",
        "file:///dump#secret",
        "file://",
        "s3://",
        "s3:///secret",
        "s3://key:secret@bucket/p",
        "s3://bucket/p?access-key=secret",
        "gs://bucket/p#secret",
        "azure://c/p?sas-token=secret",
        "s3://bucket/a/../secret",
        "s3://bu cket/secret",
    ],
)
def test_any_other_uri_is_dm_20058_and_is_not_repeated(uri: str) -> None:
    for refused in (DumpLocation.parse, lambda wrong: LoadConfig(task_name="t", dump_uri=wrong)):
        with pytest.raises(ConfigError) as caught:
            refused(uri)
        assert caught.value.code == 20058
        assert "secret" not in str(caught.value)
