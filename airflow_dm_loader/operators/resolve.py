"""The phase at which somebody decides on duplicates and checksum differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.standard.operators.hitl import HITLOperator

from airflow_dm_loader.operators.base import DumpLoadOperator
from airflow_dm_loader.operators.conflict_form import ABORT, ACCEPT, REPLAY, can_replay, form_text
from airflow_dm_loader.operators.kept_answer import Answer, forget, keep, kept

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun, Outcome

_Result = TypeVar("_Result")
SHOWN = "shown_outcome_id"  # the XCom key of the outcome that the form shows


class ResolveConflictsOperator(DumpLoadOperator, HITLOperator):
    """Waits for a person's word on what the load found. **Clearing this task accepts it.**

    DM's pause on duplicates or a checksum mismatch, and its "resume means accept". The first try shows
    what was found and fails with 34020 (rows met rows with the same key: see the conflict table in the meta
    schema), 34021 (a table differs from the dump), 34101 (the dump brings far less than the last load did) or 34102
    (rows were set aside that the server refused). Look at it, then:

    - clear this task: what was shown is accepted, and the load finishes;
    - or fix the data and clear `checksum` with what follows it: a new outcome is made.

    With `on_conflict` set to `ask` it puts a form under *Required Actions* instead; `accept` and `fail`
    decide at once. It has no automatic retries: only a person's clear counts as a word.
    """

    ui_color = "#fad4c8"
    template_fields: Sequence[str] = DumpLoadOperator.template_fields  # the form is written at run time

    def __init__(self, **kwargs: Any) -> None:
        kwargs["retries"] = 0  # whatever the DAG's default is: an automatic retry must never accept
        super().__init__(
            subject="Something was found that somebody must decide on",
            options=[ACCEPT, REPLAY, ABORT],  # which the answer is held against; the form offers what there is
            **kwargs,
        )
        self._is_answered = False

    def execute(self, context: Context) -> Any:
        """Ask, or decide; or do as an earlier try was told that was killed meanwhile."""
        return self._once_answered(context, lambda: DumpLoadOperator.execute(self, context))

    @property
    def serialized_params(self) -> dict[str, Any]:
        """None: the form asks for an answer alone. The standard provider until 1.9 asked for the DAG's params too."""
        return {}

    def validate_params(self) -> None:
        """Nothing: there is no field of its own to check. On Airflow 3.1 the standard provider 1.12 checks the DAG's
        here, while the DAG is parsed and nobody has filled in the required ones; the DAG could not be imported.
        """

    def run_phase(self, run: LoadRun, context: Context) -> Any:
        from airflow_dm_loader.config import OnConflict
        from airflow_dm_loader.loader import resolve_conflicts

        self.skip_if_stopped(run)
        if run.config.verify.on_conflict is OnConflict.ASK:
            return self._ask(run, context)
        ti = context["ti"]
        by_hand = cleared_by_hand(ti.try_number, ti.max_tries, self.retries or 0)
        return self._accepted(resolve_conflicts(run, by_hand=by_hand))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Somebody answered the form."""
        from airflow_dm_loader.operators.airflow_exceptions import AirflowFailException

        told = HITLOperator.execute_complete(self, context, event)
        who = _name(told["responded_by_user"])
        chosen = told["chosen_options"]
        if chosen not in ([ACCEPT], [REPLAY]):
            raise AirflowFailException(f"{who} chose not to accept. To be asked again, clear this task.")
        ti = context["ti"]
        shown = ti.xcom_pull(task_ids=ti.task_id, key=SHOWN, map_indexes=ti.map_index)
        answer = Answer(shown, chosen[0], who)
        keep(context, answer, self.log)
        return self._once_answered(context, lambda: self.repeat(context, lambda run: self._follow(run, answer)))

    def _once_answered(self, context: Context, work: Callable[[], _Result]) -> _Result:
        """What ``work`` returns. An answer that it failed at is forgotten, so that the next try asks again."""
        try:
            return work()
        except Exception:
            if self._is_answered and not self._stop.is_set():
                forget(context)
            raise

    def _follow(self, run: LoadRun, answer: Answer) -> dict[str, Any]:
        from airflow_dm_loader.loader import accept_outcome

        self._is_answered = True
        if answer.option == REPLAY:
            self.log.info("%s chose to load the rows that were set aside", answer.who)
            return self._replay(run)
        self.log.info("%s chose to accept what the form showed", answer.who)
        return self._accepted(accept_outcome(run, answer.outcome_id, answer.who))

    def _ask(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import current_outcome, show_conflicts

        outcome = current_outcome(run)
        if outcome.accepted:
            return self._accepted(outcome)
        if (answer := kept(context, outcome.outcome_id)) is not None:
            return self._follow(run, answer)
        shown = show_conflicts(run) if outcome.conflicts or outcome.refused else None
        self.options = [ACCEPT, REPLAY, ABORT] if can_replay(shown) else [ACCEPT, ABORT]
        self.subject, self.body = form_text(run.config, outcome, shown)
        context["ti"].xcom_push(key=SHOWN, value=outcome.outcome_id)  # only what was shown can be accepted
        HITLOperator.execute(self, context)  # parks the task, by an exception
        raise AssertionError("the form did not park the task")

    def _replay(self, run: LoadRun) -> dict[str, Any]:
        """Load the rows and compare again. A retry after a kill loads those that are left, and compares, too."""
        from airflow_dm_loader.loader import replay_and_verify, resolve_conflicts
        from airflow_dm_loader.settings.choices import ReplayConflicts

        outcome = replay_and_verify(run, ReplayConflicts.REPLACE)
        if outcome.verdict == "clean":
            return self._accepted(outcome)
        return self._accepted(resolve_conflicts(run, by_hand=False))  # shows what is left, by an error

    def _accepted(self, outcome: Outcome) -> dict[str, Any]:
        self.log.info("Outcome %s (%s) is accepted", outcome.outcome_id, outcome.verdict)
        return {"outcome_id": outcome.outcome_id, "verdict": outcome.verdict}


def _name(user: Mapping[str, Any] | None) -> str:
    from airflow_dm_loader.errors import visible

    return visible(str(user.get("name") or user.get("id"))) if user else "unknown"


def cleared_by_hand(try_number: int, max_tries: int, retries: int) -> bool:
    """Whether this try was started by somebody's clear.

    A clear sets max_tries to the last try_number plus retries, and the next try is one higher; an
    automatic retry, or the scheduler starting a lost task again, goes beyond that.
    """
    first_of_round = max_tries - retries + 1
    return 1 < try_number <= first_of_round
