"""The pages behind ``/dm-loader``."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse

from airflow_dm_loader.ui.pages import page

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


@app.get("/{name}")
def documentation(name: str) -> HTMLResponse:
    """A page of the documentation. It is public, so nobody is asked who he is."""
    try:
        return HTMLResponse(page(name), headers=_HEADERS)
    except KeyError:
        raise HTTPException(404, "There is no such page.") from None
