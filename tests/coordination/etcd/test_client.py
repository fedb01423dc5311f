"""The client against a real etcd: failing over, accounts, TLS."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_dm_loader import EtcdConfig
from airflow_dm_loader.coordination.etcd.client import EtcdClient
from airflow_dm_loader.errors import ConfigError, ConnectionLostError, LoaderError
from dev.private_etcd import PrivateEtcd
from tests.bad_input.certificates import Authority

CANARY = "c4n4ry-p4ssw0rd"


def config(etcd: PrivateEtcd, **values: object) -> EtcdConfig:
    return EtcdConfig(**{"endpoints": [etcd.url], "timeout_s": 60, **values})  # it hashes passwords, on a busy machine


def failure(settings: EtcdConfig) -> LoaderError:
    with EtcdClient.open(settings) as client, pytest.raises(LoaderError) as caught:
        client.get("/dm-master/load-task/x")
    assert CANARY not in str(caught.value)
    return caught.value


def test_keys_are_set_read_listed_and_removed(etcd: PrivateEtcd) -> None:
    with EtcdClient.open(config(etcd)) as client:
        client.put({"/a/1": "x", "/a/2": "ü", "/b/1": "z"})
        assert client.list("/a/") == {"/a/1": "x", "/a/2": "ü"}
        assert (client.get("/a/2"), client.get("/a/")) == ("ü", None)
        client.delete("/a/1")
        client.delete("/a/1")  # once more does no harm
        assert client.list("/a/") == {"/a/2": "ü"}


@pytest.mark.parametrize("count", [64, 65, 128, 129, 300, 4096])
def test_more_keys_than_a_transaction_takes_are_all_set(etcd: PrivateEtcd, count: int) -> None:
    values = {f"/many/{number}": str(number) for number in range(count)}
    with EtcdClient.open(config(etcd)) as client:
        client.put(values)
        assert client.list("/many/") == values


def test_more_keys_than_all_transactions_take_are_refused(etcd: PrivateEtcd) -> None:
    with EtcdClient.open(config(etcd)) as client:
        with pytest.raises(ConfigError, match="etcd sets 4096 of them at once, and there are 4097"):
            client.put({f"/many/{number}": "" for number in range(4097)})
        assert client.list("/many/") == {}


def test_keys_are_set_only_if_all_that_begin_so_have_the_value(etcd: PrivateEtcd) -> None:
    with EtcdClient.open(config(etcd)) as client:
        assert not client.put_if_all("/a/", "x", {"/a/1": "y"})  # there is none
        client.put({"/a/1": "x", "/a/2": "x", "/b": "z", "/a": "z"})
        assert not client.put_if_all("/a/", "y", {"/a/1": "y"})
        assert client.put_if_all("/a/", "x", {"/a/1": "y"})
        assert not client.put_if_all("/a/", "x", {"/a/1": "z"})
        assert client.list("/") == {"/a": "z", "/a/1": "y", "/a/2": "x", "/b": "z"}


def test_a_member_that_is_away_is_passed_over(etcd: PrivateEtcd) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with EtcdClient.open(config(etcd, endpoints=[nobody, etcd.url])) as client:
            client.put({"/x": "1"})
            assert client.get("/x") == "1"
        error = failure(config(etcd, endpoints=[nobody]))
    assert isinstance(error, ConnectionLostError)
    assert f"etcd at {nobody} does not answer" in error.message


def test_a_member_that_is_silent_costs_no_more_than_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = failure(EtcdConfig(endpoints=[f"http://127.0.0.1:{silent.getsockname()[1]}"], timeout_s=0.3))
    assert isinstance(error, ConnectionLostError)  # without the timeout it would wait for good


def test_an_etcd_that_was_killed_comes_back_with_what_it_had(tmp_path: Path) -> None:
    with PrivateEtcd() as etcd, EtcdClient.open(config(etcd)) as client:
        client.put({"/x": "1"})
        etcd.kill9()
        with pytest.raises(ConnectionLostError):
            client.get("/x")
        etcd.start()
        assert client.get("/x") == "1"


def test_what_is_no_etcd_is_told_so(etcd: PrivateEtcd, tmp_path: Path) -> None:
    import http.server
    import threading

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        error = failure(config(etcd, endpoints=[f"http://127.0.0.1:{server.server_port}"]))
        server.shutdown()
    assert isinstance(error, ConfigError)
    assert "is no etcd of version 3.4 or later" in error.message


# Accounts


@pytest.fixture
def guarded() -> Iterator[PrivateEtcd]:
    """An etcd that asks who we are."""
    with PrivateEtcd() as etcd:
        etcd.ask_for_accounts(CANARY)
        yield etcd


def test_an_account_and_what_it_may(guarded: PrivateEtcd) -> None:
    account = {"user": "loader", "password": CANARY}
    with EtcdClient.open(config(guarded, **account)) as client:
        client.put({"/dm-master/load-task/x": "1"})
        assert client.list("/dm-master/load-task/") == {"/dm-master/load-task/x": "1"}
        with pytest.raises(ConfigError, match="refuses this account: etcdserver: permission denied"):
            client.put({"/elsewhere": "1"})
        guarded.kill9()
        guarded.start()
        assert client.get("/dm-master/load-task/x") == "1"  # its token is gone, so it says again who it is
    for wrong in ({}, {"user": "loader", "password": "wrong"}, {"user": "nobody", "password": CANARY}):
        error = failure(config(guarded, **wrong))
        assert isinstance(error, ConfigError)
        assert "refuses this account" in error.message


def test_an_account_where_none_is_asked_for_is_refused(etcd: PrivateEtcd) -> None:
    error = failure(config(etcd, user="root", password=CANARY))
    assert isinstance(error, ConfigError)
    assert "authentication is not enabled" in error.message


# TLS


def test_tls_verifies_the_server_and_shows_our_certificate(tmp_path: Path, etcd: PrivateEtcd) -> None:
    authority, other = Authority(tmp_path, "ca"), Authority(tmp_path, "other-ca")
    server_cert, server_key = authority.issue("server", "127.0.0.1")
    cert, key = authority.issue("client")
    options = (
        f"--cert-file={server_cert}",
        f"--key-file={server_key}",
        f"--trusted-ca-file={authority.path}",
        "--client-cert-auth",
    )
    with PrivateEtcd(*options, tls=True) as guarded:
        ours = {"ca": str(authority.path), "cert": cert, "key": key}
        with EtcdClient.open(config(guarded, **ours)) as client:
            client.put({"/x": "1"})
            assert client.get("/x") == "1"
        for wrong, says in (
            ({"ca": str(other.path), "cert": cert, "key": key}, "CERTIFICATE_VERIFY_FAILED"),
            ({"cert": cert, "key": key}, "CERTIFICATE_VERIFY_FAILED"),
            ({"ca": str(tmp_path / "none.pem")}, "can't be set up: a file is missing"),
        ):
            error = failure(config(guarded, **wrong))
            assert (type(error), error.code) == (ConfigError, 11112), error
            assert says in error.message
        nameless = failure(config(guarded, ca=str(authority.path)))
        assert "TLS" in nameless.message  # by an alert or not, as the race goes
        unencrypted = failure(config(guarded, endpoints=[guarded.url.replace("https", "http")]))
        assert "does not answer" in unencrypted.message
    error = failure(config(etcd, endpoints=[etcd.url.replace("http", "https")], ca=str(authority.path)))
    assert isinstance(error, ConnectionLostError)
    assert "broke off TLS" in error.message or "does not answer" in error.message  # again as the race goes
