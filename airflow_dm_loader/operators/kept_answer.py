"""What somebody answered a form, in Airflow's state store for tasks until the target has it.

Airflow gives an answer to the task once. Where the task is killed before it could write it down in the target, the next
try finds it here. Airflow has such a store from 3.3 on; before, the next try asks again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

KEY = "dm_loader_answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """An option of the form, who chose it, and which outcome the form showed."""

    outcome_id: str
    option: str
    who: str


def keep(context: Context, answer: Answer, log: Any) -> None:
    """Put it into the store, where there is one; a store that refuses it is warned of, and costs nothing else."""
    from airflow.sdk.exceptions import AirflowRuntimeError

    store: Any = context.get("task_state_store")
    if store is None:
        return
    try:
        store.set(KEY, asdict(answer))
    except AirflowRuntimeError as error:
        log.warning("Airflow's state store for tasks does not take the answer: %s", error)


def kept(context: Context, outcome_id: str) -> Answer | None:
    """The answer to a form that showed this very outcome, if an earlier try left one."""
    store: Any = context.get("task_state_store")
    found = store.get(KEY) if store is not None else None
    if not isinstance(found, dict) or found.get("outcome_id") != outcome_id:
        return None
    return Answer(outcome_id, str(found["option"]), str(found["who"]))


def forget(context: Context) -> None:
    """From now on the form asks again."""
    store: Any = context.get("task_state_store")
    if store is not None:
        store.delete(KEY)
