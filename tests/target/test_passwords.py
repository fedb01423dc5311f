"""Whom a password is told: on real servers by every account plugin, and on servers that ask for it to steal it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, LoaderError, TargetError
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.sign_in import Way, way_of
from dev.private_server import PrivateServer
from dev.server_kinds import NEWER_MARIADB
from tests import servers
from tests.rogue_servers import OK, Talk, own_address, rogue
from tests.servers import Servers
from tests.tables import query

PASSWORD = "pä日'\\ secret"
ALWAYS = {"connect_timeout_s": 5, "silent_server_s": 5}


def signed_in(target: TargetConfig) -> str:
    with Database.open(target) as db:
        return str(db.query("SELECT CURRENT_USER()", shape=(as_it_is,))[0][0])


# -- real servers


@pytest.fixture
def mysql(running_servers: Servers) -> PrivateServer:
    if servers.FOREIGN or "mysql" not in servers.kinds():
        pytest.skip("no MySQL of our own")
    return running_servers.private("mysql")


def at(server: PrivateServer, user: str, **settings: Any) -> TargetConfig:
    given = {"host": server.host, "port": server.port, "user": user, "password": PASSWORD, "connect_timeout_s": 60}
    return TargetConfig(**{**given, **settings})


@pytest.fixture
def account(mysql: PrivateServer, request: pytest.FixtureRequest) -> Iterator[str]:
    query(mysql, f"CREATE USER account@'%%' IDENTIFIED WITH {request.param} BY %s", PASSWORD)
    query(mysql, "FLUSH PRIVILEGES")  # forgets the hashes by which it need not ask for the password
    yield "account@%"
    query(mysql, "DROP USER account@'%'")


@pytest.mark.parametrize("account", ["caching_sha2_password", "sha256_password"], indirect=True)
@pytest.mark.parametrize("way", ["tls", "plain", "socket"])
def test_mysqls_accounts_sign_in(way: str, account: str, mysql: PrivateServer) -> None:
    by: dict[str, Any] = {"tls": {}, "plain": {"ssl": "off"}, "socket": {"unix_socket": mysql.socket}}[way]

    assert signed_in(at(mysql, "account", **by)) == account
    assert signed_in(at(mysql, "account", **by)) == account  # now by the hash that it remembers
    with pytest.raises(TargetError) as caught:
        signed_in(at(mysql, "account", **by, password="wrong"))
    assert caught.value.errno == 1045


@pytest.mark.parametrize("account", ["caching_sha2_password", "sha256_password"], indirect=True)
def test_a_key_that_is_pinned_is_the_one_that_encrypts(account: str, mysql: PrivateServer, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.pem", tmp_path / "wrong.pem"
    right.write_bytes((mysql.data_folder / "public_key.pem").read_bytes())
    wrong.write_bytes(_public_pem())

    assert signed_in(at(mysql, "account", ssl="off", server_public_key_path=str(right))) == account
    query(mysql, "FLUSH PRIVILEGES")
    with pytest.raises(LoaderError):
        signed_in(at(mysql, "account", ssl="off", server_public_key_path=str(wrong)))


def test_a_key_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="server_public_key_path"):
        signed_in(TargetConfig(user="u", server_public_key_path=str(tmp_path / "none.pem")))


def test_an_account_that_asks_for_tls_is_let_in_by_tls_that_nobody_asked_for(mysql: PrivateServer) -> None:
    query(mysql, "CREATE USER account@'%%' IDENTIFIED BY %s REQUIRE SSL", PASSWORD)
    try:
        assert signed_in(at(mysql, "account")) == "account@%"
        with pytest.raises(TargetError):
            signed_in(at(mysql, "account", ssl="off"))
    finally:
        query(mysql, "DROP USER account@'%'")


@pytest.fixture(scope="module")
def with_plugins() -> Iterator[PrivateServer]:
    """MariaDB with its account plugins, which are in a package of their own."""
    if not NEWER_MARIADB.is_installed or not (NEWER_MARIADB.plugin_folder / "auth_parsec.so").exists():
        pytest.skip("no MariaDB with account plugins: run dev/bootstrap.sh")
    with PrivateServer(NEWER_MARIADB, {"plugin-dir": str(NEWER_MARIADB.plugin_folder)}) as running:
        for plugin in ("ed25519", "parsec"):
            query(running, f"INSTALL SONAME 'auth_{plugin}'")
        yield running


@pytest.mark.parametrize("plugin", ["ed25519", "parsec", "mysql_native_password"])
@pytest.mark.parametrize("ssl", [None, "off"])
def test_mariadbs_accounts_sign_in(plugin: str, ssl: str | None, with_plugins: PrivateServer) -> None:
    query(with_plugins, f"CREATE OR REPLACE USER account@'%%' IDENTIFIED VIA {plugin} USING PASSWORD(%s)", PASSWORD)

    assert signed_in(at(with_plugins, "account", ssl=ssl)) == "account@%"
    with pytest.raises(TargetError) as caught:
        signed_in(at(with_plugins, "account", ssl=ssl, password="wrong"))
    assert caught.value.errno == 1045


# -- servers that want the password


def _public_pem() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def switch_to(plugin: bytes, data: bytes = b"12345678901234567890\0") -> Any:
    def behave(talk: Talk) -> None:
        talk.greet()
        talk.read()
        talk.send(b"\xfe" + plugin + b"\0" + data)
        talk.read()
        talk.send(OK)
        talk.wait_for_the_end()

    return behave


@pytest.mark.parametrize(
    ("plugin", "data"),
    [
        (b"mysql_clear_password", b""),
        (b"dialog", b"\4Password: "),
        (b"mysql_old_password", b"12345678\0"),
        (b"authentication_ldap_simple\x1b[2J", b""),
    ],
)
def test_a_server_that_asks_for_the_password_itself_does_not_get_it(plugin: bytes, data: bytes) -> None:
    with rogue(switch_to(plugin, data)) as server, pytest.raises(TargetError) as caught:
        Database.open(TargetConfig(host=server.host, port=server.port, user="u", password="secret", **ALWAYS))

    assert b"secret" not in server.heard
    assert plugin.split(b"\x1b")[0].decode() in str(caught.value)
    assert "\x1b" not in str(caught.value)


def its_own_key(first: bytes) -> Any:
    """The server greets, or switches to, a plugin, and has a key of its own for the password."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def behave(talk: Talk) -> None:
        talk.greet(b"caching_sha2_password")
        talk.read()
        talk.send(b"\1\4" if first == b"caching_sha2_password" else b"\xfe" + first + b"\0" + b"1" * 20 + b"\0")
        talk.read()
        talk.send(b"\1" + pem)
        talk.read()
        talk.send(OK)
        talk.wait_for_the_end()

    return behave


