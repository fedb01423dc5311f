"""The one place where errors of etcd and of the way to it become ours. No text of a request is repeated."""

from __future__ import annotations

import json

from airflow_dm_loader.errors import ConfigError, ConnectionLostError, LoaderError

_TLS_CODE = 11112  # DM's ErrConnInvalidTLSConfig
# gRPC's codes, as etcd uses them
_INVALID, _DENIED, _NOT_NOW, _UNAUTHENTICATED = 3, 7, 9, 16
_OF_ACCOUNTS = ("auth", "user", "password", "permission")
# What OpenSSL says where trying again can't help.
_TLS_REFUSALS = (
    "CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA",
    "TLSV13_ALERT", "TLSV1_ALERT",
)  # fmt: skip


def translate(error: Exception, endpoint: str) -> LoaderError:
    """Our error for one that a call to ``endpoint`` ended with."""
    refusal = _tls_refusal(error)
    if refusal:
        return ConfigError(
            f"TLS with etcd at {endpoint} fails: {refusal}",
            code=_TLS_CODE,
            remedy="Check the connection's extras ca, cert and key, and that the certificate is for this host name.",
        )
    if refusal is not None:
        return ConnectionLostError(
            f"etcd at {endpoint} broke off TLS",
            remedy="If it asks for a client's certificate, name cert and key; if it speaks no TLS, come by http.",
        )
    if isinstance(error, OSError) and not _is_of_requests(error):  # a file of ca, cert or key
        return ConfigError(
            f"TLS with etcd at {endpoint} can't be set up: {error.strerror or 'a file is missing'}",
            code=_TLS_CODE,
            remedy="Check that the files that ca, cert and key name are there and readable.",
        )
    code, message = _said(error)
    if code == _DENIED or (code in (_INVALID, _NOT_NOW) and any(word in message for word in _OF_ACCOUNTS)):
        return ConfigError(
            f"etcd at {endpoint} refuses this account: {message}",
            remedy="Check user and password of the connection, and the permissions of its role (docs/privileges.md).",
        )
    if code == _INVALID:
        return ConfigError(f"etcd at {endpoint} refuses the call: {message}")
    if code == _UNAUTHENTICATED:
        return ConnectionLostError(f"etcd at {endpoint} has forgotten who we are: {message}")
    if message:
        return ConnectionLostError(f"etcd at {endpoint} can't answer just now: {message}")
    if _is_unreachable(error):
        return ConnectionLostError(f"etcd at {endpoint} does not answer")
    return ConfigError(
        f"what answers at {endpoint} is no etcd of version 3.4 or later: {type(error).__name__}",
        remedy="Check host and port: it must be a client URL of etcd, which serves its JSON gateway there.",
    )


def _said(error: Exception) -> tuple[int | None, str]:
    """gRPC's code and etcd's own words, where it was etcd that answered."""
    try:
        answer = json.loads(getattr(error, "detail_text", None) or "")
        return int(answer["code"]), str(answer.get("message") or answer.get("error") or "")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None, ""


def _tls_refusal(error: BaseException) -> str | None:
    """OpenSSL's word for it, "" where it has none that we know; None: it is not about TLS."""
    from requests.exceptions import SSLError

    cause = error if isinstance(error, SSLError) else error.__context__
    if not isinstance(cause, SSLError):
        return None
    text = str(cause).upper().replace(" ", "_")
    return next((refusal for refusal in _TLS_REFUSALS if refusal in text), "")


def _is_of_requests(error: Exception) -> bool:
    from requests.exceptions import RequestException

    return isinstance(error, RequestException)


def _is_unreachable(error: Exception) -> bool:
    from etcd3gw.exceptions import ConnectionFailedError, ConnectionTimeoutError, InternalServerError
    from requests.exceptions import ChunkedEncodingError, ContentDecodingError

    # The last two: it went away in the middle of an answer.
    kinds = (ConnectionFailedError, ConnectionTimeoutError, InternalServerError, ChunkedEncodingError)
    return isinstance(error, (*kinds, ContentDecodingError))
