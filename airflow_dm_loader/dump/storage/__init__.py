"""Where a dump lies: its files, as stored; on this machine or in a bucket.

Dumps are flat: one folder or prefix, no files in subfolders. Files are read as raw bytes;
:mod:`~airflow_dm_loader.dump.compression` decodes.

    base.py       DumpStorage: what every place can do; StoredFile
    local.py      folders
    objects.py    prefixes, over a bucket.py, which is one of the three below
    s3.py  gcs.py  azure.py     what their clients can do: list, open, delete, and what their errors mean
    opening.py    the one of them that a dump_uri names
    resuming.py   reads on where a connection broke or a disk failed
"""

from __future__ import annotations

from airflow_dm_loader.dump.storage.base import DumpStorage, StoredFile
from airflow_dm_loader.dump.storage.local import LocalStorage
from airflow_dm_loader.dump.storage.opening import open_storage

__all__ = ["DumpStorage", "LocalStorage", "StoredFile", "open_storage"]
