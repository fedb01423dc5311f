"""Where a dump lies: its files, as stored; on this machine or in a bucket.

Dumps are flat: one folder or prefix, no files in subfolders; exports of other tools may have some. Files
are read as raw bytes; :mod:`~airflow_dm_loader.dump.compression` decodes. :func:`open_storage` finds the place that a
dump_uri names.

    base.py       DumpStorage: what every place can do; StoredFile
    local.py      folders
    objects.py    prefixes, over a bucket.py, which is one of the three below
    s3.py  gcs.py  azure.py     what their clients can do: list, open, delete, and what their errors mean
    resuming.py   reads on where a connection broke or a disk failed
"""

from __future__ import annotations

from airflow_dm_loader.attempts import PATIENT, Attempts
from airflow_dm_loader.dump.access import DumpAccess, check_access
from airflow_dm_loader.dump.storage.base import DumpStorage, StoredFile
from airflow_dm_loader.dump.storage.bucket import Bucket
from airflow_dm_loader.dump.storage.local import LocalStorage
from airflow_dm_loader.dump.storage.objects import ObjectStorage
from airflow_dm_loader.location import DumpLocation, StorageKind

__all__ = ["DumpStorage", "LocalStorage", "StoredFile", "open_storage"]


def open_storage(
    uri: str,
    access: DumpAccess | None = None,
    *,
    attempts: Attempts = PATIENT,
    follow_links: bool = False,
    deep: bool = False,
) -> DumpStorage:
    """The place that a ``dump_uri`` names, which need not exist yet.

    Args:
        access: how it is reached; None: as the storage's client library finds out from the environment.
        attempts: by what clock it waits between two tries, and until when.
        follow_links: read what links in a folder lead to outside of it.
        deep: look into subfolders, too.

    Raises:
        ConfigError: the URI is wrong, or the access is for another storage (20058); or a package is missing.
    """
    location = DumpLocation.parse(uri)
    check_access(location, access)
    if location.folder is not None:
        return LocalStorage(location.folder, attempts=attempts, follow_links=follow_links, deep=deep)
    return ObjectStorage(location, _bucket(location, access), attempts=attempts, deep=deep)


def _bucket(location: DumpLocation, access: DumpAccess | None) -> Bucket:
    """The client of the location's storage.

    Raises:
        ConfigError: its library is not installed, or the access can't be used.
    """
    # The libraries are optional, so each module stands alone and is imported only here.
    if location.kind is StorageKind.S3:
        from airflow_dm_loader.dump.storage.s3 import S3Bucket

        return S3Bucket.connect(location.bucket, access)
    if location.kind is StorageKind.GCS:
        from airflow_dm_loader.dump.storage.gcs import GcsBucket

        return GcsBucket.connect(location.bucket, access)
    from airflow_dm_loader.dump.storage.azure import AzureContainer

    return AzureContainer.connect(location.bucket, access)
