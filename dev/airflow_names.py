"""Names of Airflow's inside that stand elsewhere in its older versions; for what runs it in tests and in the demo."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any


def _first(*places: str) -> Any:
    """What the first of some ``module:name`` is that exists."""
    for place in places:
        module, _, name = place.partition(":")
        try:
            with warnings.catch_warnings():
                # 3.1.8 is told by its own providers that its names are deprecated, and no test could be collected.
                warnings.simplefilter("ignore", FutureWarning)
                return getattr(import_module(module), name)
        except (ImportError, AttributeError):
            continue
    raise ImportError(f"this Airflow has none of {', '.join(places)}")


DagBag = _first("airflow.dag_processing.dagbag:DagBag", "airflow.models.dagbag:DagBag")
DagSerialization = _first(
    "airflow.serialization.serialized_objects:DagSerialization",
    "airflow.serialization.serialized_objects:SerializedDAG",
)
SerializedDAG = _first(
    "airflow.serialization.definitions.dag:SerializedDAG", "airflow.serialization.serialized_objects:SerializedDAG"
)
serialize = _first("airflow.sdk.serde:serialize", "airflow.serialization.serde:serialize")
get_listener_manager = _first(
    "airflow.sdk.listener:get_listener_manager", "airflow.listeners.listener:get_listener_manager"
)
