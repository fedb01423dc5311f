"""The count of rows that are set aside commits and dies with the transaction that sets them aside."""

from __future__ import annotations

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.state import error_rows
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_server import PrivateServer

MOST = {"type": 3, "charset": 1}


def test_the_last_place_is_taken_once_and_given_back(server: PrivateServer, target: TargetConfig) -> None:
    with Database.open(target) as one, Database.open(target) as other:
        first, second = Meta(one, "dm_meta"), Meta(other, "dm_meta")
        first.create()
        for _ in range(2):  # each import task does it
            error_rows.begin(first, 1, MOST)
            one.commit()
        assert error_rows.add(first, 1, {"type": 3, "charset": 1}, MOST) is None
        one.rollback()
        assert error_rows.add(second, 1, {"type": 2}, MOST) is None
        other.commit()
        assert error_rows.add(first, 1, {"charset": 1, "type": 2}, MOST) == "type"
        one.rollback()
        assert error_rows.used(first, 1) == {"charset": 0, "type": 2}
        one.rollback()
        error_rows.give_back(first, 1, "type")
        one.commit()
        assert error_rows.add(second, 1, {"type": 2}, MOST) is None
        other.commit()
        assert error_rows.used(first, 1) == {"charset": 0, "type": 3}
