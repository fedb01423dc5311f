"""Where people find more: the pages that Airflow's own server shows, by :mod:`airflow_dm_loader.ui`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.types import TaskInstanceKey

    from airflow_dm_loader.errors import LoaderError
    from airflow_dm_loader.loader import LoadRun

PREFIX = "/dm-loader"
LOAD_KEY = "dm_load"  # the XCom by which the page of a DAG run finds its loads


class LoadProgressLink(BaseOperatorLink):
    """From a task to the page of its run's loads."""

    name = "Load progress"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Asked of the worker."""
        return run_page(ti_key.dag_id, ti_key.run_id)


def run_page(dag_id: str, run_id: str) -> str:
    """The page of a DAG run's loads."""
    return f"{ui_url()}{PREFIX}/runs/{quote(dag_id, safe='')}/{quote(run_id, safe='')}"


def remember_load(context: Context, run: LoadRun, target_conn_id: str) -> None:
    """Tell the page of this DAG run which load it has, and where its state is."""
    value = {
        "task_name": run.config.what.task_name,
        "meta_schema": run.config.state.meta_schema,
        "hide_values": run.config.hides_values,
        "target_conn_id": target_conn_id,
    }
    context["ti"].xcom_push(key=LOAD_KEY, value=value)


def error_page(kind: type[LoaderError]) -> str:
    """The page of a class of errors: in Airflow, or where ``[dm_loader] docs_url`` says that the pages are."""
    from airflow.configuration import conf

    from airflow_dm_loader.progress.error_block import anchor

    docs = str(conf.get("dm_loader", "docs_url", fallback="") or "").rstrip("/")
    if docs:
        return f"{docs}/errors.md#{anchor(kind)}"
    return f"{ui_url()}{PREFIX}/errors#{anchor(kind)}"


def ui_url() -> str:
    """Where Airflow's UI is, as ``[api] base_url`` says, without a slash at its end."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="") or "http://localhost:8080").rstrip("/")
