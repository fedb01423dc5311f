from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader.attempts import Attempts
from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError, DumpRefusedError, RetriableError
from airflow_dm_loader.loader import look_for_dump
from tests.buckets import S3Server
from tests.dumps import METADATA

STARTED = METADATA.partition("\n")[0] + "\n"
INI = "# Started dump at: 2026-11-23 08:18:43\n[config]\nquote-character = BACKTICK\n"


def config(uri: object) -> LoadConfig:
    return LoadConfig(task_name="t", dump_uri=str(uri))


@pytest.mark.parametrize("text", [METADATA, INI + "# Finished dump at: 2026-11-23 17:29:14\n"])
def test_a_dump_has_finished_when_its_metadata_has_the_last_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "metadata").write_text(text)
    look = look_for_dump(config(tmp_path))
    assert (look.finished_at, look.waiting_for) == ("2026-11-23 17:29:14", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no 'metadata' in "),
        ("", "is not whole: the dump's metadata is empty"),
        ("Star", "is not whole"),
        (STARTED, "has no 'Finished dump at' line yet"),
        (STARTED + "SHOW MASTER STATUS:\n\tLog: vm-bin.000001\n\tPos: ", "is not whole"),
        (INI, "has no 'Finished dump at' line yet"),
    ],
)
def test_what_may_still_come_is_told(tmp_path: Path, text: str | None, says: str) -> None:
    if text is not None:
        (tmp_path / "metadata").write_text(text)
    (tmp_path / "metadata.partial").write_text(METADATA)
    look = look_for_dump(config(tmp_path))
    assert look.finished_at is None
    assert says in look.waiting_for
    assert str(tmp_path) in look.waiting_for


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    assert "there is no 'metadata'" in look_for_dump(config(tmp_path / "2026-01-01")).waiting_for


def test_a_dump_in_s3_is_looked_for_like_any_other(s3: S3Server) -> None:
    uri = f"s3://{s3.bucket}/night"
    assert look_for_dump(config(uri), access=s3.access()).finished_at is None
    s3.put("night/s.t.sql", b"")
    assert f"in {uri}/ yet" in look_for_dump(config(uri), access=s3.access()).waiting_for
    s3.put("night/metadata", STARTED.encode())
    assert look_for_dump(config(uri), access=s3.access()).finished_at is None
    s3.put("night/metadata", METADATA.encode())
    assert look_for_dump(config(uri), access=s3.access()).finished_at == "2026-11-23 17:29:14"


def test_what_no_waiting_can_mend_is_an_error_at_once(
    tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="local folder"):
        look_for_dump(config(tmp_path), access=s3.access())
    monkeypatch.setattr(Path, "stat", _refuse)
    with pytest.raises(DumpRefusedError, match="Permission denied"):
        look_for_dump(config(tmp_path))


def test_a_storage_that_does_not_answer_is_an_error_that_a_later_look_can_mend(s3: S3Server) -> None:
    at_once = Attempts(lambda: True)
    with pytest.raises(RetriableError):
        look_for_dump(config(f"s3://{s3.bucket}/night"), access=s3.access(port=1), attempts=at_once)


def _refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")
