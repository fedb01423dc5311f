"""What a phase finds stands in the report by name, whichever process found it, and pauses the load where it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import ChecksumMismatchError
from airflow_dm_loader.report import Finding
from airflow_dm_loader.state import findings
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, import_all, load_config, run_of, write_dump
from tests.tables import count

CONVERTED = Finding(kind="converted_values", table="s.t", text="v was cut", rows=2)
LOST = Finding(kind="lost_index", table="s.t", text="the index k is missing", pauses=True)


@pytest.fixture
def config(target: TargetConfig, tmp_path: Path) -> LoadConfig:
    """A load of two rows, imported and not compared yet."""
    found = load_config(write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")'])))
    import_all(found, target)
    return found


def keep(config: LoadConfig, target: TargetConfig, found_by: str, *found: Finding) -> None:
    with run_of(config, target).open_stored() as (meta, load):
        findings.keep(meta, load.load_id, found_by, found)
        meta.db.commit()


def add(config: LoadConfig, target: TargetConfig, found_by: str, *found: Finding, commit: bool = True) -> None:
    with run_of(config, target).open_stored() as (meta, load):
        findings.add(meta, load.load_id, found_by, found)
        if commit:
            meta.db.commit()


def stored(config: LoadConfig, target: TargetConfig) -> tuple[Finding, ...]:
    with run_of(config, target).open_stored() as (meta, load):
        return findings.stored(meta, load.load_id)


def test_a_finding_stands_in_the_report_by_name_and_does_not_stop_the_load(
    config: LoadConfig, target: TargetConfig, caplog: pytest.LogCaptureFixture
) -> None:
    keep(config, target, "create_tables", CONVERTED)
    assert "s.t: v was cut (2 rows)" in caplog.messages

    assert loader.verify(run_of(config, target)).verdict == "clean"
    report = loader.finish(run_of(config, target))

    assert report.findings == (CONVERTED,)
    assert report.warnings == ("s.t: v was cut (2 rows)",)
    assert report.outcome == "clean"


def test_a_finding_that_pauses_waits_for_a_person(config: LoadConfig, target: TargetConfig) -> None:
    keep(config, target, "create_tables", LOST)

    outcome = loader.verify(run_of(config, target))
    assert (outcome.verdict, outcome.findings) == ("checksum_differs", (LOST,))
    with pytest.raises(ChecksumMismatchError, match=r"not as the dump was: s\.t: the index k is missing"):
        loader.resolve_conflicts(run_of(config, target), by_hand=False)

    accepted = loader.accept_outcome(run_of(config, target), outcome.outcome_id, "ann")
    assert accepted.findings == (LOST,)
    assert loader.finish(run_of(config, target)).findings == (LOST,)


@pytest.mark.parametrize("checksum", ["off", "optional"])
def test_a_finding_that_pauses_counts_however_much_checksums_do(
    checksum: str, config: LoadConfig, target: TargetConfig
) -> None:
    keep(config, target, "create_tables", LOST)
    lenient = load_config(Path(config.what.dump_uri), checksum=checksum)
    assert loader.verify(run_of(lenient, target)).verdict == "checksum_differs"


def test_a_phase_that_is_repeated_says_anew_what_it_finds(config: LoadConfig, target: TargetConfig) -> None:
    keep(config, target, "create_tables", CONVERTED, LOST)
    keep(config, target, "prepare_checkpoint", CONVERTED)
    keep(config, target, "create_tables", LOST)
    assert stored(config, target) == (CONVERTED, LOST)

    keep(config, target, "create_tables")
    assert stored(config, target) == (CONVERTED,)


def test_what_several_chunks_found_is_one_finding_with_all_rows(config: LoadConfig, target: TargetConfig) -> None:
    for offset in (0, 4096):
        add(config, target, f"s.t.sql at {offset}", CONVERTED)
    add(config, target, "s.t.sql at 8192", CONVERTED.model_copy(update={"rows": None, "pauses": True}))

    assert stored(config, target) == (CONVERTED.model_copy(update={"rows": 4, "pauses": True}),)


def test_work_that_is_undone_takes_its_findings_with_it(config: LoadConfig, target: TargetConfig) -> None:
    add(config, target, "s.t.sql at 0", CONVERTED, commit=False)
    assert stored(config, target) == ()


def test_a_load_that_starts_afresh_has_found_nothing(
    server: PrivateMariaDB, config: LoadConfig, target: TargetConfig
) -> None:
    keep(config, target, "create_tables", CONVERTED)
    afresh = load_config(Path(config.what.dump_uri), remove_meta=True)
    loader.prepare_checkpoint(run_of(afresh, target, loader.Worker("h", run_id="run-2")))
    assert count(server, "dm_meta.dm_loader_finding") == 0
