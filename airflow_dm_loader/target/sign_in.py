"""Signing in: how a password gets to a server, and where it does not.

PyMySQL answers whatever a server asks: it sends the password as it is for mysql_clear_password, and encrypts it with
any key that the server sends. Here a server gets the password itself only where nobody else can be that server.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pymysql
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymysql import _auth
from pymysql.connections import MAX_PACKET_LEN
from pymysql.constants import CLIENT

from airflow_dm_loader.errors import TargetError, visible
from airflow_dm_loader.target import ed25519
from airflow_dm_loader.target.tls import Tls

NO_TLS = 2026
MALFORMED = 2027
_PLUGIN_UNKNOWN = 2059
_UTF8MB4 = 45  # utf8mb4_general_ci, which every server has
_OK, _MORE, _SWITCH = 0x00, 0x01, 0xFE
_PARSEC_SALT_AND_HEAD = 2
_MOST_PARSEC_ROUNDS = 3


class Way(Enum):
    """Who may be at the other end."""

    OPEN = "without TLS"
    LOOPBACK = "within this machine"
    SOCKET = "by a unix socket"
    ENCRYPTED = "by TLS that is not verified"
    VERIFIED = "by verified TLS"


_BY_TLS = frozenset({Way.ENCRYPTED, Way.VERIFIED})  # where servers take the password as it is, as all clients send it


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a server may be told.

    Attributes:
        public_key: the server's RSA key as PEM, where it is pinned.
    """

    user: bytes
    password: bytes
    public_key: bytes | None = None


