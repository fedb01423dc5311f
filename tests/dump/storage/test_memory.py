"""However large the objects are, and however many are read at once, little of them is in memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import open_storage
from tests.buckets import S3Server

OBJECTS, OBJECT_BYTES = 4, 10 << 20

SERVER = """
import sys
from tests.buckets import new_bucket, s3_server
with s3_server() as server:
    bucket = new_bucket(server)
    for number in range(int(sys.argv[1])):
        bucket.put(f"dump/{number}", bytes(int(sys.argv[2])))
    print(bucket.port, bucket.bucket, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def elsewhere() -> Iterator[S3Server]:
    """A server in a process of its own, whose memory is not ours, with four large objects."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(OBJECTS), str(OBJECT_BYTES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout is not None
        port, bucket = process.stdout.readline().split()
        yield S3Server("127.0.0.1", int(port), bucket)
        process.communicate()


def test_readers_in_parallel_hold_a_bounded_part_of_what_they_read(elsewhere: S3Server) -> None:
    storage = open_storage(f"s3://{elsewhere.bucket}/dump", elsewhere.access())
    storage.read("0", OBJECT_BYTES)  # imports what is imported at first

    def read(name: str) -> int:
        with open_decoded(storage, name, Compression.NONE) as file:
            return sum(len(piece) for piece in iter(lambda: file.read(1 << 20), b""))

    tracemalloc.start()
    try:
        with ThreadPoolExecutor(OBJECTS) as pool:
            read_bytes = sum(pool.map(read, map(str, range(OBJECTS))))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read_bytes == OBJECTS * OBJECT_BYTES
    assert peak_bytes < OBJECTS * (5 << 20)
