"""Where people find more: the pages that Airflow's own server shows, by :mod:`airflow_dm_loader.ui`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_dm_loader.errors import LoaderError

PREFIX = "/dm-loader"


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
