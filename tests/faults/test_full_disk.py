"""A disk that is really full under the server, and has room again: the load waits, and goes on."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from io import RawIOBase
from pathlib import Path

import pymysql
import pytest

from airflow_dm_loader.config import TargetConfig
from dev.places import PLACE
from dev.private_server import PrivateServer
from tests.dumps import load_config, prepare
from tests.faults.importing import complete, importing, wait_for_log, wait_for_statement
from tests.faults.reference import FaultDump
from tests.faults.tally import tried
from tests.tables import query
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.only_on("mariadb", because="the server whose disk fills is a MariaDB of its own")

# Small logs: what is written is the tables' own files.
SMALL = {"innodb-log-file-size": "4M", "innodb-buffer-pool-size": "16M"}


def target_of(server: PrivateServer) -> TargetConfig:
    return TargetConfig(host=server.host, port=server.port, user=server.user, password=server.password)


@contextmanager
def small_disk(mebibytes: int) -> Iterator[Path]:
    """A file system of its own, in memory."""
    folder = Path(tempfile.mkdtemp(prefix="disk-", dir="/tmp"))
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
    finally:
        folder.rmdir()


def fill(folder: Path) -> Path:
    """A file that takes all the room that is left."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (65536, 1):
            with pytest.raises(OSError, match="No space left"):
                _write_for_ever(file, b"x" * size)
    return path


def _write_for_ever(file: RawIOBase, piece: bytes) -> None:
    while True:
        file.write(piece)


if os.geteuid() == 0:  # only root may mount; the test below needs nobody's leave

    @pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
    def test_a_disk_without_room_is_waited_for_until_somebody_makes_some(
        load_data: bool,
        server: PrivateServer,
        dump: FaultDump,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with small_disk(200) as disk:
            monkeypatch.setenv(PLACE, str(disk))
            with PrivateServer(server.kind, SMALL) as own:
                target, config = target_of(own), load_config(dump.folder, load_data=load_data, pool_size=1)
                prepare(config, target)
                with closing(own.connect(autocommit=False)) as other, other.cursor() as cursor:
                    cursor.execute("SELECT * FROM s.keyless FOR UPDATE")  # the import waits while the disk fills
                    with importing(config, target) as running:
                        wait_for_statement(own, "LOAD DATA" if load_data else "INSERT INTO `s`")
                        filler = fill(disk)
                        other.rollback()
                        wait_for_log(caplog, "Make room at the server", running, times=2)
                        tried("no room on the server's disk")
                        filler.unlink()
                        running.result(PATIENCE_S)

                complete(config, target)
                dump.assert_arrived_once(own)


def test_a_server_that_dies_of_a_file_that_may_not_grow_is_waited_for(server: PrivateServer, dump: FaultDump) -> None:
    """The limit on a file's size is that of the process: no disk need be full for it, and the server does not live."""
    with PrivateServer(server.kind, SMALL) as own:
        target, config = target_of(own), load_config(dump.folder, pool_size=1)
        prepare(config, target)
        with closing(own.connect(autocommit=False)) as other, other.cursor() as cursor:
            cursor.execute("SELECT * FROM s.keyless FOR UPDATE")
            with importing(config, target) as running:
                wait_for_statement(own, "LOAD DATA")
                largest = (own.data_folder / "s" / "keyless.ibd").stat().st_size
                resource.prlimit(own.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
                with suppress(pymysql.err.OperationalError):  # its own background writes may have ended it already
                    other.rollback()
                assert own._process is not None
                assert own._process.wait(PATIENCE_S) in {-signal.SIGXFSZ, -signal.SIGABRT}
                tried("server dead of a file that may not grow")
                own._forget_process()
                own.start()
                running.result(PATIENCE_S)

        complete(config, target)
        dump.assert_arrived_once(own)
        assert query(own, "SELECT COUNT(*) FROM s.keyless") == [(2400,)]
