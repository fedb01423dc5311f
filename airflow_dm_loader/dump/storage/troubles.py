"""What the answers of object storages mean to a load; the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.errors import (
    CheckpointError,
    ConfigError,
    DumpNotFoundError,
    DumpRefusedError,
    LoaderError,
    RetriableError,
)

REFUSED_REMEDY = (
    "Check the Airflow connection in dump_conn_id, or the worker's own credentials: listing the prefix and reading "
    "its objects must be allowed; for clean_dump_files, deleting them too."
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a client's exception means, in few words and without secrets.

    ``kind`` is DumpNotFoundError, DumpRefusedError, ConfigError, RetriableError, or CheckpointError: the object is
    another one now.
    """

    kind: type[LoaderError]
    what: str
    remedy: str | None = None


def by_status(status: int, code: str) -> Trouble:
    """What an HTTP answer means; ``code`` is the storage's word for it."""
    what = f"the storage says {status} {code}".rstrip()
    if status in (412, 416):
        return Trouble(CheckpointError, what)
    if status in (401, 403):
        return Trouble(DumpRefusedError, what, REFUSED_REMEDY)
    if status in (408, 425, 429) or status >= 500:
        return Trouble(RetriableError, what)
    return Trouble(DumpNotFoundError, what)


def by_network(error: BaseException) -> Trouble:
    """A connection that was refused, timed out or broke; a certificate that is not trusted stays so."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return Trouble(ConfigError, "its certificate can't be verified", "Name its CA in the connection's verify.")
    return Trouble(RetriableError, f"the connection failed: {type(error).__name__}")


def no_credentials(error: BaseException) -> Trouble:
    """There is nothing to sign in with."""
    return Trouble(ConfigError, f"no usable credentials were found: {type(error).__name__}", REFUSED_REMEDY)


def missing_package(scheme: str, extra: str) -> ConfigError:
    """The error of a storage whose library is not installed."""
    return ConfigError(
        f"dump_uri: reading {scheme}:// needs packages that are not installed here",
        code=20058,
        remedy=f"pip install airflow-dm-loader[{extra}]",
    )
