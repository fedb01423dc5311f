"""What the driver raises, translated once into our tree."""

from __future__ import annotations

import re
import ssl

import pymysql

from airflow_dm_loader.errors import (
    ConnectionLostError,
    LoaderError,
    RetriableError,
    RowError,
    TargetError,
)
from airflow_dm_loader.server_errors import BY_ERRNO

_UNTRUSTED = "Check ssl.ca and the host name: the certificate must come from that CA and be made out to that name."
_OTHER_NAME = (
    " Certificates that MySQL makes itself name no host: with such a one set ssl.check_hostname to false, and ssl.ca "
    "to the server's own ca.pem."
)
_NOT_STRICT = (
    "The certificate is older in form than RFC 5280, which Python asks for from 3.13 on; those that MySQL makes itself "
    "are. Set ssl.x509_strict to false: it is verified by ssl.ca all the same. They name no host either, so that "
    "ssl.check_hostname must be false, too; or make certificates that have both."
)
_ASKED_BY_RFC_5280 = (
    "missing authority key",
    "missing subject key",
    "does not include key usage",
    "basic constraints of ca cert",
)
_NO_TLS = (
    "The server and this machine's OpenSSL agree on no way to encrypt, or it is no TLS that answers. Update the "
    "server's TLS settings; ssl: off connects without, where the network can be trusted."
)
_UNKNOWN = 1105
_LONGEST_TEXT = 4_096  # letters; MySQL and MariaDB cut theirs at 512 bytes, TiDB's can hold a whole value


def translate(error: Exception) -> LoaderError:
    """Our error for one that PyMySQL raised. Never shows more than the server's own number and text."""
    if isinstance(error, LoaderError):
        return error
    if isinstance(refused := getattr(error, "original_exception", error), ssl.SSLCertVerificationError):
        return TargetError(
            f"the server's certificate is not to be trusted: {refused.verify_message}",
            remedy=_certificate_remedy(refused),
        )
    if isinstance(refused, ssl.SSLError) and not isinstance(refused, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        reason = getattr(refused, "reason", None) or type(refused).__name__
        return TargetError(f"TLS with the server failed: {reason}", remedy=_NO_TLS)
    errno, text = _number_and_text(error)
    if errno and not text:
        text = "the server says nothing of what went wrong"
    if errno == _UNKNOWN and (known := _of_unknown(text)) is not None:
        return known
    if errno in BY_ERRNO:
        kind, remedy = BY_ERRNO[errno]
        return kind(text, remedy=remedy, errno=errno)
    # PyMySQL raises AttributeError where the socket vanished under a running statement.
    if errno == 0 or isinstance(error, pymysql.err.InterfaceError | OSError | AttributeError | EOFError):
        return ConnectionLostError(text or "the connection to the server was lost", errno=errno or None)
    if isinstance(error, pymysql.err.DataError | pymysql.err.IntegrityError):
        return RowError(text, errno=errno)
    if isinstance(error, pymysql.err.InternalError):
        return RetriableError(text, errno=errno)
    return TargetError(text, errno=errno)


def _certificate_remedy(refused: ssl.SSLCertVerificationError) -> str:
    said = refused.verify_message.lower()
    if any(words in said for words in _ASKED_BY_RFC_5280):
        return _NOT_STRICT
    return _UNTRUSTED + (_OTHER_NAME if "mismatch" in said else "")


def _of_unknown(text: str) -> LoaderError | None:
    """TiDB's errors that have no number of their own."""
    if re.search(r"Information schema is (?:out of date|changed)", text):
        return RetriableError(text, errno=_UNKNOWN)
    if "Out Of Memory Quota" in text:
        kind, remedy = BY_ERRNO[8175]
        return kind(text, remedy=remedy, errno=_UNKNOWN)
    return None


def _number_and_text(error: Exception) -> tuple[int | None, str]:
    number, text = _said(error)
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}... ({len(text):,} letters in all)"
    return number, text


def _said(error: Exception) -> tuple[int | None, str]:
    match error.args:
        case (int(), str(text), *_) if isinstance(error, OSError):  # the operating system's number, not the server's
            return None, text
        case (int(errno), str(text), *_):
            return errno, text
        case (int(errno), *_):
            return errno, type(error).__name__
        case _:
            return None, f"{type(error).__name__}: {error}"
