"""A folder without metadata: the error says which folder in it is a dump's."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader.dump.inventory import read_inventory
from airflow_dm_loader.dump.storage import DumpStorage, open_storage
from airflow_dm_loader.errors import DumpMetadataError
from tests.buckets import S3Server


def refused(storage: DumpStorage) -> DumpMetadataError:
    with pytest.raises(DumpMetadataError) as caught:
        read_inventory(storage, require_finished=True)
    return caught.value


def test_the_folder_that_holds_metadata_is_named(tmp_path: Path) -> None:
    for name in ("export-20260101", "notes"):
        (tmp_path / name).mkdir()
    (tmp_path / "export-20260101" / "metadata").touch()
    (tmp_path / "notes" / "metadata").mkdir()

    error = refused(open_storage(str(tmp_path)))

    assert error.message.endswith("; in it, 'export-20260101' has one")
    assert error.remedy.endswith(f": {tmp_path}/export-20260101")


def test_of_several_the_last_by_name_come_first(tmp_path: Path) -> None:
    for day in range(1, 41):
        (tmp_path / f"2026-{day:02}").mkdir()
        (tmp_path / f"2026-{day:02}" / "metadata").touch()

    error = refused(open_storage(str(tmp_path)))

    assert error.message.endswith("in it, '2026-40', '2026-39', '2026-38' have one")
    assert error.remedy.endswith("/2026-40")


def test_the_prefix_that_holds_metadata_is_named(s3: S3Server) -> None:
    for key in ("dumps/export/metadata", "dumps/export/s.t.sql", "dumps/other/metadata.partial"):
        s3.put(key, b"")

    error = refused(open_storage(f"s3://{s3.bucket}/dumps", s3.access()))

    assert "in it, 'export' has one" in error.message
    assert error.remedy.endswith(f": s3://{s3.bucket}/dumps/export")


def test_without_such_a_folder_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()

    error = refused(open_storage(str(tmp_path)))

    assert error.message.endswith(f"among the 0 in {tmp_path}")
    assert error.remedy == DumpMetadataError.default_remedy
