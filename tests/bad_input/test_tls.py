"""TLS: who the server is gets verified, and a client can be asked for a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, TargetError
from airflow_dm_loader.target import connecting
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests import servers
from tests.bad_input.certificates import Authority
from tests.bad_input.stories import check_message
from tests.dumps import Table, load_config, write_dump
from tests.rogue_servers import TLS, Talk, rogue
from tests.servers import Servers
from tests.tables import count, query


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"), "ca")


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other-tls"), "other-ca")


@pytest.fixture(scope="module")
def tls_server(authority: Authority) -> Iterator[PrivateMariaDB]:
    certificate, key = authority.issue("server", "127.0.0.1")
    options = {"ssl-cert": certificate, "ssl-key": key, "ssl-ca": str(authority.path)}
    with PrivateMariaDB(options) as running:
        for account, requires in (("encrypted", "SSL"), ("certified", "X509")):
            query(running, f"CREATE USER {account}@'127.0.0.1' IDENTIFIED BY 'p' REQUIRE {requires}")
            query(running, f"GRANT ALL PRIVILEGES ON *.* TO {account}@'127.0.0.1'")
        yield running


def at(server: PrivateMariaDB, user: str = "encrypted", host: str = "127.0.0.1", **ssl: Any) -> TargetConfig:
    return TargetConfig(host=host, port=server.port, user=user, password="p", ssl=ssl or None)


def cipher(target: TargetConfig) -> str:
    with Database.open(target) as db:
        return str(db.query("SHOW STATUS LIKE 'Ssl_cipher'", shape=(as_it_is,) * 2)[0][1])


def test_a_load_goes_over_a_verified_connection(
    tls_server: PrivateMariaDB, authority: Authority, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    target = at(tls_server, ca=str(authority.path))

    load_dump(load_config(folder), target)

    assert count(tls_server, "s.t") == 1
    assert cipher(target)


def test_an_account_that_requires_tls_gets_it_unless_it_is_off(tls_server: PrivateMariaDB) -> None:
    assert cipher(at(tls_server))

    with pytest.raises(TargetError) as caught:
        cipher(at(tls_server).model_copy(update={"ssl": "off"}))

    assert caught.value.errno == 1045


def test_a_ca_alone_verifies_the_server(tls_server: PrivateMariaDB, other_authority: Authority) -> None:
    with pytest.raises(TargetError) as caught:
        cipher(at(tls_server, ca=str(other_authority.path)))

    check_message("a certificate of another CA", caught.value)


def test_a_ca_alone_verifies_the_host_name(tls_server: PrivateMariaDB, authority: Authority) -> None:
    with pytest.raises(TargetError) as caught:
        cipher(at(tls_server, host="localhost", ca=str(authority.path)))

    check_message("a certificate for another host name", caught.value)
    assert cipher(at(tls_server, host="localhost", ca=str(authority.path), check_hostname=False))


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_that_is_asked_for(tls_server: PrivateMariaDB) -> None:
    target = TargetConfig(host="127.0.0.1", port=tls_server.port, user="encrypted", password="p", ssl={})
    with pytest.raises(TargetError, match="certificate"):
        cipher(target)

    assert cipher(at(tls_server, verify_mode="none"))


def test_tls_that_is_not_verified_is_said_once(tls_server: PrivateMariaDB, caplog: pytest.LogCaptureFixture) -> None:
    connecting._told.clear()
    for _ in range(2):
        cipher(at(tls_server))
        cipher(at(tls_server, verify_mode="none"))

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"127.0.0.1:{tls_server.port} is encrypted, but not verified" in caplog.text


def test_a_server_that_speaks_no_tls_though_it_offers_it_is_told() -> None:
    def behave(talk: Talk) -> None:
        talk.greet(offers=TLS)
        talk.endpoint.recv(4096)
        talk.endpoint.sendall(b"no TLS at all")
        talk.wait_for_the_end()

    with rogue(behave) as server, pytest.raises(TargetError) as caught:
        Database.open(TargetConfig(host=server.host, port=server.port, user="u", password="secret"))

    assert "ssl: off" in caught.value.remedy
    assert b"secret" not in server.heard


def test_certificates_that_mysql_makes_itself_get_a_remedy_that_can_be_followed(running_servers: Servers) -> None:
    """They have no authority key identifier, which Python 3.13 asks for, and name no host."""
    if "mysql" not in servers.kinds() or servers.FOREIGN:
        pytest.skip("no MySQL of our own")
    mysql = running_servers.private("mysql")
    own = {"ca": str(mysql.data_folder / "ca.pem")}

    def cipher_with(**ssl: Any) -> str:
        with Database.open(
            TargetConfig(host=mysql.host, port=mysql.port, user=mysql.user, password=mysql.password, ssl={**own, **ssl})
        ) as db:
            return str(db.query("SHOW STATUS LIKE 'Ssl_cipher'", shape=(as_it_is,) * 2)[0][1])

    with pytest.raises(TargetError) as caught:
        cipher_with(x509_strict=True)
    assert "ssl.x509_strict" in caught.value.remedy
    with pytest.raises(TargetError) as caught:
        cipher_with(x509_strict=False)
    assert "ssl.check_hostname" in caught.value.remedy
    assert cipher_with(x509_strict=False, check_hostname=False)


def test_an_account_may_ask_for_a_certificate_of_the_client(tls_server: PrivateMariaDB, authority: Authority) -> None:
    certificate, key = authority.issue("client")
    with pytest.raises(TargetError) as caught:
        cipher(at(tls_server, "certified", ca=str(authority.path)))

    assert caught.value.errno == 1045
    assert "X509" in caught.value.remedy
    assert cipher(at(tls_server, "certified", ca=str(authority.path), cert=certificate, key=key))


@pytest.mark.parametrize("key", ["ca", "cert"])
def test_a_certificate_file_that_is_missing_or_none_is_named(key: str, authority: Authority, tmp_path: Path) -> None:
    for path in (tmp_path / "no.pem", tmp_path / "text.pem"):
        (tmp_path / "text.pem").write_text("no certificate")
        settings = {"ca": str(authority.path), key: str(path)}
        with pytest.raises(ConfigError) as caught:
            Database.open(TargetConfig(host="127.0.0.1", port=1, ssl=settings))

        assert str(path) in str(caught.value)
