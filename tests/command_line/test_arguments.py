"""What may be said on the command line, and that no secret is repeated; pure."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader.command_line.arguments import parse
from airflow_dm_loader.command_line.commands import exit_code
from airflow_dm_loader.command_line.server import target
from airflow_dm_loader.errors import (
    CheckpointError,
    ConfigError,
    LoaderError,
    LockedError,
    RowError,
    UnlikeLastLoadError,
)

SECRET = "kept to itself"


@pytest.mark.parametrize("said", [["--password", SECRET], [f"--password={SECRET}"], [f"-p{SECRET}"], ["-p"]])
def test_a_password_is_not_taken_from_the_command_line_nor_repeated(
    said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["status", *said])

    told = capsys.readouterr().err
    assert caught.value.code == 2
    assert "DM_LOADER_PASSWORD" in told
    assert SECRET not in told


@pytest.mark.parametrize(
    "said",
    [
        [],
        ["nothing"],
        ["prune"],
        ["prune", "--keep-days", "0"],
        ["prune", "--keep-loads", "-1"],
        ["forget"],
        ["restore"],
        ["status", "--conn-id", "dm_target", "--host", "db"],
        ["status", "--meta", "x"],
    ],
)
def test_what_is_wrong_exits_with_2(said: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(said)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_an_option_file_is_read_as_clients_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DM_LOADER_PASSWORD", raising=False)
    file = tmp_path / "my.cnf"
    file.write_text(
        f'!includedir /etc/nothing\n[client]\nuser = loader\npassword = "{SECRET}#1"\nhost=a\nport=3307\nskip-ssl\n'
        "ssl-ca = /ca.pem\n; a remark\n[mysqld]\nhost = other\n[dm_loader]\nhost = db\n"
    )

    found = target(parse(["status", "--option-file", str(file), "--user", "me"]))

    assert (found.host, found.port, found.user, found.ssl) == ("db", 3307, "me", {"ca": "/ca.pem"})
    assert found.password.get_secret_value() == f"{SECRET}#1"
    monkeypatch.setenv("DM_LOADER_PASSWORD", "other")
    assert target(parse(["status", "--option-file", str(file)])).password.get_secret_value() == "other"


@pytest.mark.parametrize(
    "text", [f"password = {SECRET}\n", f"[client\npassword={SECRET}\n", f"[client]\nport={SECRET}\n"]
)
def test_a_file_that_is_none_is_refused_without_its_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "my.cnf").write_text(text)
    with pytest.raises(ConfigError) as caught:
        target(parse(["status", "--option-file", str(tmp_path / "my.cnf")]))
    assert SECRET not in f"{caught.value}{caught.value.__cause__}"
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        target(parse(["status", "--option-file", str(tmp_path / "none")]))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CheckpointError("x"), 1),
        (RowError("x"), 1),
        (ConfigError("x"), 2),
        (UnlikeLastLoadError("x"), 3),
        (LockedError("x"), 4),
    ],
)
def test_an_exit_code_says_what_recovers(error: LoaderError, code: int) -> None:
    assert exit_code(error) == code
