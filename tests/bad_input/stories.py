"""How a bad input is told: the load that is refused, what it left behind, and the message that a person sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import LoaderError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import SCHEMA, load_soon
from tests.server_words import told_by
from tests.servers import AnyServer
from tests.tables import chunks, count, one, query, table_hashes

MESSAGES = Path(__file__).parent / "messages.json"
RECORD = "RECORD_MESSAGES"  # with it set, tests write the messages down anew: docs/errors.md shows them

PEAK_LIMIT_MIB = 300  # as for any load

Kind = TypeVar("Kind", bound=LoaderError)


def refused(config: LoadConfig, target: TargetConfig, kind: type[Kind]) -> Kind:
    """The error that ends this load."""
    with pytest.raises(kind) as caught:
        load_soon(config, target)
    return caught.value


def refused_elsewhere(config: LoadConfig, target: TargetConfig, password: str) -> tuple[int, int, str]:
    """The error that ends this load in a process of its own: its peak of memory in MiB, the offset, the text."""
    child = (
        "import json, re, sys\n"
        "from pathlib import Path\n"
        "from airflow_dm_loader import LoadConfig, TargetConfig, load_dump\n"
        "from airflow_dm_loader.errors import DumpFormatError\n"
        "config, target = json.load(sys.stdin)\n"
        "try:\n"
        "    load_dump(LoadConfig(**config), TargetConfig(**target))\n"
        "except DumpFormatError as error:\n"
        # Not ru_maxrss: a child begins with its parent's.
        "    peak_kib = re.search(r'VmHWM:\\s*(\\d+) kB', Path('/proc/self/status').read_text())[1]\n"
        "    print(int(peak_kib) // 1024, error.offset, str(error))\n"
    )
    where = {"host": target.host, "port": target.port, "user": target.user, "password": password}
    given = json.dumps([json.loads(config.to_json()), where])
    done = subprocess.run([sys.executable, "-c", child], input=given, capture_output=True, text=True, check=True)
    peak_mib, offset, text = done.stdout.split(" ", 2)
    return int(peak_mib), int(offset), text


def check_message(what: str, error: LoaderError, *hide: object, server: AnyServer | None = None) -> None:
    """Compare with the whole message that ``docs/errors.md`` shows for this bad input.

    ``hide`` are paths and ports that differ from run to run; ``server`` is whose words stand in it, if any.
    """
    text = str(error)
    for number, word in enumerate(hide):
        text = text.replace(str(word), f"<{number}>" if number else "...")
    messages = json.loads(MESSAGES.read_text()) if MESSAGES.exists() else {}
    if os.environ.get(RECORD):
        messages[what] = text
        MESSAGES.write_text(json.dumps(messages, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    expected = told_by(server, messages[what]) if server is not None else messages[what]
    assert text == expected, f"{text}\n  is not\n{expected}"


def check_whole_chunks_only(server: PrivateMariaDB, table: str = "s.t") -> int:
    """The table has the rows of committed chunks and no other; how many chunks those are."""
    committed = one(
        server,
        "SELECT COALESCE(SUM(row_count), 0) FROM dm_meta.dm_loader_chunk JOIN dm_meta.dm_loader_file "
        "USING (load_id, file_id) WHERE end_offset IS NOT NULL AND CONCAT(table_schema, '.', table_name) = %s",
        table,
    )
    assert count(server, table) == committed
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_chunk WHERE end_offset IS NULL") == 0
    return chunks(server)


def check_nothing_created(server: PrivateMariaDB, *schemas: str) -> None:
    """Neither the dump's schema nor, where it is named, the state's."""
    found = {name for (name,) in query(server, "SHOW DATABASES")}
    assert not found & {SCHEMA, *schemas}


def check_goes_on(
    config: LoadConfig, server: PrivateMariaDB, target: TargetConfig, reference: dict[str, str], *schemas: str
) -> None:
    """The load, called again, ends with the tables of the reference."""
    report = load_dump(config, target)
    assert (report.status, report.outcome) == ("finished", "clean")
    assert table_hashes(server, schemas or (SCHEMA,)) == reference


def replace_in_file(path: Path, old: bytes, new: bytes) -> None:
    """Change a file in place, in its length too only where the caller means it."""
    raw = path.read_bytes()
    assert raw.count(old) == 1
    path.write_bytes(raw.replace(old, new))
