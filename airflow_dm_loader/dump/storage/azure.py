"""Containers of Azure Blob Storage, by azure-storage-blob."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from airflow_dm_loader.dump.access import AzureAccess, DumpAccess
from airflow_dm_loader.dump.storage.bucket import StoredObject
from airflow_dm_loader.dump.storage.troubles import (
    REFUSED_REMEDY,
    Trouble,
    by_network,
    by_status,
    missing_package,
    no_credentials,
)
from airflow_dm_loader.errors import ConfigError

_DELETED_AT_ONCE = 256  # a batch request's own limit
_PIECE_BYTES = 2 << 20  # of one download request; an open file holds one
_PATIENCE: dict[str, Any] = {"connection_timeout": 10, "read_timeout": 30, "retry_total": 2}


class AzureContainer:
    """A container, reached by a client, which threads share."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(cls, container: str, access: DumpAccess | None) -> AzureContainer:
        """Raises ConfigError: azure-storage-blob is not installed, or nothing names the account."""
        try:
            import azure.storage.blob  # noqa: F401
        except ImportError:
            raise missing_package("azure", "azure") from None
        assert access is None or isinstance(access, AzureAccess)
        try:
            return cls(_service(access or _of_environment()).get_container_client(container))
        except ValueError as error:
            raise ConfigError(
                f"azure://{container}: {no_credentials(error).what}", remedy=REFUSED_REMEDY
            ) from None  # its text may hold parts of the key

    def list(self, prefix: str) -> Iterator[StoredObject | str]:
        from azure.storage.blob import BlobPrefix

        for found in self._client.walk_blobs(name_starts_with=prefix, delimiter="/"):
            if isinstance(found, BlobPrefix):
                yield found.name
            else:
                yield StoredObject(found.name, found.size, found.etag)

    def open(self, key: str, version: str, offset: int) -> BinaryIO:
        import smart_open.azure

        blob: Any = _OneVersion(self._client.get_blob_client(key), version)
        stream: Any = smart_open.azure.open(
            self._client.container_name, key, "rb", client=blob, buffer_size=_PIECE_BYTES
        )
        stream.seek(offset)
        return stream  # type: ignore[no-any-return]

    def delete(self, keys: Sequence[str]) -> dict[str, str]:
        failed: dict[str, str] = {}
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            some = keys[start : start + _DELETED_AT_ONCE]
            answers = self._client.delete_blobs(*some, raise_on_any_failure=False)
            for key, answer in zip(some, answers, strict=True):
                if answer.status_code >= 300 and answer.status_code != 404:
                    failed[key] = f"the storage says {answer.status_code}"
        return failed

    def meaning(self, error: Exception) -> Trouble | None:
        import azure.core.exceptions as known

        if isinstance(error, known.HttpResponseError) and error.status_code:
            code = getattr(error, "error_code", None)
            return by_status(int(error.status_code), str(getattr(code, "value", code) or type(error).__name__))
        if isinstance(error, known.AzureError | OSError):
            return by_network(error)
        return None


@dataclass(frozen=True, slots=True)
class _OneVersion:
    """As much of a blob's client as smart_open reads by, for one version of the blob."""

    blob: Any
    etag: str

    def get_blob_properties(self) -> Any:
        return self.blob.get_blob_properties(**self._same())

    def download_blob(self, **how: Any) -> Any:
        return self.blob.download_blob(**how, **self._same())

    def _same(self) -> dict[str, Any]:
        from azure.core import MatchConditions

        return {"etag": self.etag, "match_condition": MatchConditions.IfNotModified}


def _service(access: AzureAccess) -> Any:
    from azure.storage.blob import BlobServiceClient

    if access.connection_string is not None:
        return BlobServiceClient.from_connection_string(access.connection_string.get_secret_value(), **_PATIENCE)
    secret = access.key or access.sas_token
    credential: Any = None if secret is None else secret.get_secret_value()
    if access.key is not None and access.account is not None:
        credential = {"account_name": access.account, "account_key": credential}
    url = access.endpoint or f"https://{access.account}.blob.core.windows.net"
    return BlobServiceClient(url, credential, **_PATIENCE)


def _of_environment() -> AzureAccess:
    """As the az command line and TiDB's tools find it."""
    environment = os.environ
    if text := environment.get("AZURE_STORAGE_CONNECTION_STRING"):
        return AzureAccess(connection_string=text)
    if account := environment.get("AZURE_STORAGE_ACCOUNT"):
        return AzureAccess(
            account=account,
            key=environment.get("AZURE_STORAGE_KEY"),
            sas_token=None if "AZURE_STORAGE_KEY" in environment else environment.get("AZURE_STORAGE_SAS_TOKEN"),
        )
    raise ConfigError(
        "dump_uri: an azure:// URI does not say which account it is of",
        code=20058,
        remedy="Name a connection of type wasb in dump_conn_id, or set AZURE_STORAGE_CONNECTION_STRING, or "
        "AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY, for the workers.",
    )
