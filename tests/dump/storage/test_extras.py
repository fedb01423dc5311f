"""What is said where the library of a storage is not installed."""

from __future__ import annotations

import sys

import pytest

from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import ConfigError


@pytest.mark.parametrize(
    ("uri", "module", "extra"),
    [
        ("s3://b/p", "boto3", "s3"),
        ("gs://b/p", "google.cloud.storage", "gcs"),
        ("gcs://b/p", "google.cloud.storage", "gcs"),
        ("azure://c/p", "azure.storage.blob", "azure"),
    ],
)
def test_the_extra_to_install_is_named(uri: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # importing it fails as if it were not there
    with pytest.raises(ConfigError, match="not installed") as caught:
        open_storage(uri)
    assert caught.value.code == 20058
    assert caught.value.remedy == f"pip install airflow-dm-loader[{extra}]"
