"""Buckets of Amazon S3 and of what speaks its protocol, by boto3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from airflow_dm_loader.dump.access import DumpAccess, S3Access
from airflow_dm_loader.dump.storage.bucket import StoredObject
from airflow_dm_loader.dump.storage.troubles import Trouble, by_network, by_status, missing_package, no_credentials
from airflow_dm_loader.errors import RetriableError

_DELETED_AT_ONCE = 1000  # S3's own limit
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestTimeTooSkewed", "TokenRefreshRequired"})


class S3Bucket:
    """A bucket, reached by a boto3 client, which threads share."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @classmethod
    def connect(cls, bucket: str, access: DumpAccess | None) -> S3Bucket:
        """Raises ConfigError: boto3 is not installed."""
        try:
            import boto3  # noqa: F401  # smart_open says nothing where it is missing
        except ImportError:
            raise missing_package("s3", "s3") from None
        assert access is None or isinstance(access, S3Access)
        if access is not None and access.client is not None:
            return cls(access.client, bucket)
        return cls(_client(access or S3Access()), bucket)

    def list(self, prefix: str) -> Iterator[StoredObject | str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        for page in pages:
            for found in page.get("Contents", ()):
                yield StoredObject(found["Key"], found["Size"], found["ETag"])
            for below in page.get("CommonPrefixes", ()):
                yield below["Prefix"]

    def open(self, key: str, version: str, offset: int) -> BinaryIO:
        import smart_open.s3

        stream: Any = smart_open.s3.open(
            self._bucket,
            key,
            "rb",
            client=self._client,
            # Each request it makes, also those after a broken connection, must meet the object that was listed.
            client_kwargs={"S3.Client.get_object": {"IfMatch": version}},
            defer_seek=True,
        )
        try:
            stream.seek(offset)
        except BaseException:
            stream.close()
            raise
        return stream  # type: ignore[no-any-return]

    def delete(self, keys: Sequence[str]) -> dict[str, str]:
        failed: dict[str, str] = {}
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            some = keys[start : start + _DELETED_AT_ONCE]
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
            )
            failed |= {error["Key"]: error.get("Code", "unknown") for error in answer.get("Errors", ())}
        return failed

    def meaning(self, error: Exception) -> Trouble | None:
        import botocore.exceptions as known
        import urllib3.exceptions

        error = getattr(error, "backend_error", error)  # what smart_open wrapped
        if isinstance(error, known.ClientError):
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _EXPIRED:  # a new try of the task gets new keys
                return Trouble(RetriableError, f"the storage says {code}")
            return by_status(int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)), code)
        if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
            return no_credentials(error)
        network = (
            known.ConnectionError,
            known.CredentialRetrievalError,  # of a role or a machine, whose service may be away
            known.HTTPClientError,
            known.IncompleteReadError,
            known.ReadTimeoutError,
            known.ResponseStreamingError,
            urllib3.exceptions.HTTPError,
            OSError,
        )
        return by_network(error) if isinstance(error, network) else None


def client_config(access: S3Access | None = None) -> Any:
    """What the loader wants of a boto3 client: shared by many threads, and no long silence."""
    from botocore.config import Config

    style = {} if access is None or access.addressing_style == "auto" else {"addressing_style": access.addressing_style}
    return Config(
        connect_timeout=10,
        read_timeout=30,
        retries={"total_max_attempts": 4, "mode": "standard"},
        max_pool_connections=64,
        tcp_keepalive=True,
        request_checksum_calculation="when_required",  # servers other than Amazon's do not know the newer ones
        response_checksum_validation="when_required",
        s3=style or None,
    )


def _client(access: S3Access) -> Any:
    import boto3

    def opened(secret: Any) -> str | None:
        return None if secret is None else secret.get_secret_value()

    session = boto3.session.Session(
        aws_access_key_id=opened(access.access_key),
        aws_secret_access_key=opened(access.secret_key),
        aws_session_token=opened(access.session_token),
        region_name=access.region,
    )
    return session.client("s3", endpoint_url=access.endpoint, verify=access.verify, config=client_config(access))
