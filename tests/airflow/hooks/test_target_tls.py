"""TLS as a connection's extras ask for it, against a server that has it and one that has not."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import Connection

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.hooks.target import DumpTargetHook
from dev.private_mariadb import PrivateMariaDB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``ca.pem``, ``other-ca.pem``, and ``server.pem`` of the first for the address 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("ca", "other-ca"):
        new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}")
        run(*new, "-keyout", f"{name}.key", "-out", f"{name}.pem", cwd=folder)
    ask = ("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server")
    run(*ask, "-keyout", "server.key", "-out", "server.csr", cwd=folder)
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    sign = ("openssl", "x509", "-req", "-days", "2", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    run(*sign, "-in", "server.csr", "-extfile", "names", "-out", "server.pem", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def tls_server(certificates: Path) -> Iterator[PrivateMariaDB]:
    options = {"ssl-cert": str(certificates / "server.pem"), "ssl-key": str(certificates / "server.key")}
    with PrivateMariaDB(options) as server:
        yield server


def cipher(server: PrivateMariaDB, **extra: Any) -> str:
    """What the session is encrypted with; empty: it is not."""
    connection = Connection(
        conn_id="c",
        conn_type="mysql",
        host=server.host,
        port=server.port,
        login=server.user,
        password=server.password,
        extra=json.dumps(extra),
    )
    found = DumpTargetHook(connection=connection).get_first("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    return str(found[1])


@pytest.mark.parametrize("form", ["ssl", "ssl_ca"])
def test_with_a_ca_the_session_is_encrypted_and_the_server_is_verified(
    tls_server: PrivateMariaDB, certificates: Path, form: str
) -> None:
    def extra(ca: str) -> dict[str, Any]:
        path = str(certificates / ca)
        return {"ssl": {"ca": path}} if form == "ssl" else {"ssl_ca": path}

    assert cipher(tls_server, **extra("ca.pem"))
    with pytest.raises(LoaderError, match=r"(?i)certificate"):
        cipher(tls_server, **extra("other-ca.pem"))


def test_required_encrypts_without_asking_who_the_server_is(tls_server: PrivateMariaDB) -> None:
    assert cipher(tls_server, ssl_mode="REQUIRED")


@pytest.fixture(scope="module")
def plain_server() -> Iterator[PrivateMariaDB]:
    """Newer servers make themselves a certificate."""
    with PrivateMariaDB({"ssl": "OFF"}) as server:
        yield server


def test_without_tls_in_the_extras_it_is_used_where_the_server_offers_it(
    tls_server: PrivateMariaDB, plain_server: PrivateMariaDB
) -> None:
    assert cipher(tls_server)
    assert cipher(plain_server) == ""


@pytest.mark.parametrize("extra", [{"ssl": "off"}, {"ssl": False}, {"ssl_mode": "DISABLED"}, {"ssl_disabled": True}])
def test_tls_that_is_turned_off_is_off(tls_server: PrivateMariaDB, extra: dict[str, Any]) -> None:
    assert cipher(tls_server, **extra) == ""


def test_a_server_without_tls_never_gets_a_plain_session_where_tls_was_asked_for(plain_server: PrivateMariaDB) -> None:
    with pytest.raises(LoaderError):
        cipher(plain_server, ssl_mode="REQUIRED")
