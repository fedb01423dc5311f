"""The few calls that a load makes to etcd.

All of them can be repeated: a key is set to what it shall be, whatever it was, or only where it is what it was. So a
call that one member does not answer is made to the next.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from airflow_dm_loader.attempts import PATIENT
from airflow_dm_loader.coordination.etcd.failures import translate
from airflow_dm_loader.coordination.etcd.settings import EtcdConfig
from airflow_dm_loader.errors import ConfigError, LoaderError

if TYPE_CHECKING:
    from etcd3gw.client import Etcd3Client

Answer = TypeVar("Answer")

_API = "/v3/"  # since etcd 3.4
# etcd's max-txn-ops is 128 by default, and counts a transaction's operations with those of the one around it.
_OUTER, _INNER = 64, 64


class EtcdClient:
    """An open way to a cluster; for one thread.

    Every call raises ConnectionLostError where no member answers in time, and ConfigError where the account, TLS or
    the address is wrong.
    """

    def __init__(self, config: EtcdConfig) -> None:
        self._config = config
        self._members: dict[str, Etcd3Client] = {}
        self._order = list(config.endpoints)  # the one that answered last comes first

    @classmethod
    @contextmanager
    def open(cls, config: EtcdConfig) -> Iterator[Self]:
        """A client; nothing is sent before its first call."""
        client = cls(config)
        try:
            yield client
        finally:
            for member in client._members.values():
                member.session.close()

    def put(self, values: Mapping[str, str]) -> None:
        """Set these keys, all at once."""
        self._call(partial(_commit, {"compare": [], "success": _puts(values), "failure": []}))

    def put_if_all(self, prefix: str, value: str, values: Mapping[str, str]) -> bool:
        """Set these keys, all at once, if there are keys that begin so, and each has this value; whether it did.

        False may also be said of a call that was made before, and whose answer was lost.
        """
        compare = {
            "target": "VALUE",
            "result": "EQUAL",
            "key": _encode(prefix),
            "range_end": _encode(_end_of(prefix)),
            "value": _encode(value),
        }
        return self._call(partial(_commit, {"compare": [compare], "success": _puts(values), "failure": []}))

    def get(self, key: str) -> str | None:
        """The value of a key; None where there is none."""
        found = self._call(lambda member: member.get(key))
        return found[0].decode("utf-8", "replace") if found else None

    def list(self, prefix: str) -> dict[str, str]:
        """key -> value of all keys that begin so."""
        found = self._call(lambda member: member.get_prefix(prefix))
        return {meta["key"].decode(): value.decode("utf-8", "replace") for value, meta in found}

    def delete(self, key: str) -> None:
        """Remove a key, if it is there."""
        self._call(lambda member: member.delete(key))

    def _call(self, ask: Callable[[Etcd3Client], Answer]) -> Answer:
        return PATIENT.at_any(tuple(self._order), partial(self._ask, ask))

    def _ask(self, ask: Callable[[Etcd3Client], Answer], endpoint: str) -> Answer:
        try:
            answer = ask(self._member(endpoint))
        except LoaderError:
            raise
        except Exception as error:  # the client's, those of requests below it, and of the files of TLS
            self._forget(endpoint)
            raise translate(error, endpoint) from None
        self._order.remove(endpoint)
        self._order.insert(0, endpoint)
        return answer

    def _member(self, endpoint: str) -> Etcd3Client:
        """A client of one member, which knows who we are."""
        if endpoint not in self._members:
            member = _client(self._config, endpoint)
            if self._config.user:
                member.session.headers["Authorization"] = _token(self._config, member)
            self._members[endpoint] = member
        return self._members[endpoint]

    def _forget(self, endpoint: str) -> None:
        """Begin anew there: its token may be one that a restarted member does not know."""
        member = self._members.pop(endpoint, None)
        if member is not None:
            member.session.close()


def _client(config: EtcdConfig, endpoint: str) -> Etcd3Client:
    try:
        import requests
        from etcd3gw.client import Etcd3Client
    except ImportError:
        raise ConfigError(
            "barrier=etcd needs a package that is not installed here", remedy="pip install airflow-dm-loader[etcd]"
        ) from None
    session = requests.Session()
    session.trust_env = False  # no proxy, and no account from ~/.netrc: only what the config says
    session.max_redirects = 0
    if config.ca:
        session.verify = config.ca
    if config.cert and config.key:
        session.cert = (config.cert, config.key)
    url = urlsplit(endpoint)
    return Etcd3Client(
        host=url.hostname or "",
        port=url.port or 2379,
        protocol=url.scheme,
        timeout=config.timeout_s,
        api_path=_API,
        session=session,
    )


def _token(config: EtcdConfig, member: Etcd3Client) -> str:
    login = {"name": config.user, "password": config.password.get_secret_value()}
    answer: dict[str, Any] = member.post(member.get_url("/auth/authenticate"), json=login)
    return str(answer["token"])


def _commit(transaction: dict[str, Any], member: Etcd3Client) -> bool:
    """Whether its comparisons held. The gateway leaves out what is false."""
    return bool(member.transaction(transaction).get("succeeded", False))


def _puts(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """The operations that set these keys: transactions within a transaction, where one can't hold them all."""
    puts = [{"request_put": {"key": _encode(key), "value": _encode(value)}} for key, value in values.items()]
    if len(puts) <= _INNER:
        return puts
    if len(puts) > _OUTER * _INNER:
        raise ConfigError(f"sources: etcd sets {_OUTER * _INNER} of them at once, and there are {len(puts)}")
    parts = [puts[start : start + _INNER] for start in range(0, len(puts), _INNER)]
    return [{"request_txn": {"compare": [], "success": part, "failure": []}} for part in parts]


def _end_of(prefix: str) -> str:
    """The first key after all that begin so."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
