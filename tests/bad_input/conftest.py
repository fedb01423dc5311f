from __future__ import annotations

import pytest

from airflow_dm_loader.target import retries


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried at once: what people are told does not depend on how long we waited."""
    monkeypatch.setattr(retries, "_SHORTEST_WAIT_S", 0.0)
    monkeypatch.setattr(retries, "_LONGEST_WAIT_S", 0.02)
