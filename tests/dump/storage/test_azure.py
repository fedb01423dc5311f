"""Dumps in Azure Blob Storage, against a stand-in; see docs/decisions/014 for what was tried on an emulator."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator

import pytest

from airflow_dm_loader import AzureAccess
from airflow_dm_loader.attempts import Attempts
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import DumpStorage, StoredFile, open_storage
from airflow_dm_loader.errors import CheckpointError, ConfigError, DumpNotFoundError
from tests.clocks import FAST
from tests.dump.storage.azure_stand_in import ACCOUNT, CONTAINER, StandIn, azure_stand_in
from tests.faults.proxy import Fault, Proxy

CONTENT = random.Random(5).randbytes(5 << 20)
KEY = base64.b64encode(b"canary").decode()


@pytest.fixture
def azure() -> Iterator[StandIn]:
    with azure_stand_in() as running:
        yield running


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "airflow_dm_loader.dump.storage.azure._PATIENCE", {"retry_total": 0}
    )  # the client waits for seconds


def storage(azure: StandIn, *, port: int | None = None) -> DumpStorage:
    endpoint = f"http://127.0.0.1:{port or azure.port}/{ACCOUNT}"
    access = AzureAccess(account=ACCOUNT, key=KEY, endpoint=endpoint)
    return open_storage(f"azure://{CONTAINER}/dump", access, attempts=Attempts(clock=FAST))


def test_blobs_are_listed_by_pages_read_and_removed_in_batches(azure: StandIn) -> None:
    names = [f"s.t.{number:05}.sql" for number in range(300)]
    for name in names:
        azure.put(f"dump/{name}", name.encode())
    for key in ("dump/", "dump/sub/c.sql", "dump2/d.sql"):
        azure.put(key, b"")
    found = storage(azure)
    assert found.list() == [StoredFile(name, len(name)) for name in names]
    assert azure.pages > 90
    assert found.list_others() == ("sub/",)
    assert found.read(names[7], 100) == names[7].encode()
    azure.kept = {f"dump/{names[260]}"}
    assert found.remove([*names, "gone already"]) == (f"{names[260]!r} was not removed: the storage says 409",)
    assert not found.remove_folder_if_empty()
    azure.kept = set()
    del azure.blobs["dump/sub/c.sql"]
    assert found.remove([names[260]]) == ()
    assert found.remove_folder_if_empty()
    assert set(azure.blobs) == {"dump2/d.sql"}


def test_an_empty_blob_is_an_empty_file(azure: StandIn) -> None:
    azure.put("dump/empty", b"")
    assert storage(azure).read("empty", 10) == b""


def test_a_connection_that_breaks_in_a_blob_is_taken_up_where_it_broke(azure: StandIn) -> None:
    azure.put("dump/f", CONTENT)
    cuts: list[str] = []

    def fault(number: int) -> Fault:
        return Fault(cut_after_answered_bytes=1_000_000) if number < 6 else Fault()

    with (
        Proxy(("127.0.0.1", azure.port), fault, cuts.append) as proxy,
        open_decoded(storage(azure, port=proxy.port), "f", Compression.NONE) as file,
    ):
        assert file.read(len(CONTENT) + 1) == CONTENT
        file.seek(len(CONTENT) - 10)
        assert file.read(20) == CONTENT[-10:]
    assert cuts


def test_a_blob_that_is_replaced_while_it_is_read_is_dm_34018_and_never_mixed(azure: StandIn) -> None:
    azure.put("dump/f", CONTENT)
    with open_decoded(storage(azure), "f", Compression.NONE) as file:
        assert file.read(1 << 20) == CONTENT[: 1 << 20]
        azure.put("dump/f", CONTENT[::-1])
        with pytest.raises(CheckpointError) as caught:
            file.read(len(CONTENT))
    assert (caught.value.code, caught.value.file) == (34018, "f")


def test_what_is_not_there_is_dm_34014(azure: StandIn) -> None:
    with pytest.raises(DumpNotFoundError, match="there is nothing at azure://"):
        storage(azure).list()
    with pytest.raises(DumpNotFoundError, match="404 ContainerNotFound"):
        open_storage("azure://other/dump", AzureAccess(account=ACCOUNT, key=KEY, endpoint=azure.endpoint)).list()


def test_the_environment_s_account_is_used_where_no_access_is_given(
    azure: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="which account") as caught:
        open_storage(f"azure://{CONTAINER}/dump")
    assert "AZURE_STORAGE_CONNECTION_STRING" in caught.value.remedy
    azure.put("dump/f", b"content")
    text = f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={azure.endpoint};"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
    assert open_storage(f"azure://{CONTAINER}/dump").read("f", 10) == b"content"


def test_a_connection_string_that_is_none_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigError, match="no usable credentials") as caught:
        open_storage("azure://c/dump", AzureAccess(connection_string="canary"))
    assert "canary" not in str(caught.value) + repr(caught.value.__cause__)
