"""How a connection to the target is encrypted, and whom it trusts.

With ``ssl`` unsaid, TLS is used where the server offers it, and nobody is asked who it is: that keeps listeners out,
not somebody in between. A setting of ``ssl`` asks for TLS, verified unless it says otherwise; ``ssl = off`` is none.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError

_KEYS = frozenset({"ca", "capath", "cert", "key", "cipher", "check_hostname", "verify_mode", "x509_strict"})
_SOURCE_LINE = re.compile(r" ?\(_ssl\.c:\d+\)")


@dataclass(frozen=True, slots=True)
class Tls:
    """What a connection does about TLS.

    Attributes:
        required: a server without it is refused.
        verified: nobody but the server that is meant can have the other end.
    """

    context: ssl.SSLContext
    required: bool
    verified: bool


def tls_of(target: TargetConfig) -> Tls | None:
    """For a target; None: no TLS. Raises ConfigError."""
    if target.ssl == "off":
        return None
    if target.ssl is not None:
        context = tls_context(target.ssl)
        own_ca = bool(target.ssl.get("ca") or target.ssl.get("capath"))
        verified = context.verify_mode != ssl.CERT_NONE and (context.check_hostname or own_ca)
        return Tls(context, required=True, verified=verified)
    if target.unix_socket is not None:  # it does not leave the machine
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return Tls(context, required=False, verified=False)


def tls_context(settings: Mapping[str, Any]) -> ssl.SSLContext:
    """The TLS settings of a target; with a CA, certificate and host name are verified unless told otherwise."""
    unknown = set(settings) - _KEYS
    if unknown:
        raise ConfigError(f"ssl: unknown keys {sorted(unknown)}")
    with _names_files(settings, "ca", "capath"):
        context = ssl.create_default_context(cafile=settings.get("ca"), capath=settings.get("capath"))
    verify = str(settings.get("verify_mode", "required")).lower()
    modes = {"required": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL, "none": ssl.CERT_NONE}
    if verify not in modes:
        raise ConfigError("ssl: verify_mode must be required, optional or none")
    with _names_files(settings, "check_hostname", "verify_mode"):
        context.check_hostname = bool(settings.get("check_hostname", verify == "required"))
        context.verify_mode = modes[verify]
    if (strict := settings.get("x509_strict")) is not None:  # unsaid: as this Python has it, from 3.13 on strict
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_STRICT if strict else ssl.VerifyFlags(0)
    if settings.get("cert"):
        with _names_files(settings, "cert", "key"):
            context.load_cert_chain(settings["cert"], keyfile=settings.get("key"))
    if settings.get("cipher"):
        with _names_files(settings, "cipher"):
            context.set_ciphers(settings["cipher"])
    return context


@contextmanager
def _names_files(settings: Mapping[str, Any], *keys: str) -> Iterator[None]:
    """Say which of the TLS settings it was: OpenSSL names no file."""
    try:
        yield
    except (OSError, ValueError, TypeError) as error:
        shown = ", ".join(f"{key} {settings[key]!r}" for key in keys if settings.get(key) is not None)
        raise ConfigError(f"ssl: {shown} can't be used: {_SOURCE_LINE.sub('', str(error))}") from error
