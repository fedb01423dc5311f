"""Dumps in Google Cloud Storage, against an emulator over HTTP.

The emulator knows neither pages nor generations, so that those are asked for is looked at in the requests.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from airflow_dm_loader import GcsAccess, TargetConfig, load_dump
from airflow_dm_loader.attempts import Attempts
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import DumpStorage, StoredFile, open_storage
from airflow_dm_loader.dump.storage.gcs import GcsBucket
from airflow_dm_loader.errors import ConfigError, DumpNotFoundError, LoaderError, RetriableError
from dev.private_mariadb import PrivateMariaDB
from tests.clocks import FAST
from tests.dumps import load_config, numbered, write_dump
from tests.faults.proxy import Fault, Proxy
from tests.tables import query

CONTENT = random.Random(9).randbytes(5 << 20)


@dataclass(frozen=True)
class Emulator:
    port: int
    client: Any
    bucket: str

    def put(self, key: str, body: bytes) -> None:
        self.client.bucket(self.bucket).blob(key).upload_from_string(body)

    def keys(self) -> list[str]:
        return [blob.name for blob in self.client.list_blobs(self.bucket)]

    def access(self, *, port: int | None = None) -> GcsAccess:
        return GcsAccess(anonymous=True, endpoint=f"http://127.0.0.1:{port or self.port}")

    def storage(self, *, port: int | None = None) -> DumpStorage:
        return open_storage(f"gs://{self.bucket}/dump", self.access(port=port), attempts=Attempts(clock=FAST))


@pytest.fixture(scope="module")
def running() -> Iterator[int]:
    from gcp_storage_emulator.server import create_server  # type: ignore[import-untyped]

    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with create_server("127.0.0.1", port, in_memory=True):
        yield port


@pytest.fixture
def gcs(running: int) -> Emulator:
    client = _client(running)
    name = f"dumps-{uuid4()}"
    client.create_bucket(name)
    return Emulator(running, client, name)


def _client(port: int) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    options = {"api_endpoint": f"http://127.0.0.1:{port}"}
    return storage.Client(project="p", credentials=AnonymousCredentials(), client_options=options)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_dm_loader.dump.storage.gcs._TRIES_S", 0.2)  # the client waits for seconds between


def test_objects_are_listed_read_and_removed_in_batches(gcs: Emulator) -> None:
    names = [f"s.t.{number:05}.sql" for number in range(105)]
    for name in names:
        gcs.put(f"dump/{name}", name.encode())
    for key in ("dump/", "dump/sub/c.sql", "dump2/d.sql"):
        gcs.put(key, b"")
    found = gcs.storage()
    assert found.list() == [StoredFile(name, len(name)) for name in names]
    assert found.list_others() == ("sub/",)
    assert found.read(names[7], 100) == names[7].encode()
    assert found.remove([*names, "gone already"]) == ()
    assert not found.remove_folder_if_empty()
    gcs.client.bucket(gcs.bucket).delete_blob("dump/sub/c.sql")
    assert found.remove_folder_if_empty()
    assert gcs.keys() == ["dump2/d.sql"]


def test_a_connection_that_breaks_in_an_object_is_taken_up_where_it_broke(gcs: Emulator) -> None:
    cuts: list[str] = []
    left = [0]  # connections to cut

    def fault(_: int) -> Fault:
        left[0] -= 1
        return Fault(cut_after_answered_bytes=1_200_000) if left[0] >= 0 else Fault()

    with Proxy(("127.0.0.1", gcs.port), fault, cuts.append) as proxy:
        # Where an object is downloaded from is written down when it comes: through the proxy too.
        Emulator(proxy.port, _client(proxy.port), gcs.bucket).put("dump/f", CONTENT)
        left[0] = 5
        with open_decoded(gcs.storage(port=proxy.port), "f", Compression.NONE) as file:
            assert file.read(len(CONTENT) + 1) == CONTENT
            file.seek(len(CONTENT) - 10)
            assert file.read(20) == CONTENT[-10:]
    assert cuts


def test_each_request_asks_for_the_generation_that_was_listed(gcs: Emulator) -> None:
    gcs.put("dump/f", CONTENT)
    generation = gcs.client.bucket(gcs.bucket).get_blob("dump/f").generation
    asked: list[dict[str, list[str]]] = []
    request = gcs.client._http.request

    def recorded(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(parse_qs(urlsplit(url).query))
        return request(method, url, *args, **kwargs)

    gcs.client._http.request = recorded
    bucket = GcsBucket(gcs.client, gcs.bucket)
    with bucket.open("dump/f", str(generation), 0) as stream:
        assert stream.read(len(CONTENT)) == CONTENT
    assert len(asked) > 1
    assert {query["ifGenerationMatch"][0] for query in asked} == {str(generation)}


def test_what_is_not_there_is_dm_34014(gcs: Emulator) -> None:
    with pytest.raises(DumpNotFoundError, match="there is nothing at gs://"):
        gcs.storage().list()
    with pytest.raises(DumpNotFoundError, match="404"):
        open_storage("gs://no-such-bucket/dump", gcs.access()).list()


def test_a_key_that_is_none_is_refused_without_repeating_it(tmp_path: Path) -> None:
    for access in (
        GcsAccess(key_json="canary"),
        GcsAccess(key_json='{"private_key": "canary"}'),
        GcsAccess(key_path=str(tmp_path / "no-such-file")),
    ):
        with pytest.raises(ConfigError, match="no usable credentials") as caught:
            open_storage("gs://bucket/dump", access)
        link: BaseException | None = caught.value
        while link is not None:
            assert "canary" not in str(link) + repr(vars(link))
            link = link.__cause__


def test_a_whole_dump_is_loaded_from_it_and_removed(
    gcs: Emulator, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 500))
    for path in folder.iterdir():
        gcs.put(f"night/{path.name}", path.read_bytes())
    config = load_config(folder).model_copy(update={"dump_uri": f"gs://{gcs.bucket}/night", "clean_dump_files": True})
    report = load_dump(config, target, access=gcs.access())
    assert (report.status, report.rows) == ("finished", 500)
    assert query(server, "SELECT COUNT(*) FROM s.t") == [(500,)]
    assert gcs.keys() == []


def test_a_server_that_stays_away_is_an_error_that_a_retry_can_mend(
    gcs: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RetriableError) as caught:
        gcs.storage(port=1).list()
    assert isinstance(caught.value, LoaderError)
