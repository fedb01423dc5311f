"""The server of the tests is ours alone, and never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pytest

from dev.places import LOOPBACK
from dev.private_mariadb import PrivateMariaDB
from dev.private_server import PrivateServer
from tests import servers
from tests.servers import AnyServer
from tests.waiting import PATIENCE_S, wait_until

if TYPE_CHECKING:
    pass

OWNER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell started the tests with "&"
from dev.private_mariadb import PrivateMariaDB
with PrivateMariaDB() as server:
    if sys.argv[1] == 'forked' and os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    print(server.pid, server.folder, flush=True)
    time.sleep(60)
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.db
@pytest.mark.parametrize(
    ("kind", "deadly"),
    [("plain", signal.SIGKILL), ("forked", signal.SIGKILL), ("plain", signal.SIGTERM), ("plain", signal.SIGINT)],
)
def test_server_and_folder_go_when_their_owner_is_killed(kind: str, deadly: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, kind], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        assert owner.stdout is not None
        with owner.stdout as output:
            pid_text, _, folder_text = output.readline().decode().strip().partition(" ")
        pid, folder = int(pid_text), Path(folder_text)
        assert is_running(pid)
        assert folder.is_dir()
        owner.send_signal(deadly)
        assert owner.wait(PATIENCE_S) != 0
        wait_until(lambda: not is_running(pid))
        wait_until(lambda: not folder.exists())
    finally:
        with suppress(ProcessLookupError):
            os.killpg(owner.pid, signal.SIGKILL)  # it is its own group; the forked child is in it
        owner.wait()


@pytest.mark.db
@pytest.mark.parametrize("kind", servers.kinds() if not servers.FOREIGN else ())
def test_killed_server_comes_back_on_its_port_with_what_was_committed(kind: str) -> None:
    with PrivateServer(servers.PRIVATE[kind]) as server:
        server.client("CREATE DATABASE kept; CREATE TABLE kept.t (a INT); INSERT INTO kept.t VALUES (1)")
        port, first_pid = server.port, server.pid
        server.kill9()
        with pytest.raises(pymysql.OperationalError):
            pymysql.connect(host=LOOPBACK, port=port, user=server.user, password=server.password)
        server.start()
        assert server.pid != first_pid
        server.restart()
        assert server.port == port
        with closing(
            server.connect(unix_socket=None, host=server.host, port=port, user=server.user, password=server.password)
        ) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT a FROM kept.t")
            assert cursor.fetchall() == ((1,),)


@pytest.mark.db
def test_options_reach_the_server_and_a_wrong_one_is_told_with_its_log() -> None:
    with PrivateMariaDB({"max_allowed_packet": "1M"}) as server:
        assert server.client("SELECT @@max_allowed_packet", arguments=["--skip-column-names"]) == b"1048576\n"
    wrong = PrivateMariaDB({"no-such-option": "1"})
    with pytest.raises(RuntimeError, match="unknown variable 'no-such-option=1'"):
        wrong.start()
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = wrong.folder


@pytest.mark.servers
def test_client_runs_a_file_and_tells_the_servers_error(server: AnyServer, tmp_path: Path) -> None:
    script = tmp_path / "script.sql"
    script.write_bytes(b"CREATE DATABASE d; CREATE TABLE d.t (b VARBINARY(9)); INSERT INTO d.t VALUES ('\\0\r\n');")
    server.client(script)
    assert server.client("SELECT HEX(b) FROM t", database="d", arguments=["-N"]) == b"000D0A\n"
    with pytest.raises(RuntimeError, match="ERROR 1146"):
        server.client("SELECT * FROM d.missing")


@pytest.mark.servers
@pytest.mark.parametrize("run", [1, 2])
def test_server_fixture_is_empty_for_every_test(server: AnyServer, run: int) -> None:
    schemas = {schema.lower() for schema in server.client("SHOW DATABASES", arguments=["-N"]).split()}
    assert schemas - {b"metrics_schema"} == {b"information_schema", b"mysql", b"performance_schema", b"sys"}
    server.client(f"CREATE DATABASE `left over {run}`")


@pytest.mark.servers
def test_a_test_marked_for_servers_gets_each_kind(server: AnyServer, server_kind: str) -> None:
    version = server.client("SELECT VERSION()", arguments=["-N"]).decode()
    assert ("MariaDB" in version) == (server_kind in {"mariadb", "mariadb-trixie"})
    assert ("TiDB" in version) == (server_kind == "tidb")


GROUP_OWNER = """
import subprocess, sys, time
from pathlib import Path
from dev.guard import Guard
guard = Guard(Path(sys.argv[1]))
leader = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], start_new_session=True)
guard.watch_group(leader.pid)
sys.stdout.write("watched\\n")  # in one piece, as print is not where Python is unbuffered
sys.stdout.flush()
time.sleep(60)
"""


def test_a_process_group_goes_with_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    command = [sys.executable, "-c", GROUP_OWNER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        said = {owner.stdout.readline().strip(), owner.stdout.readline().strip()}  # in either order
        (member,) = map(int, said - {b"watched"})
        assert is_running(member)

        owner.kill()

        wait_until(lambda: not is_running(member))
        wait_until(lambda: not folder.exists())
