"""A stand-in for ``tidb-lightning`` and ``tidb-lightning-ctl``: it keeps their documented contract, and plays scripts.

It refuses keys that are not documented, serves ``/progress/task`` and ``/metrics``, keeps a checkpoint, and really
loads a dump's rows into the server that the configuration names, so that rows imported twice can be counted. What it
does is read from ``script.json`` beside the program: the acts of its runs, one after another; the last one repeats.
Every run is noted in ``runs.jsonl``. It is not Lightning, and proves nothing about TiKV.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
import tomllib
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pymysql

KEYS: dict[str, list[str]] = json.loads(Path(__file__).with_name("lightning_keys.json").read_text())
CONFLICT_TABLES = {
    "conflict_error_v1": "(task_id bigint, table_name varchar(261), index_name varchar(128), row_data text)",
    "conflict_error_v4": "(task_id bigint, table_name varchar(261), index_name varchar(128), row_data text)",
    "conflict_records_v2": "(task_id bigint, table_name varchar(261), path varchar(2048), error text)",
    "type_error_v2": "(task_id bigint, table_name varchar(261), path varchar(2048), error text)",
}


class Failure(Exception):
    """Lightning's error line, and exit code 1."""


def say(text: str, *, error: bool = False) -> None:
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


def check_keys(values: dict[str, Any], path: str = "") -> None:
    for name, value in values.items():
        where = f"{path}.{name}".lstrip(".")
        if path == "tidb" and name == "session-vars":
            continue
        if name not in (KEYS if not path else KEYS[path]):
            raise Failure(f"config file contained unknown configuration options: {where}")
        for table in value if isinstance(value, list) else [value]:
            if isinstance(table, dict):
                check_keys(table, where)


def check_versions(config: dict[str, Any], version: tuple[int, ...]) -> None:
    resolution = config["tikv-importer"].get("duplicate-resolution")
    if version < (7, 3) and "conflict" in config:
        raise Failure("config file contained unknown configuration options: conflict")
    if version >= (8, 0) and resolution is not None and "conflict" in config:
        raise Failure("conflict.strategy cannot be used with tikv-importer.duplicate-resolution")


