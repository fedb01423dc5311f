"""Object storage for tests: moto's S3 server over HTTP, and dumps that are put into it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from airflow_dm_loader.dump.access import S3Access

KEY_ID, KEY = "canary-id-3f9c", "canary-key/+3f9c"


@dataclass(frozen=True)
class S3Server:
    """A running server, and one bucket of its own for whoever asks for it."""

    host: str
    port: int
    bucket: str

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    @cached_property
    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=KEY,
        )

    def access(self, *, port: int | None = None) -> S3Access:
        """The way to it, or through a proxy on that port."""
        endpoint = f"http://127.0.0.1:{port or self.port}"
        return S3Access(access_key=KEY_ID, secret_key=KEY, region="us-east-1", endpoint=endpoint)

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def put_many(self, keys: Iterable[str]) -> None:
        """Put empty objects, past HTTP: thousands in a moment."""
        from moto.core.models import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        for key in keys:
            s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(self.bucket, key, b"")

    def upload(self, folder: Path, prefix: str = "dump") -> str:
        """Put a dump's folder under a prefix; its ``dump_uri``."""
        for path in sorted(folder.iterdir()):
            self.put(f"{prefix}/{path.name}", path.read_bytes())
        return f"s3://{self.bucket}/{prefix}"

    def keys(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """moto's server in a thread, on a port of its own."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3Server(host, port, "")
    finally:
        server.stop()


def new_bucket(server: S3Server) -> S3Server:
    """The same server with an empty bucket."""
    fresh = S3Server(server.host, server.port, f"dumps-{uuid4()}")
    fresh.client.create_bucket(Bucket=fresh.bucket)
    return fresh
