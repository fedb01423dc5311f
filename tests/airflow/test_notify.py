"""The example of a notifier: what a person reads in the chat when a load failed."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

from dev.dag_runs import Run, register
from tests.airflow.conftest import DAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class Chat:
    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []  # path, who says it, text
        chat = self

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
                chat.heard.append((self.path, self.headers["Authorization"], text))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Hook)


@contextmanager
def a_chat() -> Iterator[Chat]:
    chat = Chat()
    thread = threading.Thread(target=chat.server.serve_forever)
    thread.start()
    try:
        yield chat
    finally:
        chat.server.shutdown()
        thread.join()
        chat.server.server_close()


def test_a_failed_load_is_told_with_its_remedy_and_the_page_of_its_log(
    airflow_db: None, dm_target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dev.airflow_names import DagBag

    name = "example_dm_load_notify"
    dag = register(DagBag(dag_folder=str(DAGS / f"{name}.py")).dags[name])
    with a_chat() as chat:
        host, port = chat.server.server_address[:2]
        monkeypatch.setenv("AIRFLOW_CONN_CHAT", f"http://:a-token@{host!s}:{port}/hooks/loads")
        run = Run.start(dag)

    assert run.state == "failed"
    [(path, authorization, text)] = chat.heard
    assert (path, authorization) == ("/hooks/loads", "Bearer a-token")
    assert text.startswith("example_dm_load_notify 2026-01-01, shop.fetch_dump_metadata: [")
    assert "/dumps/shop/2026-01-01" in text
    assert "What to do: " in text
    assert text.rpartition("\n")[2].startswith("http")
