"""A server that answers one question of a whole load with nonsense: an error of our tree, or the right end.

``make fuzz`` runs more loads, about one for each 200 inputs of the other tests.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.command_line.commands import main
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.report import LoadReport
from dev.private_server import PrivateServer
from tests.clocks import FAST
from tests.dumps import Table, load_config, run_of, write_dump
from tests.nonsense_proxy import NonsenseProxy, nonsense_proxy

LOADS = max(4, int(os.environ.get("FUZZ", "0")) // 200)
KEYED = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`), KEY `k` (`v`)) ENGINE=InnoDB"
ROWS = (("1", "a"), ("2", "b"))


@pytest.fixture
def proxy(server: PrivateServer) -> Iterator[NonsenseProxy]:
    with nonsense_proxy(server.host, server.port) as running:
        yield running


def load_and_look(folder: Path, target: TargetConfig) -> LoadReport:
    """All phases, and what people ask for afterwards."""
    report = loader.load(run_of(load_config(folder, pool_size=1), target, None, clock=FAST))
    assert loader.load_progress(target, task_name="t")
    assert main(["status", "--host", target.host, "--port", str(target.port), "--user", target.user]) in range(5)
    return report


def assert_told(error: LoaderError) -> None:
    """With a code and a remedy, in a text that can be written."""
    assert f"[{error.code}]" in str(error)
    assert error.remedy
    str(error).encode()


def clear(server: PrivateServer) -> None:
    server.client("DROP DATABASE IF EXISTS s; DROP DATABASE IF EXISTS dm_meta")


def rows(server: PrivateServer) -> tuple[tuple[str, ...], ...]:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CAST(id AS CHAR), v FROM s.t UNION ALL SELECT CAST(id AS CHAR), v FROM s.u ORDER BY 1")
        return tuple(cursor.fetchall())


def test_no_answer_of_a_server_makes_a_bare_exception_or_a_wrong_end(
    server: PrivateServer, target: TargetConfig, proxy: NonsenseProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(
        tmp_path / "dump",
        Table("t", KEYED, ["(1,'a')"]),
        Table("u", rows=["(2,'b')"]),
        views={"w": "SELECT `id` FROM `t`"},
    )
    monkeypatch.setenv("DM_LOADER_PASSWORD", target.password.get_secret_value())
    through = target.model_copy(update={"port": proxy.port})
    load_and_look(folder, through)
    questions = proxy.asked

    for seed in range(LOADS):
        clear(server)
        proxy.choose(random.Random(seed).randrange(questions), seed)
        try:
            report = load_and_look(folder, through)
        except LoaderError as error:
            assert_told(error)
        except Exception as error:
            raise AssertionError(f"seed {seed}, about {proxy.about}") from error
        else:
            assert report.outcome != "clean" or rows(server) == ROWS, (seed, proxy.about)
    assert proxy.about
