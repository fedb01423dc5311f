"""The Airflow connection to a dump's storage (``dump_conn_id``), in the forms that Airflow's own providers know.

    aws                     all of the amazon provider's: keys, profiles, roles, endpoint_url, region_name, verify,
                            service_config, config_kwargs. Its hook resolves them.
    google_cloud_platform   key_path, keyfile_dict, project, is_anonymous; and endpoint_url for another server
    wasb                    login: the account; host: its URL; password or shared_access_key: the key;
                            sas_token; connection_string

What another extra would mean for the credentials is not guessed: it is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from airflow_dm_loader.dump.access import AzureAccess, DumpAccess, GcsAccess, S3Access
from airflow_dm_loader.errors import ConfigError, RetriableError
from airflow_dm_loader.hooks.tls import flag

if TYPE_CHECKING:
    from airflow.sdk import Connection

_GCS_PREFIX = "extra__google_cloud_platform__"
_GCS_EXTRAS = {"key_path", "keyfile_dict", "project", "is_anonymous", "endpoint_url"}
_GCS_HARMLESS = {"scope", "num_retries"}  # of the provider's hook; not about who we are
_AZURE_PREFIX = "extra__wasb__"
_AZURE_EXTRAS = {"sas_token", "shared_access_key", "connection_string", "account_url"}


def dump_access(conn_id: str) -> DumpAccess:
    """What an Airflow connection says about the dump's storage.

    Raises:
        ConfigError: there is no such connection, it is of another type, says what can't be done here, or needs a
            package that is not installed. No secret is repeated.
    """
    from airflow.providers.common.compat.sdk import AirflowNotFoundException
    from airflow.sdk import BaseHook

    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise ConfigError(
            f"there is no Airflow connection {conn_id!r}",
            remedy=f"Add a connection of the dump's storage with the id {conn_id}, or set "
            f"AIRFLOW_CONN_{conn_id.upper()}.",
        ) from None
    return access_of(connection)


def access_of(connection: Connection) -> DumpAccess:
    """The same of a connection that is there already, for triggers. It may ask Amazon for a role's keys."""
    readers = {"aws": _aws, "google_cloud_platform": _google, "wasb": _azure}
    reader = readers.get(connection.conn_type or "")
    if reader is None:
        raise ConfigError(
            f"the Airflow connection {connection.conn_id!r} is of type {connection.conn_type!r}",
            remedy=f"For dump_conn_id use a connection of type {', '.join(readers)}; for a local dump, none.",
        )
    return reader(connection)


def _aws(connection: Connection) -> S3Access:
    try:
        from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
        from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper
    except ImportError:
        raise ConfigError(
            "a connection of type aws needs the amazon provider, which is not installed here",
            remedy="pip install airflow-dm-loader[s3]",
        ) from None
    from airflow_dm_loader.dump.storage.s3 import client_config

    hook: AwsGenericHook[Any] = AwsGenericHook(aws_conn_id=connection.conn_id, client_type="s3")
    hook.__dict__["conn_config"] = settings = AwsConnectionWrapper(conn=connection)  # else it would ask for it again
    try:
        client = hook.get_client_type(config=client_config().merge(hook.config))  # the connection's own go first
        found = hook.get_session().get_credentials()
        keys = found.get_frozen_credentials() if found is not None else None
    except _unreachable() as error:
        raise RetriableError(
            f"the keys of the Airflow connection {connection.conn_id!r} can't be asked for just now: "
            f"{type(error).__name__}"
        ) from error
    except Exception as error:  # botocore's, the provider's own: a role that can't be assumed, a missing profile
        raise ConfigError(
            f"the Airflow connection {connection.conn_id!r} gives no access: {type(error).__name__}",
            remedy="Test it in Airflow's UI: a role may not be assumable, or a profile may be missing on this worker.",
        ) from error
    return S3Access(
        access_key=keys.access_key if keys else None,
        secret_key=keys.secret_key if keys else None,
        session_token=keys.token or None if keys else None,
        region=client.meta.region_name,
        endpoint=settings.get_service_endpoint_url("s3"),
        addressing_style=(client.meta.config.s3 or {}).get("addressing_style") or "auto",
        verify=True if hook.verify is None else hook.verify,
        client=client,
    )


def _unreachable() -> tuple[type[Exception], ...]:
    from botocore.exceptions import ConnectionError as NoConnection
    from botocore.exceptions import HTTPClientError

    return NoConnection, HTTPClientError


def _google(connection: Connection) -> GcsAccess:
    extras = _extras(connection, _GCS_PREFIX, known=_GCS_EXTRAS, harmless=_GCS_HARMLESS)
    key = extras.get("keyfile_dict")
    if isinstance(key, Mapping):
        key = json.dumps(dict(key))
    return GcsAccess(
        key_path=extras.get("key_path"),
        key_json=key,
        anonymous=flag("is_anonymous", extras.get("is_anonymous", False)),
        project=extras.get("project"),
        endpoint=extras.get("endpoint_url"),
    )


def _azure(connection: Connection) -> AzureAccess:
    extras = _extras(connection, _AZURE_PREFIX, known=_AZURE_EXTRAS)
    connection_string, sas_token = extras.get("connection_string"), extras.get("sas_token")
    key = extras.get("shared_access_key") or (None if sas_token or connection_string else connection.password)
    if not (key or sas_token or connection_string):
        raise ConfigError(
            f"connection {connection.conn_id!r} has no key, and managed identities are not known here",
            remedy="Give it the account's key as its password, or one of the extras sas_token and connection_string.",
        )
    host = connection.host or ""
    endpoint = extras.get("account_url") or (host if "://" in host else f"https://{host}" if "." in host else None)
    return AzureAccess(
        account=connection.login or (host if host and endpoint is None else None),
        key=key,
        sas_token=sas_token,
        connection_string=connection_string,
        endpoint=endpoint,
    )


def _extras(
    connection: Connection, prefix: str, *, known: Collection[str], harmless: Collection[str] = ()
) -> dict[str, Any]:
    """The extras that say something, without the prefix that older versions of Airflow wrote."""
    given = {name.removeprefix(prefix): value for name, value in connection.extra_dejson.items()}
    given = {name: value for name, value in given.items() if value not in (None, "", False)}
    if other := sorted(set(given).difference(known, harmless)):
        raise ConfigError(
            f"connection {connection.conn_id!r}: the extras {', '.join(other)} are not known here, so they are refused",
            remedy=f"Known are {', '.join(sorted(known))}.",
        )
    return given
