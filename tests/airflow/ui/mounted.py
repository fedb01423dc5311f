"""What the plugin shows, asked as a browser asks Airflow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import FastAPI

from airflow_dm_loader.ui.plugin import DmLoaderPlugin

if TYPE_CHECKING:
    from httpx import Response


def get(path: str) -> Response:
    """As Airflow mounts it, and as nobody who is logged in."""
    import httpx

    async def ask() -> Response:
        airflow = FastAPI()
        for found in DmLoaderPlugin.fastapi_apps:
            airflow.mount(found["url_prefix"], found["app"])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(airflow), base_url="http://airflow") as client:
            return await client.get(path)

    return asyncio.run(ask())
