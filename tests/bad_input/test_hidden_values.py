"""With ``hide_values``, no value of a row is in an error, a log or an XCom, whatever the server says."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DataError, HasDuplicatesError, LoaderError
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.said import everything_said
from tests.dumps import Table, load_config, write_dump
from tests.server_words import key_of_t
from tests.tables import one

CANARY = "canary-5b0d"
COLUMNS = (
    "(`id` int NOT NULL, `v` varchar(40), `n` int, `d` date, PRIMARY KEY (`id`), UNIQUE KEY `v` (`v`)) ENGINE=InnoDB"
)
STORIES = {
    "a duplicate": [f'(1,"{CANARY}",1,NULL)', f'(2,"{CANARY}",1,NULL)'],
    "no number": [f'(1,"a","{CANARY}",NULL)'],
    "no date": [f'(1,"a",1,"{CANARY}")'],
    "too long": ['(1,"' + CANARY * 9 + '",1,NULL)'],
    "too few columns": [f'(1,"{CANARY}")'],
    "no SQL": [f"(1,{CANARY.replace('-', '_')},1,NULL)"],
    "an unclosed quote": [f'(1,"{CANARY},1,NULL)'],
    "garbage between rows": [f'(1,"a",1,NULL) {CANARY} (2,"b",1,NULL)'],
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_no_value_is_in_an_error_or_a_log(
    story: str,
    load_data: bool,
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", COLUMNS, STORIES[story]))
    open_about_it = load_config(folder, load_data=load_data, on_duplicate_logical="error")
    with pytest.raises(LoaderError) as caught:
        load_dump(open_about_it, target)
    shown = str(caught.value)
    assert CANARY in shown or CANARY.replace("-", "_") in shown, "the story must be one whose error repeats a value"
    caplog.clear()

    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(DataError if isinstance(caught.value, DataError) else LoaderError) as hidden,
    ):
        load_dump(open_about_it.model_copy(update={"hide_values": True}), target)

    said = everything_said(hidden.value) + caplog.text
    assert CANARY not in said
    assert CANARY.replace("-", "_") not in said
    assert type(hidden.value) is type(caught.value)
    where = ("file", "offset", "table", "errno", "code", "remedy")
    assert [getattr(hidden.value, name) for name in where] == [getattr(caught.value, name) for name in where]


def test_rows_in_conflict_are_in_their_table_and_nowhere_else(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", COLUMNS, STORIES["a duplicate"]))
    config = load_config(folder, on_duplicate_logical="manual", hide_values=True)

    with caplog.at_level(logging.DEBUG), pytest.raises(HasDuplicatesError) as caught:
        load_dump(config, target)

    assert f"Duplicate entry '(hidden)' for key '{key_of_t(server, 'v')}' (s.t.sql at byte" in str(caught.value)
    assert CANARY not in everything_said(caught.value) + caplog.text
    assert CANARY in one(server, "SELECT error FROM dm_meta.dm_loader_conflict")
    assert CANARY.encode() in one(server, "SELECT row_data FROM dm_meta.dm_loader_conflict")