@pytest.mark.parametrize("plugin", [b"caching_sha2_password", b"sha256_password"])
@pytest.mark.parametrize("extra", [{}, {"ssl": "off"}])
def test_a_server_with_a_key_of_its_own_gets_nothing(plugin: bytes, extra: dict[str, Any]) -> None:
    if (address := own_address()) is None:
        pytest.skip("this machine has no address but its loopback's")
    with rogue(its_own_key(plugin), address) as server, pytest.raises(TargetError) as caught:
        Database.open(TargetConfig(host=server.host, port=server.port, user="u", password="secret", **ALWAYS, **extra))

    assert plugin.decode() in caught.value.message
    assert "ca" in caught.value.remedy
    assert "server_public_key_path" in caught.value.remedy
    assert all(len(talk.heard) < 250 for talk in server.talks)  # the 256 bytes of the password are not among them


@pytest.mark.parametrize("key", [b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", b""])
def test_a_key_that_is_none_is_told(key: bytes) -> None:
    def behave(talk: Talk) -> None:
        talk.greet(b"caching_sha2_password")
        talk.read()
        talk.send(b"\1\4")
        talk.read()
        talk.send(b"\1" + key)
        talk.wait_for_the_end()

    with rogue(behave) as server, pytest.raises(TargetError, match="public key"):
        Database.open(TargetConfig(host=server.host, port=server.port, user="u", password="secret", **ALWAYS))


@pytest.mark.parametrize(
    ("address", "way"), [("127.0.0.1", Way.LOOPBACK), ("127.8.0.1", Way.LOOPBACK), ("own", Way.OPEN)]
)
def test_only_this_machine_is_trusted_without_tls(address: str, way: Way) -> None:
    own = own_address() if address == "own" else address
    if own is None:
        pytest.skip("this machine has no address but its loopback's")
    with socket.create_server((own, 0)) as listening, socket.create_connection(listening.getsockname()) as endpoint:
        assert way_of(endpoint, None) is way
