"""Dumps in S3: listed by pages, read by ranges through broken connections, removed in batches."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from airflow_dm_loader.attempts import Attempts
from airflow_dm_loader.dump.access import S3Access
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import DumpStorage, StoredFile, open_storage
from airflow_dm_loader.errors import (
    CheckpointError,
    ConfigError,
    DumpNotFoundError,
    LoaderError,
    LoadInterruptedError,
    RetriableError,
)
from tests.buckets import KEY, KEY_ID, S3Server
from tests.clocks import FAST, NotedClock
from tests.faults.proxy import Fault, Proxy

CONTENT = random.Random(7).randbytes(3 << 20)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smart_open.s3.time", SimpleNamespace(sleep=lambda _: None))  # it waits for 1, 2, 4 ... s


def storage(s3: S3Server, *, port: int | None = None, prefix: str = "dump") -> DumpStorage:
    return open_storage(f"s3://{s3.bucket}/{prefix}", s3.access(port=port), attempts=Attempts(clock=FAST))


def test_files_are_listed_by_name_and_what_lies_deeper_is_named(s3: S3Server) -> None:
    for key in ("dump/b.sql", "dump/a.sql", "dump/", "dump/sub/c.sql", "dump2/d.sql", "e.sql"):
        s3.put(key, key.encode())
    found = storage(s3)
    assert found.list() == [StoredFile("a.sql", 10), StoredFile("b.sql", 10)]
    assert found.list_others() == ("sub/",)
    assert found.where == f"s3://{s3.bucket}/dump/"
    assert open_storage(f"s3://{s3.bucket}", s3.access()).list() == [StoredFile("e.sql", 5)]


def test_more_objects_than_a_page_holds_are_listed_and_removed_in_batches(s3: S3Server) -> None:
    names = [f"s.t.{number:05}.sql" for number in range(1050)]
    s3.put_many(["dump/", *(f"dump/{name}" for name in names)])
    found = storage(s3)
    assert [file.name for file in found.list()] == names
    assert not found.remove_folder_if_empty()
    assert found.remove(names[1:]) == ()
    assert [file.name for file in found.list()] == names[:1]
    assert found.remove([*names[:1], "gone already"]) == ()
    assert found.list() == []
    assert found.remove_folder_if_empty()
    assert s3.keys() == []


@pytest.mark.parametrize("name", ["a b+c.sql", "100%25.sql", "qu?ery#.sql", "ü.sql", "x@y:z", "v?versionId=1"])
def test_an_object_of_any_name_is_read(s3: S3Server, name: str) -> None:
    s3.put(f"dump/{name}", b"\x1f\x8b stored \r\n")
    found = storage(s3)
    assert [file.name for file in found.list()] == [name]
    assert found.read(name, 100) == b"\x1f\x8b stored \r\n"
    assert found.remove([name]) == ()
    assert s3.keys() == []


def test_an_empty_object_is_an_empty_file(s3: S3Server) -> None:
    s3.put("dump/empty", b"")
    with storage(s3).open("empty") as file:
        assert (file.read(10), file.seek(0, 2), file.read()) == (b"", 0, b"")


def test_a_plain_object_is_sought_by_range(s3: S3Server) -> None:
    s3.put("dump/f", CONTENT)
    asked: list[str] = []
    access = s3.access().model_copy(update={"client": s3.client})
    s3.client.meta.events.register(
        "before-call.s3.GetObject", lambda params, **_: asked.append(params["headers"].get("Range"))
    )
    found = open_storage(f"s3://{s3.bucket}/dump", access)
    with open_decoded(found, "f", Compression.NONE) as decoded:
        decoded.seek(len(CONTENT) - 1000)
        assert decoded.read(2000) == CONTENT[-1000:]
        decoded.seek(5)
        assert decoded.read(10) == CONTENT[5:15]
    assert asked == [f"bytes={len(CONTENT) - 1000}-", "bytes=5-"]


def test_a_connection_that_breaks_in_an_object_is_taken_up_where_it_broke(s3: S3Server) -> None:
    s3.put("dump/f", CONTENT)
    cuts: list[str] = []

    def fault(number: int) -> Fault:
        return Fault(cut_after_answered_bytes=400_000) if number < 7 else Fault()

    with Proxy((s3.host, s3.port), fault, cuts.append) as proxy, storage(s3, port=proxy.port).open("f") as file:
        assert file.read() == CONTENT
    assert len(cuts) == 6


def test_a_server_that_is_away_for_a_while_is_waited_for(s3: S3Server) -> None:
    s3.put("dump/f", CONTENT)
    cuts: list[str] = []

    def fault(number: int) -> Fault:
        if number == 1:  # the object's; before it was the listing's
            return Fault(cut_after_answered_bytes=500_000)
        return Fault(cut_after_bytes=0) if 1 < number < 11 else Fault()  # more often than the client tries by itself

    with Proxy((s3.host, s3.port), fault, cuts.append) as proxy, storage(s3, port=proxy.port).open("f") as file:
        assert file.read() == CONTENT
    assert len(cuts) == 10


def test_a_server_that_stays_away_is_an_error_that_a_retry_can_mend(s3: S3Server) -> None:
    s3.put("dump/f", CONTENT)

    def fault(number: int) -> Fault:
        return [Fault(), Fault(cut_after_answered_bytes=500_000)][number] if number < 2 else Fault(cut_after_bytes=0)

    with Proxy((s3.host, s3.port), fault, lambda _: None) as proxy:
        file = storage(s3, port=proxy.port).open("f")
        with file, pytest.raises(RetriableError, match="the connection failed") as caught:
            file.read()
    assert caught.value.file == "f"
    assert caught.value.offset is not None
    assert caught.value.offset < 500_000


def test_an_object_that_is_replaced_while_it_is_read_is_dm_34018_and_never_mixed(s3: S3Server) -> None:
    s3.put("dump/f", CONTENT)

    def replace(_: str) -> None:
        s3.put("dump/f", CONTENT[::-1])

    with Proxy((s3.host, s3.port), lambda _: Fault(cut_after_answered_bytes=1_000_000), replace) as proxy:
        file = storage(s3, port=proxy.port).open("f")
        with file, pytest.raises(CheckpointError) as caught:
            file.read()
    assert caught.value.code == 34018
    assert caught.value.file == "f"


def test_an_object_that_is_replaced_after_it_was_listed_is_dm_34018(s3: S3Server) -> None:
    s3.put("dump/f", b"first")
    found = storage(s3)
    found.list()
    s3.put("dump/f", b"other")
    with pytest.raises(CheckpointError):
        found.read("f", 10)
    assert storage(s3).read("f", 10) == b"other"  # one that looks again


def test_an_object_that_vanishes_after_it_was_listed_is_named(s3: S3Server) -> None:
    s3.put("dump/f", b"first")
    found = storage(s3)
    found.list()
    s3.client.delete_object(Bucket=s3.bucket, Key="dump/f")
    with pytest.raises(DumpNotFoundError, match="404 NoSuchKey") as caught:
        found.read("f", 10)
    assert caught.value.file == "f"


def test_what_is_not_there_is_dm_34014(s3: S3Server) -> None:
    s3.put("dump/f", b"")
    with pytest.raises(DumpNotFoundError, match="there is nothing at s3://"):
        storage(s3, prefix="other").list()
    with pytest.raises(DumpNotFoundError) as caught:
        storage(s3).open("gone.sql")
    assert caught.value.file == "gone.sql"
    with pytest.raises(DumpNotFoundError, match="404 NoSuchBucket"):
        open_storage("s3://no-such-bucket/dump", s3.access()).list()


@pytest.mark.parametrize("name", ["../f", "sub/f", "..", ""])
def test_only_names_under_the_prefix_are_touched(s3: S3Server, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a file"):
        storage(s3).open(name)
    with pytest.raises(ValueError, match="no name of a file"):
        storage(s3).remove([name])


def test_a_wait_ends_when_the_load_is_stopped(s3: S3Server) -> None:
    clock = NotedClock()
    stopped_in_the_wait = Attempts(lambda: clock.now_s() > 0.3, clock=clock)
    access = S3Access(access_key="a", secret_key="b", region="us-east-1", endpoint="http://127.0.0.1:1")
    with pytest.raises(LoadInterruptedError):
        open_storage(f"s3://{s3.bucket}/dump", access, attempts=stopped_in_the_wait).list()
    assert clock.now_s() < 0.5


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_the_environment_s_credentials_are_used_where_no_access_is_given(
    s3: S3Server, no_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("dump/f", b"content")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint)
    with pytest.raises(ConfigError, match="no usable credentials") as caught:
        open_storage(f"s3://{s3.bucket}/dump").list()
    assert "dump_conn_id" in caught.value.remedy
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    assert open_storage(f"s3://{s3.bucket}/dump").read("f", 10) == b"content"


def test_no_error_repeats_a_key(s3: S3Server) -> None:
    said = []
    for uri, access in (
        ("s3://no-such-bucket/x", s3.access()),
        (f"s3://{s3.bucket}/x", s3.access(port=1)),
    ):
        with pytest.raises(LoaderError) as caught:
            open_storage(uri, access, attempts=Attempts(clock=FAST)).list()
        link: BaseException | None = caught.value
        while link is not None:
            said += [str(link), repr(link), repr(vars(link))]
            link = link.__cause__ or link.__context__
    assert said
    assert not [text for text in said if "canary" in text]
