"""The pages behind ``/dm-loader``."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse

from airflow_dm_loader.ui.pages import page
from airflow_dm_loader.ui.run_loads import loads_of_run
from airflow_dm_loader.ui.run_page import run_page

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


# Who may read the logs of the run's tasks sees the same there.
@app.get("/runs/{dag_id}/{run_id}", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.TASK_LOGS))])
def loads(dag_id: str, run_id: str) -> HTMLResponse:
    """How far the loads of a DAG run are, table by table."""
    return HTMLResponse(run_page(loads_of_run(dag_id, run_id)), headers=_HEADERS)


@app.get("/{name}")
def documentation(name: str) -> HTMLResponse:
    """A page of the documentation. It is public, so nobody is asked who he is."""
    try:
        return HTMLResponse(page(name), headers=_HEADERS)
    except KeyError:
        raise HTTPException(404, "There is no such page.") from None
