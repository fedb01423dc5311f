from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader import EtcdConfig
from airflow_dm_loader.errors import ConfigError

CANARY = "c4n4ry-p4ssw0rd"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"endpoints": []}, "at least 1 item"),
        ({"endpoints": ["db:2379"]}, "number 1 must be http://host:port"),
        ({"endpoints": ["http://a:2379", "ftp://b"]}, "number 2 must be http"),
        ({"endpoints": [f"http://u:{CANARY}@a"]}, "number 1 must be"),
        ({"endpoints": [f"http://a/?p={CANARY}"]}, "number 1 must be"),
        ({"endpoints": ["http://a/path"]}, "number 1 must be"),
        ({"endpoints": ["http://a:99999"]}, "number 1 must be"),
        ({"endpoints": ["http://"]}, "number 1 must be"),
        ({"endpoints": ["http://a", "https://b"]}, "all http or all https"),
        ({"endpoints": ["http://a"], "ca": "/ca.pem"}, "need https"),
        ({"endpoints": ["https://a"], "cert": "/c.pem"}, "cert and key belong together"),
        ({"endpoints": ["http://a"], "user": "root"}, "user and password belong together"),
        ({"endpoints": ["http://a"], "password": CANARY}, "user and password belong together"),
        ({"endpoints": ["http://a"], "timeout_s": 0}, "timeout_s"),
        ({"endpoints": ["http://a"], "pasword": CANARY}, "no such setting"),
    ],
)
def test_what_can_t_be_meant_is_refused_without_repeating_it(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        EtcdConfig(**values)
    assert CANARY not in str(caught.value)


def test_its_repr_has_no_password() -> None:
    config = EtcdConfig(endpoints=["http://a:1", "http://[::1]:2"], user="root", password=CANARY)
    assert CANARY not in repr(config)
    assert config.address == "http://a:1, http://[::1]:2"
