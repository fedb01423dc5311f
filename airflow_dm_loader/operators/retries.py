"""Retries for the tasks of a load: what a retry can't fix is not retried."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator

from airflow_dm_loader.attempts import BY_AIRFLOW


def retry_defaults() -> dict[str, Any]:
    """``default_args``: three retries, after half a minute and then ever later, on every Airflow from 3.1.

    An error that a person must act on is raised as AirflowFailException, which no Airflow retries. From
    3.3 on, a mistake in the code (a TypeError, say) is not retried either.
    """
    backoff = inspect.signature(BaseOperator.__init__).parameters["retry_exponential_backoff"]
    defaults: dict[str, Any] = {
        "retries": BY_AIRFLOW.tries - 1,
        "retry_delay": timedelta(seconds=BY_AIRFLOW.first_wait_s),
        "max_retry_delay": timedelta(seconds=BY_AIRFLOW.longest_wait_s),
        # a multiplier since Airflow 3.2, a switch before
        "retry_exponential_backoff": 2.0 if "float" in str(backoff.annotation) else True,
    }
    try:
        from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
    except ImportError:
        return defaults
    mistakes = ["AssertionError", "AttributeError", "ImportError", "LookupError", "NameError", "TypeError"]
    defaults["retry_policy"] = ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception=["airflow_dm_loader.errors.FatalError", "airflow_dm_loader.errors.DataError"],
                action=RetryAction.FAIL,
                reason="A person must act first.",
            ),
            RetryRule(
                exception=[f"builtins.{name}" for name in mistakes],
                action=RetryAction.FAIL,
                reason="A mistake in the code: a retry would fail the same way.",
            ),
        ]
    )
    return defaults
