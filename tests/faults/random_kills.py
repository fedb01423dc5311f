"""Loads that are killed at random instants until they end."""

from __future__ import annotations

import random
from collections.abc import Iterator

from airflow_dm_loader.config import LoadConfig, TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.faults.attempts import Attempt
from tests.faults.tally import tried
from tests.tables import query


def killed_at_random(
    config: LoadConfig,
    target: TargetConfig,
    server: PrivateMariaDB,
    chance: random.Random,
    *,
    kills: int,
    longest_s: float,
    what: str,
) -> Iterator[None]:
    """So many kills, in loads of an empty server; at each yield the last attempt has ended, or its kill was the last.

    What was loaded is then to be compared, after a load that nobody kills.
    """
    done = 0
    while done < kills:
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        while done < kills:
            with Attempt(config, target) as attempt:
                if attempt.ends_within(chance.uniform(0.05, longest_s)):
                    break
            done += 1
            tried(what)
        yield
