"""What a ``dump_uri`` names: a folder of this machine, or a prefix in a bucket.

    /dumps/shop  file:///dumps/shop        a folder
    s3://bucket/prefix                     Amazon S3 and what speaks its protocol
    gs://bucket/prefix  gcs://...          Google Cloud Storage
    azure://container/prefix  azblob://... Azure Blob Storage

A URI is stored with the load and shown to people, so it never holds credentials, nor anything else that belongs to
the access: those come from ``dump_conn_id`` or from the environment. The prefix of an object URI is taken as it is
written; only ``file://`` has % escapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from airflow_dm_loader.errors import ConfigError

DUMP_URI_CODE = 20058  # DM's number for a wrong dump directory
_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*")


class StorageKind(StrEnum):
    """Where a dump can lie; each value is the scheme that names it."""

    LOCAL = "file"
    S3 = "s3"
    GCS = "gs"
    AZURE = "azure"


_KINDS = {
    "file": StorageKind.LOCAL,
    "s3": StorageKind.S3,
    "gs": StorageKind.GCS,
    "gcs": StorageKind.GCS,
    "azure": StorageKind.AZURE,
    "azblob": StorageKind.AZURE,
}


@dataclass(frozen=True, slots=True)
class DumpLocation:
    """A parsed ``dump_uri``."""

    kind: StorageKind
    folder: Path | None = None  # of a local dump
    bucket: str = ""  # or container
    prefix: str = ""  # "" or ends in "/"

    @classmethod
    def parse(cls, uri: str) -> DumpLocation:
        """Read a path or a URI.

        Raises:
            ConfigError: an unknown scheme, or a URI that is not of the forms above (20058). It does not repeat the
                URI, which may hold what should not be in it.
        """
        match = _URI.fullmatch(uri)
        if match is None:
            return cls(StorageKind.LOCAL, folder=Path(uri).absolute())
        scheme = match["scheme"].lower()
        kind = _KINDS.get(scheme)
        if kind is None:
            raise _wrong(
                "what stands before :// is not a storage that is known",
                "Use a path, file://, s3://, gs:// or azure://; anything else must be mounted or copied first.",
            )
        if kind is StorageKind.LOCAL:
            return cls(kind, folder=_folder(uri))
        return cls(kind, None, *_bucket_and_prefix(scheme, match["rest"]))

    def __str__(self) -> str:
        return str(self.folder) if self.folder is not None else f"{self.kind}://{self.bucket}/{self.prefix}"


def _folder(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost") or not parts.path or parts.query or parts.fragment:
        raise _wrong(
            "a file:// URI needs an absolute path, no other host, and % escapes for ? and #",
            "Write it as file:///the/folder.",
        )
    return Path(unquote(parts.path))


def _bucket_and_prefix(scheme: str, rest: str) -> tuple[str, str]:
    if re.search(r"[?#]", rest) or "@" in rest.partition("/")[0]:
        raise _wrong(
            f"a {scheme}:// URI must hold a bucket and a prefix only: no user, no ? and no #",
            "Put keys, region and endpoint into an Airflow connection and name it in dump_conn_id. If what you wrote "
            "held a key, it may stand in logs and in Airflow's database by now: replace that key.",
        )
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    if not _BUCKET.fullmatch(bucket):
        raise _wrong(f"a {scheme}:// URI must begin with the name of a bucket", f"Write {scheme}://bucket/the/prefix.")
    if any(part in ("", ".", "..") for part in prefix.split("/")) and prefix:
        raise _wrong("the prefix must not hold //, /./ or /../", f"Write {scheme}://{bucket}/the/prefix.")
    return bucket, f"{prefix}/" if prefix else ""


def _wrong(what: str, remedy: str) -> ConfigError:
    return ConfigError(f"dump_uri: {what}", code=DUMP_URI_CODE, remedy=remedy)
