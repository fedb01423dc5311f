"""A dump's URI in the form of TiDB and its tools, which take the access as query parameters.

The names are those of TiDB's "URI formats of external storage services". Such a URI holds secrets: hand it to the
tool, never to a log, a state table or a command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from airflow_dm_loader.dump.access import AzureAccess, DumpAccess, GcsAccess, S3Access, check_access
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.location import DumpLocation, StorageKind

_OPEN = frozenset({"endpoint", "region", "force-path-style", "credentials-file", "account-name", "provider"})


def tidb_uri(dump_uri: str, access: DumpAccess | None) -> SecretStr:
    """The folder or prefix of the dump, with the access to it. A local folder is its absolute path.

    Raises:
        ConfigError: the URI is wrong, or TiDB has no parameter for such an access.
    """
    location = DumpLocation.parse(dump_uri)
    check_access(location, access)
    if location.kind is StorageKind.LOCAL:
        return SecretStr(str(location.folder))
    scheme = "gcs" if location.kind is StorageKind.GCS else location.kind.value
    path = f"{scheme}://{location.bucket}/{quote(location.prefix.rstrip('/'))}"
    parameters = [] if access is None else [(name, value) for name, value in _parameters(access) if value]
    return SecretStr(f"{path}?{urlencode(parameters, quote_via=quote)}" if parameters else path)


def redact(uri: str) -> str:
    """A URI as it may be shown: values of parameters that can be secret, and a user's name and password, are gone."""
    parts = urlsplit(uri)
    query = "&".join(
        f"{name}={quote(value, safe='/:') if name in _OPEN else '***'}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, "***@" * bool(host[1]) + host[2], parts.path, query, ""))


def _parameters(access: DumpAccess) -> Iterator[tuple[str, str | None]]:
    if isinstance(access, S3Access):
        yield "access-key", _open(access.access_key)
        yield "secret-access-key", _open(access.secret_key)
        yield "session-token", _open(access.session_token)
        yield "region", access.region
        yield "endpoint", access.endpoint
        yield "force-path-style", {"path": "true", "virtual": "false"}.get(access.addressing_style)
    elif isinstance(access, GcsAccess):
        if access.key_json or access.token or access.anonymous:
            raise _unsaid("a key that is given as text, a token, or no key at all", "the path of a key file, key_path")
        yield "credentials-file", access.key_path
        yield "endpoint", access.endpoint
    elif isinstance(access, AzureAccess):
        if access.connection_string is not None:
            raise _unsaid("a connection string", "account and key")
        yield "account-name", access.account
        yield "account-key", _open(access.key)
        yield "sas-token", _open(access.sas_token)
        yield "endpoint", access.endpoint


def _open(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _unsaid(what: str, instead: str) -> ConfigError:
    return ConfigError(
        f"the connection of the dump gives {what}, which TiDB's URIs can't say",
        remedy=f"Give the connection {instead}, or use import_mode=logical.",
    )