class Checkpoint:
    """Names of tables that are in, or failed; as the driver says in a file or in the server."""

    def __init__(self, config: dict[str, Any], cursor: Any) -> None:
        self.settings, self.cursor = config["checkpoint"], cursor
        if self.settings["driver"] == "mysql":
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{self.settings['schema']}`")
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {self.table} (name varchar(255) primary key, status varchar(20))"
            )

    @property
    def table(self) -> str:
        return f"`{self.settings['schema']}`.`table_v9`"

    def read(self) -> dict[str, str]:
        if self.settings["driver"] == "mysql":
            self.cursor.execute(f"SELECT CAST(name AS BINARY), CAST(status AS BINARY) FROM {self.table}")
            return {name.decode(): status.decode() for name, status in self.cursor.fetchall()}
        path = Path(self.settings["dsn"])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def put(self, name: str, status: str) -> None:
        if self.settings["driver"] == "mysql":
            self.cursor.execute(f"REPLACE INTO {self.table} VALUES (%s, %s)", (name, status))
        else:
            Path(self.settings["dsn"]).write_text(json.dumps({**self.read(), name: status}))

    def end(self) -> None:
        if self.settings["keep-after-success"] == "remove":
            Path(self.settings["dsn"]).unlink()


class Program:
    def __init__(self, folder: Path, config: dict[str, Any], act: dict[str, Any], version: tuple[int, ...]) -> None:
        self.folder, self.config, self.act, self.version = folder, config, act, version
        self.tables: dict[str, dict[str, int]] = {}
        self.rows: dict[str, int] = {}
        self.total_bytes = 80
        self.task_id = time.time_ns()

    def run(self) -> int:
        say(f'[INFO] [lightning.go:1] ["cfg"] [cfg="password={self.config["tidb"]["password"]}"]')
        if self.act.get("port_taken"):
            say("failed to start HTTP server: listen tcp: bind: address already in use", error=True)
            return 0
        for line in self.act.get("says", []):
            say(line)
        self.serve()
        signal.signal(signal.SIGTERM, signal.SIG_IGN if self.act.get("ignores_sigterm") else self.cancel)
        tidb = self.config["tidb"]
        with closing(
            pymysql.connect(
                host=tidb["host"], port=tidb["port"], user=tidb["user"], password=tidb["password"], autocommit=True
            )
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(
                "SET NAMES binary, foreign_key_checks = 0, time_zone = %s", (tidb["session-vars"]["time_zone"],)
            )
            self.load(cursor)
        return 0

    def cancel(self, *_: object) -> None:
        say("tidb lightning canceled")
        os._exit(0)

    def load(self, cursor: Any) -> None:
        checkpoint = Checkpoint(self.config, cursor)
        folder = Path(self.config["mydumper"]["data-source-dir"])
        wanted = self.config["mydumper"].get("filter")
        names = [tuple(path.name.removesuffix("-schema.sql").split(".", 1)) for path in folder.glob("*-schema.sql")]
        views = {tuple(path.name.removesuffix("-schema-view.sql").split(".", 1)) for path in folder.glob("*-view.sql")}
        names = [name for name in names if name not in views]
        names = sorted(name for name in names if wanted is None or f'"{name[0]}"."{name[1]}"' in wanted)
        for schema, table in names:
            create(cursor, schema, table, (folder / f"{schema}.{table}-schema.sql").read_text())
        if (seconds := self.act.get("sleep_s")) is None:
            self.total_bytes = sum(path.stat().st_size for name in names for path in data_files(folder, *name))
        else:
            (self.folder / "sleeping").touch()
            end = time.monotonic() + seconds
            while time.monotonic() < end and not (self.folder / "goes_on").exists():
                time.sleep(0.02)
        for number, (schema, table) in enumerate(names):
            self.load_table(cursor, checkpoint, number, schema, table)
        say('[INFO] [lightning.go:2] ["all files are encoded"]')
        time.sleep(self.act.get("lingers_s", 0))
        self.set_aside(cursor)
        if (text := self.act.get("checksum")) is not None:
            say(f"[ERROR] [restore failed] [table=`{names[0][0]}`.`{names[0][1]}`] [error={json.dumps(text)}]")
            if self.config["post-restore"]["checksum"] == "required":
                checkpoint.put(".".join(names[0]), "error-after-rows")
                raise Failure(text)
        checkpoint.end()

    def load_table(self, cursor: Any, checkpoint: Checkpoint, number: int, schema: str, table: str) -> None:
        name = f"{schema}.{table}"
        if self.act.get("dies_before_table") == number:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.act.get("fails_at_table") == number:
            checkpoint.put(name, "error")
            raise Failure(self.act["error"])
        status = checkpoint.read().get(name, "")
        if status.startswith("error"):
            raise Failure(f"Checkpoint for `{name}` has invalid status, run tidb-lightning-ctl first")
        if status == "done":
            return
        cursor.execute(f"USE `{schema}`")
        quoted = f"`{schema}`.`{table}`"
        for path in data_files(Path(self.config["mydumper"]["data-source-dir"]), schema, table):
            for statement in statements(path.read_text(errors="surrogateescape")):
                if not statement.startswith("/*!"):
                    self.rows[quoted] = self.rows.get(quoted, 0) + cursor.execute(statement)
            self.tables[quoted] = {"w": path.stat().st_size, "z": path.stat().st_size, "s": 2}
        checkpoint.put(name, "done")

    def set_aside(self, cursor: Any) -> None:
        if (schema := self.config["lightning"].get("task-info-schema-name")) is None:
            return
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{schema}`")
        for name in self.act.get("conflict_tables", []):
            cursor.execute(f"CREATE TABLE IF NOT EXISTS `{schema}`.`{name}` {CONFLICT_TABLES[name]}")
            cursor.execute(
                f"INSERT INTO `{schema}`.`{name}` VALUES (%s, '`s`.`a`', 'PRIMARY', 'a row'), "
                "(%s, '`s`.`a`', 'PRIMARY', 'another')",
                (self.task_id, self.task_id),
            )

    def metrics(self) -> str:
        """As Prometheus writes them; the total is known from the start, also of tables that are not begun."""
        rows = [
            f'lightning_rows{{state="restored",table="{table}"}} {count}\n'
            for table, count in self.rows.items()
            if not self.act.get("tells_no_rows")
        ]
        return (
            "# HELP lightning_bytes count of total bytes\n# TYPE lightning_bytes counter\n"
            f'lightning_bytes{{state="restored"}} {sum(table["w"] for table in self.tables.values())}\n'
            f'lightning_bytes{{state="total_restore"}} {self.total_bytes}\n'
            'lightning_bytes{state="written"} 5\n' + "".join(rows)
        )

    def serve(self) -> None:
        tables, program = self.tables, self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = {"/progress/task": json.dumps({"t": tables, "s": 1}), "/metrics": program.metrics()}
                body = found.get(self.path, "").encode()
                self.send_response(200 if body else 404)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        host, port = self.config["lightning"]["status-addr"].split(":")
        server = ThreadingHTTPServer((host, int(port)), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        if self.act.get("sleep_s") is not None:
            tables["`s`.`a`"] = {"w": 10, "z": 40, "s": 1}


def data_files(folder: Path, schema: str, table: str) -> list[Path]:
    name = re.compile(re.escape(f"{schema}.{table}") + r"(\.\d+)?\.sql")
    return sorted(path for path in folder.iterdir() if name.fullmatch(path.name))


def create(cursor: Any, schema: str, table: str, text: str) -> None:
    cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{schema}`")
    cursor.execute(f"USE `{schema}`")
    cursor.execute("SHOW TABLES LIKE %s", (table,))
    if not cursor.fetchall():
        cursor.execute(statements(text)[-1])


def statements(text: str) -> list[str]:
    return [part for part in re.split(r";\n", text) if part.strip()]


def ignore_errors(config: dict[str, Any]) -> None:
    tidb = config["tidb"]
    with closing(
        pymysql.connect(
            host=tidb["host"], port=tidb["port"], user=tidb["user"], password=tidb["password"], autocommit=True
        )
    ) as connection:
        checkpoint = Checkpoint(config, connection.cursor())
        for name, status in checkpoint.read().items():
            if status.startswith("error"):
                checkpoint.put(name, "loaded" if status == "error" else "done")


def main(program: str, folder: Path, arguments: list[str]) -> int:
    script = json.loads((folder / "script.json").read_text())
    if arguments == ["-V"]:
        say(f"Release Version: v{script['version']}")
        say(f"Git Commit Hash: 0\nGit Branch: heads/refs/tags/v{script['version']}")
        return 0
    path = Path(arguments[arguments.index("--config") + 1])
    config = tomllib.loads(path.read_text())
    runs = folder / "runs.jsonl"
    before = [json.loads(line) for line in runs.read_text().splitlines()] if runs.exists() else []
    seen = {
        "program": program,
        "arguments": arguments,
        "config": config,
        "config_path": str(path),
        "modes": [oct(path.stat().st_mode & 0o777), oct(path.parent.stat().st_mode & 0o777)],
        "environment": sorted(os.environ),
        "pid": os.getpid(),
    }
    with runs.open("a") as file:
        file.write(json.dumps(seen) + "\n")
    version = tuple(int(part) for part in script["version"].split("."))
    try:
        check_keys(config)
        check_versions(config, version)
        if program == "tidb-lightning-ctl":
            ignore_errors(config)
            say(script.get("ctl_says", ""))
            return int(script.get("ctl_exit", 0))
        count = sum(1 for run in before if run["program"] == program)
        act = script["acts"][min(count, len(script["acts"]) - 1)]
        code = Program(folder, config, act, version).run()
    except Failure as failure:
        say(f"tidb lightning encountered error: {failure}", error=True)
        return 1
    if act.get("port_taken"):
        return 0
    ending = act.get("ending", "tidb lightning exit successfully")
    if ending:
        say(ending)
    return int(act.get("exit", code))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
