"""The plugin by which Airflow's server shows our pages.

Every process of Airflow loads its plugins, tasks too: so this imports nothing, and the pages come with the first
request for one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_dm_loader.operators.links import PREFIX

_Message = MutableMapping[str, Any]


async def pages(
    scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
) -> None:
    """The ASGI app of our pages."""
    from airflow_dm_loader.ui.app import app

    await app(scope, receive, send)


class DmLoaderPlugin(AirflowPlugin):
    """Adds our pages to Airflow's server."""

    name = "dm_loader"
    external_views: list[Any] = [  # noqa: RUF012  # as Airflow has it
        {
            "name": "Loads",
            "href": "dm-loader/runs/{DAG_ID}/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "dm-loads",
        }
    ]
    fastapi_apps: list[Any] = [{"app": pages, "url_prefix": PREFIX, "name": "dm_loader"}]  # noqa: RUF012  # as Airflow has it
