"""The loading processes that we write ourselves: ``python -m benchmarks.child <which> <job file>``.

The job file is JSON; see the functions. ``ours`` and ``limit`` write how long their inner part took, without the
start of Python and its imports, into the job's ``result`` file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any


def ours(job: Mapping[str, Any]) -> None:
    """``config`` and ``target``: fields of LoadConfig and TargetConfig."""
    from airflow_dm_loader import LoadConfig, TargetConfig, load_dump

    started = time.monotonic()
    report = load_dump(LoadConfig(**job["config"]), TargetConfig(**job["target"]))
    inner_s = time.monotonic() - started
    sent_as = sorted({table.sent_as for table in report.tables if table.sent_as})
    _write_result(job, {"inner_s": inner_s, "sent_as": ", ".join(sent_as)})


def client(job: Mapping[str, Any]) -> None:
    """The ``mariadb`` client: schema files first, then ``parallel`` processes, one a data file, largest first."""
    folder, schema = Path(job["folder"]), job["schema"]
    command = [job["mariadb"], f"--defaults-file={job['defaults_file']}", "--binary-mode"]

    def load(file: Path, database: str = schema) -> None:
        with file.open("rb") as statements:
            subprocess.run([*command, *([database] if database else [])], stdin=statements, check=True)

    load(folder / f"{schema}-schema-create.sql", "")
    schema_files = sorted(folder.glob(f"{schema}.*-schema.sql"))
    for file in schema_files:
        load(file)
    data_files = sorted(set(folder.glob(f"{schema}.*.sql")) - set(schema_files), key=lambda file: -file.stat().st_size)
    with ThreadPoolExecutor(job["parallel"]) as pool:
        list(pool.map(load, data_files))


def limit(job: Mapping[str, Any]) -> None:
    """The server's own LOAD DATA INFILE of ready TSV files: what no client can be much faster than.

    ``create``: statements; ``tables``: name -> ``files`` and the ``alter`` that adds its secondary indexes, which
    runs as soon as the table's last piece is in, while other tables still load.
    """
    import pymysql

    started = time.monotonic()

    def run(*statements: str, schema: str | None = job["schema"]) -> None:
        connection = pymysql.connect(**job["connect"], database=schema, charset="utf8mb4", autocommit=True)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET time_zone = '+00:00', foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    run(job["create_database"], schema=None)
    run(*job["create"])
    with ThreadPoolExecutor(job["parallel"]) as pool:
        loading: dict[Future[None], str] = {}
        left = {}
        for name, table in job["tables"].items():
            left[name] = len(table["files"])
            for file in table["files"]:
                load = f"LOAD DATA INFILE '{file}' INTO TABLE `{name}` CHARACTER SET binary"
                loading[pool.submit(run, load)] = name
        altering: list[Future[None]] = []
        while loading:
            done, _ = wait(loading, return_when=FIRST_COMPLETED)
            for future in done:
                name = loading.pop(future)
                future.result()
                left[name] -= 1
                alter = job["tables"][name]["alter"]
                if not left[name] and alter:
                    altering.append(pool.submit(run, alter))
        for future in altering:
            future.result()
    _write_result(job, {"inner_s": time.monotonic() - started})


def _write_result(job: Mapping[str, Any], result: Mapping[str, float | str]) -> None:
    Path(job["result"]).write_text(json.dumps(result))


def main() -> None:
    which = {"ours": ours, "client": client, "limit": limit}[sys.argv[1]]
    which(json.loads(Path(sys.argv[2]).read_text()))


if __name__ == "__main__":
    main()
