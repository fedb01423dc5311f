"""Scripts that mysqldump and mariadb-dump wrote, loaded whole: what comes of it is what the client makes of them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, DumpMetadataError, UnsupportedStatementError
from airflow_dm_loader.state import splits
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import import_all, load_config, run_of
from tests.tables import one, query, table_hashes

SCRIPTS = Path(__file__).parent / "data" / "mysqldump"
WHOLE = {"mariadb": "mariadb-10.11", "mysql": "mysql-9.7"}
SCHEMAS = ("shop", "crm")
RULE = {"pattern": r"\.sql(\.\w+)?$", "type": "mysqldump"}


def script_of(server: PrivateMariaDB, which: str = "") -> bytes:
    return (SCRIPTS / f"{WHOLE[server.flavour]}{which}.sql").read_bytes()


def config_of(folder: Path, **changes: Any) -> LoadConfig:
    return load_config(folder, **{"files": [RULE], **changes})


def put(folder: Path, script: bytes, name: str = "all.sql") -> Path:
    folder.mkdir(exist_ok=True)
    packed = gzip.compress(script) if name.endswith(".gz") else script
    (folder / name).write_bytes(zstd.compress(script) if name.endswith(".zst") else packed)
    return folder


def by_client(server: PrivateMariaDB, script: bytes) -> tuple[dict[str, str], dict[str, list[Any]]]:
    """What the server's client makes of a script; the schemas are gone then."""
    server.client(script)
    found = table_hashes(server, SCHEMAS), views(server)
    for schema in SCHEMAS:
        server.client(f"DROP DATABASE {schema}")
    return found


def views(server: PrivateMariaDB) -> dict[str, list[Any]]:
    """Their definitions and rows; who defined them, some scripts do not say."""
    found: dict[str, list[Any]] = {}
    for view in ("a_first", "big"):
        ((_, create, *session),) = query(server, f"SHOW CREATE VIEW shop.{view}")
        rows = sorted(query(server, f"SELECT * FROM shop.{view}"))
        found[view] = [re.sub(r"DEFINER=\S+", "", create), session, rows]
    return found


@pytest.mark.servers
@pytest.mark.parametrize("name", ["all.sql", "all.sql.gz", "all.sql.zst"])
@pytest.mark.parametrize("which", ["", "-row-by-row"])
def test_a_script_becomes_what_the_client_makes_of_it(
    which: str, name: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    script = script_of(server, which)
    expected = by_client(server, script)

    report = load_dump(config_of(put(tmp_path / "dump", script, name)), target)

    assert (table_hashes(server, SCHEMAS), views(server)) == expected
    assert (report.outcome, report.rows) == ("clean", 11)
    assert report.not_loaded == {"triggers": 1, "routines and events": 3}
    assert query(server, "SELECT event_name FROM information_schema.events") == []


@pytest.mark.servers
def test_what_runs_in_a_script_is_made_where_it_is_asked_for(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    config = config_of(
        put(tmp_path / "dump", script_of(server)),
        objects=dict.fromkeys(("triggers", "routines", "events"), "load"),
        definer="drop",
    )

    report = load_dump(config, target)

    assert report.outcome == "clean"
    assert one(server, "SELECT shop.f(1)") == 2
    assert query(server, "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 'shop'") == [
        ("tr",)
    ]
    assert query(server, "SELECT event_name, event_schema FROM information_schema.events") == [("ev", "shop")]


@pytest.mark.only_on("mariadb", because="no MySQL takes the sql_mode that the script sets")
def test_a_script_in_ansi_quotes_is_read_by_its_own_mode(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    script = b"/*!40101 SET NAMES latin1 */;\n" + (SCRIPTS / "mariadb-10.11-ansi-latin1.sql").read_bytes()
    expected = by_client(server, script)

    report = load_dump(config_of(put(tmp_path / "dump", script)), target)

    assert (table_hashes(server, SCHEMAS), views(server)) == expected
    assert report.rows == 11


@pytest.mark.servers
def test_a_script_of_one_schema_goes_where_its_rule_says(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    script = script_of(server, "-one-schema")
    folder = put(tmp_path / "dump", script, "dump-shop.sql")
    with pytest.raises(UnsupportedStatementError, match="no schema is in use here") as caught:
        load_dump(config_of(folder), target)
    assert "schema: ..." in caught.value.remedy
    server.client("CREATE DATABASE shop")
    server.client(script, database="shop")
    expected = table_hashes(server, ["shop"])
    server.client("DROP DATABASE shop")

    report = load_dump(config_of(folder, files=[{**RULE, "pattern": r"dump-(\w+)\.sql", "schema": "$1"}]), target)

    assert table_hashes(server, ["shop"]) == expected
    assert report.outcome == "clean"


def test_a_script_that_was_cut_is_refused_unless_that_is_said(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    script = script_of(server)
    folder = put(tmp_path / "dump", script[: script.index(b"-- Dump completed")])

    with pytest.raises(DumpMetadataError, match="does not end in '-- Dump completed'") as caught:
        load_dump(config_of(folder), target)
    assert "require_finished_dump" in caught.value.remedy
    report = load_dump(config_of(folder, require_finished_dump=False), target)

    assert report.rows == 11
    assert "all.sql does not end in '-- Dump completed': it may be cut" in report.warnings


def test_each_phase_finds_the_pieces_that_are_stored_with_the_load(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    config = config_of(put(tmp_path / "dump", script_of(server)))
    loader.prepare_checkpoint(run_of(config, target))
    run = run_of(config, target)
    (key,) = run.open_dump().splits

    with run.open_meta() as meta:
        assert splits.find(meta, config, [key, "another"]) == dict(run.open_dump().splits)
    loader.load(run)
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_split") == 1


def test_another_script_in_the_middle_of_a_load_is_refused(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    script = script_of(server)
    config = config_of(folder := put(tmp_path / "dump", script))
    import_all(config, target)
    put(folder, script.replace(b"('same',1)", b"('some',11)", 1))

    with pytest.raises(CheckpointError, match="the dump was changed"):
        load_dump(config, target)
    put(folder, script)
    assert load_dump(config, target).rows == 11


def test_other_rules_in_the_middle_of_a_load_are_refused(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = put(tmp_path / "dump", script_of(server, "-one-schema"))
    import_all(config_of(folder, files=[{**RULE, "schema": "shop"}]), target)

    with pytest.raises(CheckpointError, match="what the setting files makes of them"):
        load_dump(config_of(folder, files=[{**RULE, "schema": "other"}]), target)


def test_a_script_is_removed_once_all_of_it_is_loaded(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = put(tmp_path / "dump", script_of(server))
    report = load_dump(config_of(folder, clean_dump_files=True), target)

    assert [path.name for path in folder.iterdir()] == ["all.sql"]  # its triggers and routines were not loaded
    assert report.outcome == "clean"
    server.client("DROP DATABASE shop; DROP DATABASE crm")
    objects = dict.fromkeys(("triggers", "routines", "events"), "load")
    load_dump(config_of(folder, clean_dump_files=True, task_name="whole", objects=objects, definer="drop"), target)
    assert not folder.exists()
