"""A network before the target that a test breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from airflow_dm_loader.config import TargetConfig
from tests.faults.proxy import Fault, Proxy
from tests.faults.tally import tried


@contextmanager
def network(target: TargetConfig, fault_of: Callable[[int], Fault | None]) -> Iterator[tuple[TargetConfig, list[str]]]:
    """The target behind a proxy, and what happened there; without TLS, so that the proxy can read along."""
    happened: list[str] = []

    def note(fault: str) -> None:
        tried(fault)
        happened.append(fault)

    with Proxy((target.host, target.port), fault_of, note) as proxy:
        yield target.model_copy(update={"port": proxy.port, "ssl": "off"}), happened
