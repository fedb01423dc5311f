"""Buckets of Google Cloud Storage, by google-cloud-storage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from airflow_dm_loader.dump.access import DumpAccess, GcsAccess
from airflow_dm_loader.dump.storage.bucket import StoredObject
from airflow_dm_loader.dump.storage.troubles import Trouble, by_network, by_status, missing_package, no_credentials
from airflow_dm_loader.errors import ConfigError

_DELETED_AT_ONCE = 100  # a batch request's own limit
_PIECE_BYTES = 2 << 20  # of one download request; an open file holds one
_TRIES_S = 20.0  # for how long the client tries a request again by itself


class GcsBucket:
    """A bucket, reached by a client, which threads share."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @classmethod
    def connect(cls, bucket: str, access: DumpAccess | None) -> GcsBucket:
        """Raises ConfigError: google-cloud-storage is not installed, or there is no usable key."""
        try:
            import google.auth.exceptions
            import google.cloud.storage
        except ImportError:
            raise missing_package("gs", "gcs") from None
        assert access is None or isinstance(access, GcsAccess)
        try:
            return cls(_client(access or GcsAccess()), bucket)
        except (OSError, ValueError, google.auth.exceptions.GoogleAuthError) as error:
            raise ConfigError(
                f"gs://{bucket}: {no_credentials(error).what}", remedy=no_credentials(error).remedy
            ) from None  # its text may hold parts of the key

    def list(self, prefix: str) -> Iterator[StoredObject | str]:
        pages = self._client.list_blobs(self._bucket, prefix=prefix, delimiter="/", retry=_retry()).pages
        for page in pages:
            for blob in page:
                yield StoredObject(blob.name, blob.size, str(blob.generation))
            yield from page.prefixes

    def open(self, key: str, version: str, offset: int) -> BinaryIO:
        import smart_open.gcs

        same = {"if_generation_match": int(version), "retry": _retry()}
        stream: Any = smart_open.gcs.open(
            self._bucket,
            key,
            "rb",
            client=self._client,
            get_blob_kwargs=same,
            blob_open_kwargs={**same, "chunk_size": _PIECE_BYTES, "raw_download": True},
        )
        stream.seek(offset)
        return stream  # type: ignore[no-any-return]

    def delete(self, keys: Sequence[str]) -> dict[str, str]:
        failed: dict[str, str] = {}
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            some = keys[start : start + _DELETED_AT_ONCE]
            try:
                with self._client.batch():
                    for key in some:
                        self._client.bucket(self._bucket).delete_blob(key)
            except Exception as error:  # one of them; the others may be gone or not
                if self.meaning(error) is None:
                    raise
                failed |= self._delete_each(some)
        return failed

    def meaning(self, error: Exception) -> Trouble | None:
        import google.api_core.exceptions
        import google.auth.exceptions
        import google.resumable_media
        import requests.exceptions
        import urllib3.exceptions

        if isinstance(error, google.api_core.exceptions.GoogleAPICallError):
            return by_status(int(error.code or 0), type(error).__name__)
        if isinstance(error, google.resumable_media.InvalidResponse):
            return by_status(int(error.response.status_code), type(error).__name__)
        if isinstance(error, google.auth.exceptions.TransportError):
            return by_network(error)
        if isinstance(error, google.auth.exceptions.GoogleAuthError):
            return no_credentials(error)
        network = (
            google.api_core.exceptions.RetryError,
            google.resumable_media.DataCorruption,
            requests.exceptions.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
        )
        return by_network(error) if isinstance(error, network) else None

    def _delete_each(self, keys: Sequence[str]) -> dict[str, str]:
        import google.api_core.exceptions

        failed = {}
        for key in keys:
            try:
                self._client.bucket(self._bucket).delete_blob(key, retry=_retry())
            except google.api_core.exceptions.NotFound:
                continue
            except Exception as error:
                trouble = self.meaning(error)
                if trouble is None:
                    raise
                failed[key] = trouble.what
        return failed


def _retry() -> Any:
    from google.cloud.storage.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(_TRIES_S)


def _client(access: GcsAccess) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage
    from google.oauth2 import credentials, service_account

    found: Any = None
    if access.key_path is not None:
        found = service_account.Credentials.from_service_account_file(access.key_path)
    elif access.key_json is not None:
        found = service_account.Credentials.from_service_account_info(json.loads(access.key_json.get_secret_value()))
    elif access.token is not None:
        found = credentials.Credentials(token=access.token.get_secret_value())
    elif access.anonymous:
        found = AnonymousCredentials()
    project = access.project or ("none" if found is not None else None)  # objects need none, but the client asks
    if found is not None and hasattr(found, "with_scopes"):
        found = found.with_scopes(storage.Client.SCOPE)
    options = {"api_endpoint": access.endpoint} if access.endpoint else None
    return storage.Client(project=project, credentials=found, client_options=options)
