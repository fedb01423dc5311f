from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.session_variables import OURS
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.server import Server
from airflow_dm_loader.target.session import (
    adjust_sql_mode,
    base_session,
    file_session,
    modes,
    strict_sql_mode,
    user_sql_mode,
)

SERVERS = {flavour: Server(flavour, (8, 0, 0), 16 << 20, 0) for flavour in Flavour}
STRICT = {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"}
KEPT = {"NO_AUTO_VALUE_ON_ZERO", *STRICT}  # whatever the user says
DM_ADDS = {"IGNORE_SPACE", "NO_AUTO_VALUE_ON_ZERO", "ALLOW_INVALID_DATES"}
ZONE = "+08:00"  # the target's own


def config(**values: Any) -> LoadConfig:
    return LoadConfig(**{"task_name": "test", "dump_uri": "/dump", **values})


def mode_of(load: LoadConfig, head: str | None = None) -> set[str]:
    session = file_session(load, {"sql_mode": head} if head is not None else {}, ZONE)
    found = modes(str(session["sql_mode"]))
    assert len(set(found)) == len(found)
    return set(found)


# sql_mode


@pytest.mark.parametrize(
    "head",
    [
        "",
        "NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER",
        "STRICT_TRANS_TABLES,STRICT_ALL_TABLES",
        "no_zero_date, ,Ignore_Space,STRICT_TRANS_TABLES",
    ],
)
def test_a_dump_s_sql_mode_is_adjusted_as_dm_does_but_strict(head: str) -> None:
    assert set(modes(adjust_sql_mode(head))) == DM_ADDS | STRICT


@pytest.mark.parametrize(
    "kept", ["NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "PIPES_AS_CONCAT", "NO_ENGINE_SUBSTITUTION", "A_MODE_OF_TOMORROW"]
)
def test_all_other_modes_of_a_dump_are_kept(kept: str) -> None:
    assert set(modes(adjust_sql_mode(f"NO_ZERO_DATE,{kept.lower()}"))) == {kept} | DM_ADDS | STRICT


def test_each_file_s_own_sql_mode_is_honoured() -> None:
    assert mode_of(config(), "PIPES_AS_CONCAT") == {"PIPES_AS_CONCAT"} | DM_ADDS | STRICT
    assert mode_of(config()) == DM_ADDS | STRICT


def test_the_user_s_sql_mode_wins_over_the_dump_s_but_stays_strict() -> None:
    load = config(sql_mode="NO_ZERO_DATE,STRICT_TRANS_TABLES")
    assert mode_of(load, "PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION") == {"NO_ZERO_DATE"} | KEPT


def test_an_empty_sql_mode_of_the_user_is_one() -> None:
    assert mode_of(config(sql_mode=""), "PIPES_AS_CONCAT") == KEPT
    assert mode_of(config(session={"sql_mode": ""}), "PIPES_AS_CONCAT") == KEPT


def test_the_session_s_sql_mode_comes_before_the_field_as_in_dm() -> None:
    load = config(sql_mode="NO_ZERO_DATE", session={"SQL_Mode": "NO_ZERO_IN_DATE"})
    assert user_sql_mode(load) == "NO_ZERO_IN_DATE"
    assert mode_of(load) == {"NO_ZERO_IN_DATE"} | KEPT
    assert user_sql_mode(config()) is None


@pytest.mark.parametrize("lexical", ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"])
def test_how_a_file_s_text_reads_is_the_file_s_to_say(lexical: str) -> None:
    assert set(modes(strict_sql_mode("", f"PIPES_AS_CONCAT,{lexical}"))) == {lexical} | KEPT
    assert set(modes(strict_sql_mode(lexical, ""))) == KEPT
    assert set(modes(strict_sql_mode(lexical, lexical))) == {lexical} | KEPT


# time_zone


@pytest.mark.parametrize(
    ("values", "head", "zone"),
    [
        ({}, {}, ZONE),
        ({}, {"time_zone": "+00:00"}, "+00:00"),
        ({"session": {"Time_Zone": "+02:00"}}, {"time_zone": "+00:00"}, "+02:00"),
        ({"time_zone": "+03:00"}, {"time_zone": "+00:00"}, "+03:00"),
        ({"time_zone": "+03:00", "session": {"time_zone": "+02:00"}}, {"time_zone": "+00:00"}, "+03:00"),
    ],
)
def test_the_time_zone_is_the_user_s_else_the_file_s_else_the_target_s(
    values: dict[str, Any], head: dict[str, str], zone: str
) -> None:
    assert file_session(config(**values), head, ZONE)["time_zone"] == zone


# charset


@pytest.mark.parametrize(
    ("head", "charset"),
    [
        ({}, "utf8mb4"),
        ({"names": "binary"}, "binary"),
        ({"character_set_client": "gbk"}, "gbk"),
        ({"names": "binary", "character_set_client": "gbk"}, "binary"),
    ],
)
def test_the_charset_is_the_file_s(head: dict[str, str], charset: str) -> None:
    session = file_session(config(), head, ZONE)
    assert (session["character_set_client"], session["character_set_connection"]) == (charset, charset)
    assert set(session) == {"sql_mode", "time_zone", "character_set_client", "character_set_connection"}


# What every connection is opened with


@pytest.mark.parametrize("flavour", Flavour)
def test_each_connection_has_the_checks_of_a_load(flavour: Flavour) -> None:
    session = base_session(config(), SERVERS[flavour])
    assert session["foreign_key_checks"] == 0
    assert session["unique_checks"] == 1
    assert session["lc_messages"] == "en_US"
    assert {"wait_timeout", "net_read_timeout", "net_write_timeout"} <= set(session)


def test_variables_of_one_flavour_are_set_on_it_only() -> None:
    flavours = {
        name: {flavour for flavour, server in SERVERS.items() if name in base_session(config(), server)}
        for name in ("tidb_txn_mode", "idle_write_transaction_timeout", "max_error_count")
    }
    assert flavours == {
        "tidb_txn_mode": {Flavour.TIDB},
        "idle_write_transaction_timeout": {Flavour.MARIADB},
        "max_error_count": {Flavour.MARIADB, Flavour.MYSQL},
    }
    assert base_session(config(), SERVERS[Flavour.TIDB])["tidb_txn_mode"] == "optimistic"


def test_of_tidb_s_variables_those_are_set_that_the_version_has() -> None:
    old = Server(Flavour.TIDB, (5, 0, 0), 16 << 20, 0, {"tidb_batch_insert": "ON"})
    session = base_session(config(), old)
    assert {name: value for name, value in session.items() if "tidb" in name} == {
        "tidb_txn_mode": "optimistic",
        "tidb_batch_insert": 0,
    }
    assert "allow_auto_random_explicit_insert" not in session


@pytest.mark.parametrize("flavour", Flavour)
def test_the_user_s_variables_are_kept(flavour: Flavour) -> None:
    own = {"innodb_lock_wait_timeout": 5, "wait_timeout": 28800, "Net_Read_Timeout": "7", "my_variable": "x"}
    session = base_session(config(session=own), SERVERS[flavour])
    assert {name.lower(): value for name, value in own.items()}.items() <= session.items()
    assert len({name.lower() for name in session}) == len(session)


def test_sql_mode_and_time_zone_come_with_each_file() -> None:
    own = {"sql_mode": "ANSI", "TIME_ZONE": "+01:00"}
    assert base_session(config(session=own), SERVERS[Flavour.MYSQL]) == base_session(config(), SERVERS[Flavour.MYSQL])


@pytest.mark.parametrize("name", [*OURS, "AutoCommit", "FOREIGN_KEY_CHECKS"])
def test_what_the_loader_s_promises_rest_on_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base_session(config(session={name: 1}), SERVERS[Flavour.MARIADB])
    assert caught.value.message == f"session: {name} can't be set: {OURS[name.lower()]}"


@pytest.mark.parametrize("flavour", Flavour)
def test_a_user_can_set_none_of_what_is_forced(flavour: Flavour) -> None:
    forced = {"foreign_key_checks", "unique_checks", "lc_messages"}
    forced |= {"tidb_txn_mode"} if flavour is Flavour.TIDB else {"max_error_count"}
    assert forced <= set(OURS) & set(base_session(config(), SERVERS[flavour]))