def way_of(endpoint: socket.socket, tls: Tls | None) -> Way:
    """Of a connected socket, by what it is encrypted with (None: nothing)."""
    if tls is not None:
        return Way.VERIFIED if tls.verified else Way.ENCRYPTED
    if endpoint.family == socket.AF_UNIX:
        return Way.SOCKET
    address = ipaddress.ip_address(str(endpoint.getpeername()[0]).partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return Way.LOOPBACK if (mapped or address).is_loopback else Way.OPEN


def say_hello(connection: Any, *, by_tls: bool) -> bytes:
    """The beginning of our answer to the server's greeting, which asks for TLS by itself, too."""
    flags = connection.client_flag | (CLIENT.SSL if by_tls else 0)
    return struct.pack("<iIB23s", flags, MAX_PACKET_LEN, _UTF8MB4, b"")


def sign_in(connection: Any, hello: bytes, credentials: Credentials, way: Way) -> None:
    """Complete the handshake.

    Args:
        connection: PyMySQL's, which has read the server's greeting.

    Raises:
        TargetError: the server asks for the password in a way in which others could learn it.
        pymysql.err.Error: it refuses us, or does not keep to the protocol.
    """
    exchange = _Exchange(connection, credentials, way)
    plugin, nonce = connection._auth_plugin_name, connection.salt
    first = _FIRST.get(plugin)
    answer = first(exchange, nonce) if first is not None else b""
    connection.write_packet(_response(connection, hello, credentials, plugin if first is not None else "", answer))
    packet = connection._read_packet()
    while True:
        data: bytes = packet.get_all_data()
        kind = data[0]
        if packet.is_ok_packet():
            return
        if kind == _SWITCH:
            name, _, rest = data[1:].partition(b"\0")
            plugin, nonce = name.decode("ascii", "replace"), rest.removesuffix(b"\0")
            packet = _plugin(plugin or "mysql_old_password")(exchange, nonce, rest)
        elif kind == _MORE and plugin == "caching_sha2_password":
            packet = _by_caching_sha2(exchange, nonce, data[1:])
        else:
            raise pymysql.err.OperationalError(MALFORMED, "it is no answer to a password")


def _response(connection: Any, hello: bytes, credentials: Credentials, plugin: str, answer: bytes) -> bytes:
    offers: int = connection.server_capabilities
    data = hello + credentials.user + b"\0"
    data += bytes([len(answer)]) + answer  # never longer than 32 bytes
    if connection.db and offers & CLIENT.CONNECT_WITH_DB:
        data += connection.db.encode() + b"\0"
    if offers & CLIENT.PLUGIN_AUTH:
        data += plugin.encode() + b"\0"
    if offers & CLIENT.CONNECT_ATTRS:
        told = [text.encode() for pair in connection._connect_attrs.items() for text in pair]
        attributes = b"".join(bytes([len(text)]) + text for text in told)
        data += bytes([len(attributes)]) + attributes
    return data


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What an account plugin answers with, and over."""

    connection: Any
    credentials: Credentials
    way: Way

    def ask(self, data: bytes) -> Any:
        """Send an answer; the server's next packet."""
        self.connection.write_packet(data)
        return self.connection._read_packet()

    def needs_verified(self, plugin: str) -> None:
        if self.way is not Way.VERIFIED:
            raise TargetError(
                f"the server asks for the password itself ({plugin}), and the connection goes {self.way.value}: "
                "whoever stands in between would get it",
                remedy="Give the connection ssl with the ca of the server's certificate, which verifies the server; or "
                "let the account sign in by another plugin, such as caching_sha2_password.",
            )

    def encrypted(self, plugin: str, nonce: bytes, ask_key: bytes) -> bytes:
        """The password for the server's RSA key."""
        key = self.credentials.public_key
        if key is None:
            if self.way not in {Way.LOOPBACK, Way.SOCKET}:
                raise TargetError(
                    f"{plugin} wants the password encrypted with a key that the server itself would send, and the "
                    f"connection goes {self.way.value}: whoever stands in between could send a key of their own",
                    remedy="Turn on TLS at the server (with ssl unsaid it is used then), or give ssl with a ca; or "
                    "name the file of the server's public key in server_public_key_path.",
                )
            answer: bytes = self.ask(ask_key).get_all_data()
            if answer[:1] != bytes([_MORE]):
                raise pymysql.err.OperationalError(MALFORMED, "it is no public key")
            key = answer[1:]
        try:
            encrypted: bytes = _auth.sha2_rsa_encrypt(self.credentials.password, nonce, key)
        except (ValueError, TypeError, AttributeError) as error:
            raise TargetError(
                f"the server's public key can't be used for {plugin}: {visible(str(error))}",
                remedy="Look at the file in server_public_key_path; the server shows its key in the status variable "
                "Caching_sha2_password_rsa_public_key.",
            ) from error
        return encrypted


_Plugin = Callable[[_Exchange, bytes, bytes], Any]  # the nonce, and the packet's data; to the server's next packet


def _native(exchange: _Exchange, nonce: bytes) -> bytes:
    return bytes(_auth.scramble_native_password(exchange.credentials.password, nonce))


def _sha2(exchange: _Exchange, nonce: bytes) -> bytes:
    return bytes(_auth.scramble_caching_sha2(exchange.credentials.password, nonce))


# What the first answer may hold already; all others are asked for by a switch.
_FIRST: Mapping[str, Callable[[_Exchange, bytes], bytes]] = {
    "": _native,
    "mysql_native_password": _native,
    "caching_sha2_password": _sha2,
}


def _by_native(exchange: _Exchange, nonce: bytes, _: bytes) -> Any:
    return exchange.ask(_native(exchange, nonce))


def _switched_to_caching_sha2(exchange: _Exchange, nonce: bytes, _: bytes) -> Any:
    return exchange.ask(_sha2(exchange, nonce))


def _by_caching_sha2(exchange: _Exchange, nonce: bytes, said: bytes) -> Any:
    """The server knows the password's hash already (3), or wants the password (4)."""
    if said == b"\3":
        return exchange.connection._read_packet()
    if said != b"\4":
        raise pymysql.err.OperationalError(MALFORMED, "caching_sha2_password does not say this")
    if exchange.way in _BY_TLS or exchange.way is Way.SOCKET:
        return exchange.ask(exchange.credentials.password + b"\0")
    return exchange.ask(exchange.encrypted("caching_sha2_password", nonce, b"\2"))


def _by_sha256(exchange: _Exchange, nonce: bytes, _: bytes) -> Any:
    if not exchange.credentials.password:
        return exchange.ask(b"\0")
    if exchange.way in _BY_TLS:
        return exchange.ask(exchange.credentials.password + b"\0")
    return exchange.ask(exchange.encrypted("sha256_password", nonce, b"\1"))


def _by_ed25519(exchange: _Exchange, _: bytes, data: bytes) -> Any:
    return exchange.ask(ed25519.sign(exchange.credentials.password, data[:32]))


def _by_parsec(exchange: _Exchange, _: bytes, data: bytes) -> Any:
    """MariaDB 11.6 on: a key is derived of the password with the account's salt, which the server sends when asked."""
    said: bytes = exchange.ask(b"").get_all_data()
    said = said.removeprefix(bytes([_MORE]))
    if said[:1] != b"P" or len(said) <= _PARSEC_SALT_AND_HEAD or said[1] > _MOST_PARSEC_ROUNDS:
        raise pymysql.err.OperationalError(MALFORMED, "parsec does not say this")
    password = exchange.credentials.password
    seed = hashlib.pbkdf2_hmac("sha512", password, said[_PARSEC_SALT_AND_HEAD:], 1024 << said[1], 32)
    ours = secrets.token_bytes(32)
    return exchange.ask(ours + Ed25519PrivateKey.from_private_bytes(seed).sign(data[:32] + ours))


def _by_clear_password(exchange: _Exchange, _: bytes, __: bytes) -> Any:
    exchange.needs_verified("mysql_clear_password")
    return exchange.ask(exchange.credentials.password + b"\0")


def _by_dialog(exchange: _Exchange, _: bytes, data: bytes) -> Any:
    """PAM; only its question for the password is answered."""
    while True:
        exchange.needs_verified("dialog")
        if data[1:].removesuffix(b"\0") != b"Password: ":
            raise TargetError(
                f"the server asks for more than a password (dialog): {visible(data[1:].decode('utf-8', 'replace'))}",
                remedy="Let the account sign in by a password alone.",
            )
        packet = exchange.ask(exchange.credentials.password + b"\0")
        data = packet.get_all_data()
        if data[0] in {_OK, _SWITCH}:
            return packet
        data = data.removeprefix(bytes([_MORE])) if data[0] == _MORE and len(data) > _PARSEC_SALT_AND_HEAD else data


_PLUGINS: Mapping[str, _Plugin] = {
    "mysql_native_password": _by_native,
    "caching_sha2_password": _switched_to_caching_sha2,
    "sha256_password": _by_sha256,
    "client_ed25519": _by_ed25519,
    "parsec": _by_parsec,
    "mysql_clear_password": _by_clear_password,
    "dialog": _by_dialog,
}


def _plugin(name: str) -> _Plugin:
    if name not in _PLUGINS:
        raise TargetError(
            f"the account signs in by {visible(name)}, which this loader does not know",
            errno=_PLUGIN_UNKNOWN,
            remedy=f"Let the account sign in by one of {', '.join(_PLUGINS)}.",
        )
    return _PLUGINS[name]
