"""How the storage of a dump is reached: endpoint and credentials, which the ``dump_uri`` never holds.

In Airflow they come from the connection that ``dump_conn_id`` names; see
:mod:`~airflow_dm_loader.hooks.dump`. Without any, the client libraries look in the environment, as they always do.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.location import DUMP_URI_CODE, DumpLocation, StorageKind
from airflow_dm_loader.settings.strict import Strict


class DumpAccess(Strict):
    """Base of the three below. What is secret shows in no text and no ``repr``.

    Raises:
        ConfigError: a setting is unknown, or two contradict each other; no value is repeated.
    """

    kind: ClassVar[StorageKind]


class S3Access(DumpAccess):
    """Amazon S3, or a server that speaks its protocol."""

    kind = StorageKind.S3

    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    session_token: SecretStr | None = None
    region: str | None = None
    endpoint: str | None = Field(None, description="URL of another server than Amazon's.")
    addressing_style: Literal["auto", "path", "virtual"] = "auto"
    verify: bool | str = Field(True, description="Verify the server's certificate, or the path of a CA file.")
    client: Any = Field(
        None,
        exclude=True,
        repr=False,
        description="A boto3 client that renews its credentials itself; the loader reads by it, not by the keys.",
    )

    @model_validator(mode="after")
    def _both_keys(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key go together")
        if self.session_token is not None and self.access_key is None:
            raise ValueError("session_token needs access_key and secret_key")
        return self


class GcsAccess(DumpAccess):
    """Google Cloud Storage."""

    kind = StorageKind.GCS

    key_path: str | None = Field(None, description="Path of a service account's key file.")
    key_json: SecretStr | None = Field(None, description="The content of such a file.")
    token: SecretStr | None = Field(None, description="An OAuth access token.")
    anonymous: bool = False
    project: str | None = None
    endpoint: str | None = Field(None, description="URL of another server than Google's.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.key_path is not None, self.key_json is not None, self.token is not None, self.anonymous]
        if sum(ways) > 1:
            raise ValueError("key_path, key_json, token and anonymous exclude each other")
        return self


class AzureAccess(DumpAccess):
    """Azure Blob Storage."""

    kind = StorageKind.AZURE

    account: str | None = Field(None, description="Name of the storage account.")
    key: SecretStr | None = None
    sas_token: SecretStr | None = None
    connection_string: SecretStr | None = None
    endpoint: str | None = Field(None, description="URL of the account, where it is not account.blob.core.windows.net.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(value is not None for value in (self.key, self.sas_token, self.connection_string)) > 1:
            raise ValueError("key, sas_token and connection_string exclude each other")
        if self.connection_string is None and self.account is None and self.endpoint is None:
            raise ValueError("account, endpoint or connection_string is required")
        return self


def check_access(location: DumpLocation, access: DumpAccess | None) -> None:
    """Refuse an access to another kind of storage than the dump's (20058)."""
    if access is not None and access.kind is not location.kind:
        where = "a local folder" if location.kind is StorageKind.LOCAL else f"in {location.kind}://"
        raise ConfigError(
            f"dump_uri: the dump is {where}, but the access to it is for {access.kind}://",
            code=DUMP_URI_CODE,
            remedy="Name a connection of the dump's own storage in dump_conn_id, or none.",
        )
