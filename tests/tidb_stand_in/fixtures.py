"""What tests of IMPORT INTO begin with: the stand-in in front of the private MariaDB, and a dump in a bucket."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.dump.access import S3Access
from tests.buckets import KEY, KEY_ID
from tests.dumps import write_dump
from tests.tidb_stand_in.jobs import Jobs
from tests.tidb_stand_in.server import TiDBStandIn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pymysql.connections import Connection

    from dev.private_mariadb import PrivateMariaDB
    from tests.buckets import S3Server
    from tests.dumps import Table

# On tests that take it, so that they run in front of MariaDB alone.
STANDS_BEFORE_MARIADB = pytest.mark.only_on(
    "mariadb", because="the stand-in passes on that MySQL offers TLS, and has none"
)
SECRETS = (KEY, "canary-key%2F%2B3f9c", "canary-key/%2B3f9c", KEY_ID)


@contextmanager
def stand_in(server: PrivateMariaDB, s3: S3Server, **settings: Any) -> Iterator[TiDBStandIn]:
    """TiDB in front of ``server``, which reads the bucket with its keys. ``settings``: see :class:`Jobs`."""

    @contextmanager
    def connect() -> Iterator[Connection[Any]]:
        with closing(server.connect()) as connection:
            yield connection

    def files(bucket: str, prefix: str) -> Mapping[str, bytes]:
        found = s3.client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {item["Key"]: s3.client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found}

    keys = {"access-key": KEY_ID, "secret-access-key": KEY, "endpoint": s3.endpoint}
    with TiDBStandIn((server.host, server.port), Jobs(files, keys, connect, **settings)) as running:
        yield running


def target_of(server: PrivateMariaDB, tidb: TiDBStandIn) -> TargetConfig:
    """The stand-in as a load's target."""
    return TargetConfig(host="127.0.0.1", port=tidb.port, user=server.user, password=server.password)


def access(s3: S3Server) -> S3Access:
    """The way to the bucket, with a client that is made already: each phase would make its own."""
    return s3.access().model_copy(update={"client": s3.client})


def put_dump(s3: S3Server, folder: Path, *tables: Table) -> str:
    """Write a dump and put it into the bucket; its ``dump_uri``."""
    return s3.upload(write_dump(folder, *tables))


def load_config(dump_uri: str, **changes: Any) -> LoadConfig:
    """A load of the dump by IMPORT INTO."""
    return LoadConfig(**{"task_name": "t", "dump_uri": dump_uri, "import_mode": "import-into", **changes})


def rows_of(server: PrivateMariaDB, sql: str) -> list[tuple[Any, ...]]:
    """What a statement gives in the MariaDB behind."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
