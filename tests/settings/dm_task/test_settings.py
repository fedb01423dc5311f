from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import LoadConfig, TargetConfig
from airflow_dm_loader.config import Level, Mode, OnDuplicate
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.dm_task import read_dm_task
from airflow_dm_loader.settings.dm_task.settings import dump_folder, size_text
from airflow_dm_loader.settings.dm_task.task import is_encrypted
from airflow_dm_loader.settings.session_variables import OURS

TASKS = Path(__file__).parents[2] / "data" / "dm_tasks"
CANARY = "c4n4ry-p4ssw0rd"
BASE = """name: shop
task-mode: full
target-database: {host: db, port: 4000, user: root, password: ""}
mysql-instances:
  - source-id: north
"""


def settings(text: str, source_id: str | None = None) -> dict[str, Any]:
    return read_dm_task(text).settings(source_id)


def loader(**keys: str) -> dict[str, Any]:
    block = ", ".join(f"{name.replace('_', '-')}: {value}" for name, value in keys.items())
    return settings(f"{BASE}    loader: {{{block}}}\n")


def test_what_the_file_does_not_say_is_left_to_our_defaults() -> None:
    config = LoadConfig.from_dm_task(BASE)
    assert config == LoadConfig(task_name="shop", source_id="north", dump_uri="./dumped_data.shop", mode=Mode.FULL)


def test_the_whole_example_of_dm() -> None:
    task = read_dm_task(TASKS / "full.yaml")
    found = task.settings("mysql-replica-02")
    assert found["sources"] == ("mysql-replica-01", "mysql-replica-02")
    assert found["source_id"] == "mysql-replica-02"
    assert found["pool_size"] == 8  # loader-thread comes before pool-size
    assert found["dump_uri"] == "./dumped_data.test"
    assert found["mode"] == "all"
    assert found["time_zone"] == "Asia/Shanghai"
    assert found["sql_mode"] == "ANSI_QUOTES,NO_ZERO_IN_DATE,NO_ZERO_DATE"
    assert "session" not in found  # all that it sets is the loader's own: the notes say so
    notes = task.notes("mysql-replica-02")
    assert [note for note in notes if "target-database.session" in note] == [
        "line 21: target-database.session.tidb_skip_utf8_check is left out: bytes that are no text would get in",
        "line 22: target-database.session.tidb_constraint_check_in_place is left out: it is set by the loader",
    ]
    assert found["analyze"] == "off"  # without quotes it is a boolean to YAML, and a text to DM
    assert found["clean_dump_files"] is True
    assert found["block_allow_list"] == {"ignore-tables": [{"db-name": "user", "tbl-name": "log"}]}
    assert [route["target-schema"] for route in task.settings("mysql-replica-01")["routes"]] == ["test", "test"]


def test_the_words_of_older_versions_mean_what_they_meant() -> None:
    config = LoadConfig.from_dm_task(TASKS / "version_1.yaml")
    assert config.logical.on_duplicate_logical is OnDuplicate.ERROR
    assert config.work.pool_size == 8
    assert config.what.dump_uri == "/data/dumped_data.test"
    assert config.what.import_mode == "logical"
    assert config.where.block_allow_list.do_dbs == ("all_mode",)


def test_rules_are_those_that_the_instance_names() -> None:
    config = LoadConfig.from_dm_task(TASKS / "full.yaml", "mysql-replica-01")
    assert [str(route) for route in config.where.routes] == ["test_*.t_* -> test.t", "test_* -> test"]
    assert config.where.routes[0].extract_table is not None
    assert config.where.routes[0].extract_table.target_column == "c_table"
    assert config.where.block_allow_list.ignore_dbs == ("mysql", "account")
    assert not config.where.case_sensitive


def test_a_wrong_rule_is_told_with_its_line_and_dms_number() -> None:
    rule = 'routes: {r: {schema-pattern: "a*b", target-schema: t}}\n'
    with pytest.raises(ConfigError, match=r"line 6: routes.0.schema_pattern: .* only be the last") as caught:
        LoadConfig.from_dm_task(f"{BASE}    route-rules: [r]\n{rule}")
    assert caught.value.code == 20045


def test_the_physical_mode_s_own_keys() -> None:
    found = loader(
        import_mode="Physical",
        sorting_dir_physical="/sort",
        disk_quota_physical="10g",
        range_concurrency="16",
        compress_kv_pairs="gzip",
        pd_addr='"pd:2379"',
    )
    assert found["import_mode"] == "physical"
    assert (found["sorting_dir_physical"], found["disk_quota_physical"]) == ("/sort", "10GiB")
    assert (found["range_concurrency"], found["compress_kv_pairs"]) == (16, "gzip")
    assert found["pd_addr"] == "pd:2379"
    config = LoadConfig(**found)
    assert (config.what.import_mode, config.physical.disk_quota_physical, config.physical.range_concurrency) == (
        "physical",
        "10GiB",
        16,
    )
    assert "disk_quota_physical" not in loader(disk_quota_physical='"0"')
    assert "compress_kv_pairs" not in loader(compress_kv_pairs='""')


@pytest.mark.parametrize(
    ("text", "size"), [("0", ""), ("1024", "1024B"), ("50GB", "50GiB"), ("1.5 TiB", "1.5TiB"), ("lots", "lots")]
)
def test_sizes_are_read_as_dm_reads_them(text: str, size: str) -> None:
    assert size_text(text) == size


@pytest.mark.parametrize("mode", ["sql", "loader", "SQL", "logical"])
def test_sql_and_loader_are_the_logical_mode(mode: str) -> None:
    assert loader(import_mode=mode)["import_mode"] == "logical"


def test_on_duplicate_is_the_older_name_of_on_duplicate_logical() -> None:
    assert loader(on_duplicate="ignore")["on_duplicate_logical"] == "ignore"
    assert loader(on_duplicate="Error", on_duplicate_logical="error")["on_duplicate_logical"] == "error"
    with pytest.raises(ConfigError, match="something else than on-duplicate-logical") as caught:
        loader(on_duplicate="ignore", on_duplicate_logical="error")
    assert caught.value.code == 20054


def test_import_into_can_t_merge_shards() -> None:
    text = f"{BASE}    loader: {{import-mode: import-into}}\nshard-mode: optimistic\n"
    with pytest.raises(ConfigError, match="can't merge shards") as caught:
        settings(text)
    assert caught.value.code == 20068


@pytest.mark.parametrize(
    ("folder", "becomes"),
    [
        ("./dumped_data", "./dumped_data.shop"),
        ("/data/", "/data.shop"),
        ("/data.shop", "/data.shop"),
        ("/data.shop/", "/data.shop/"),
        ("file:///data/d", "file:///data/d.shop"),
        ("s3://bucket/prefix", "s3://bucket/prefix/shop.north"),
        ("s3://bucket/prefix/", "s3://bucket/prefix/shop.north"),
        ("s3://bucket/prefix/shop.north", "s3://bucket/prefix/shop.north"),
        ("s3://bucket", "s3://bucket/shop.north"),
        ("gs://bucket/p", "gs://bucket/p.shop"),
    ],
)
def test_the_dump_lies_where_dm_puts_it(folder: str, becomes: str) -> None:
    assert dump_folder(folder, "shop", "north") == becomes


@pytest.mark.parametrize(("task_mode", "mode"), [("load&sync", "all"), ("load", "full")])
def test_where_somebody_else_made_the_dump_the_folder_is_as_it_is_said(task_mode: str, mode: str) -> None:
    found = settings(BASE.replace("full", task_mode) + "    loader: {dir: /data/d}\n")
    assert (found["dump_uri"], found["mode"]) == ("/data/d", mode)


def test_a_key_in_a_folder_s_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match=r"line 6: dump_uri: a s3:// URI must hold a bucket and a prefix") as caught:
        LoadConfig.from_dm_task(f"{BASE}    loader: {{dir: 's3://b/p?access-key={CANARY}'}}\n")
    assert caught.value.code == 20058
    assert CANARY not in str(caught.value)


def with_session(said: str) -> str:
    return BASE.replace('password: ""}', f"session: {said}}}")


@pytest.mark.parametrize("name", [*OURS, "AUTOCOMMIT"])
def test_session_variables_that_the_loader_sets_are_left_out_with_a_note(name: str) -> None:
    task = read_dm_task(with_session(f"{{{name}: 1, net_buffer_length: 4096}}"))
    assert task.settings()["session"] == {"net_buffer_length": 4096}
    assert f"line 3: target-database.session.{name} is left out: {OURS[name.lower()]}" in task.notes()
    assert LoadConfig.from_dm_task(task).connection.session == {"net_buffer_length": 4096}
    with pytest.raises(ConfigError, match=f"session: {name} can't be set"):  # the caller said it for this load
        LoadConfig.from_dm_task(task, session={name: 1})


def test_a_name_that_is_none_of_a_session_variable_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"line 3: target-database.session: this is not the name"):
        LoadConfig.from_dm_task(with_session("{a b: 1}"))


def test_the_task_s_time_zone_comes_before_the_session_s() -> None:
    zoned = BASE.replace('password: ""', "session: {Time_Zone: +10:00, x: 1, y: on}")
    assert settings(zoned)["time_zone"] == "+10:00"
    assert settings(zoned)["session"] == {"x": 1, "y": "on"}
    assert settings(zoned + "timezone: UTC\n")["time_zone"] == "UTC"


def test_several_sources_need_a_choice() -> None:
    with pytest.raises(ConfigError, match="say which source_id to load; the file has those of line 5, 6") as caught:
        settings(BASE + "  - source-id: south\n")
    assert caught.value.code == 20031
    with pytest.raises(ConfigError, match="there is no source-id 'west'; the file has those of line 5"):
        settings(BASE, "west")


def test_what_the_caller_says_comes_before_the_file() -> None:
    config = LoadConfig.from_dm_task(BASE, dump_uri="/elsewhere", checksum="off")
    assert (config.what.task_name, config.what.dump_uri, config.verify.checksum) == ("shop", "/elsewhere", Level.OFF)


def test_a_wrong_value_is_told_with_its_line_and_dms_number() -> None:
    with pytest.raises(ConfigError, match=r"the DM task, line 6: checksum: Input should be") as caught:
        LoadConfig.from_dm_task(BASE + "    loader: {checksum-physical: maybe}\n")
    assert caught.value.code == 20063
    with pytest.raises(ConfigError, match=r"line 6: pool_size"):
        LoadConfig.from_dm_task(BASE + "    loader-thread: 1000\n")


def test_what_a_load_does_not_use_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        LoadConfig.from_dm_task(BASE + "    syncer-thread: 4\n")
    assert "line 6: mysql-instances[0].syncer-thread belongs to DM's sync unit" in caplog.text
    assert "clean-dump-file is not said: the dump is kept" in caplog.text


# target-database


def target(keys: str, **changes: Any) -> TargetConfig:
    return TargetConfig.from_dm_task(BASE.replace('host: db, port: 4000, user: root, password: ""', keys), **changes)


def test_the_target_with_its_tls() -> None:
    found = target("host: db, port: 4001, user: u, password: p, security: {ssl-ca: /ca, ssl-cert: /c, ssl-key: /k}")
    assert (found.host, found.port, found.user, found.password.get_secret_value()) == ("db", 4001, "u", "p")
    assert found.ssl == {"ca": "/ca", "cert": "/c", "key": "/k"}
    assert target("host: db").ssl is None


def test_the_targets_certificates_are_the_clusters_too_where_lightning_loads() -> None:
    security = with_security("ssl-ca: /ca", "ssl-cert: /c", "ssl-key: /k")
    physical = security + "    loader: {import-mode: physical}\n"
    found = LoadConfig.from_dm_task(physical)
    assert found.physical.pd_security == {"ca": "/ca", "cert": "/c", "key": "/k"}
    assert not any("security" in note for note in read_dm_task(physical).notes())
    assert LoadConfig.from_dm_task(security).physical.pd_security == {}
    none = BASE + "    loader: {import-mode: physical}\n"
    assert LoadConfig.from_dm_task(none).physical.pd_security == {}


@pytest.mark.parametrize("password", ["/Q7B9DizNLLTTfiZHv9WoEAKamfpIUs=", "fCxfQ9XKCezSzuCD0Wf5dUD+LsKegSg="])
def test_an_encrypted_password_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(ConfigError, match="made by dmctl encrypt") as caught:
        target(f"host: db, password: {password}")
    assert caught.value.code == 20010
    assert password not in str(caught.value)
    assert target(f"host: db, password: {password}", password="plain").password.get_secret_value() == "plain"


@pytest.mark.parametrize("password", ["", "secret", "longpasswordwithoutsigns", "123456789012345678901234"])
def test_a_plain_password_is_not_taken_for_an_encrypted_one(password: str) -> None:
    assert not is_encrypted(password)


def test_a_certificate_in_the_file_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="ssl-key-base64: name a file that holds it") as caught:
        target(f"host: db, security: {{ssl-key-base64: {CANARY}}}")
    assert caught.value.code == 11112
    assert CANARY not in str(caught.value)


EMPTY = ("ssl-ca-bytes: []", "ssl-key-bytes: []", 'ssl-cert-bytes: ""', 'ssl-ca-base64: ""', "ssl-key-base64: []")


def with_security(*said: str) -> str:
    return BASE.replace('password: ""}', f"security: {{{', '.join(said)}}}}}")


@pytest.mark.parametrize("said", EMPTY)
def test_certificates_that_dm_exports_empty_are_none(said: str) -> None:
    assert read_dm_task(with_security(said)).target() == {"host": "db", "port": 4000, "user": "root"}
    assert read_dm_task(with_security(said, "ssl-ca: /ca.pem")).target()["ssl"] == {"ca": "/ca.pem"}
    assert read_dm_task(with_security(*EMPTY, 'ssl-ca: ""', "cert-allowed-cn: []")).target() == {
        "host": "db",
        "port": 4000,
        "user": "root",
    }


@pytest.mark.parametrize("said", ["[45, 45, 45]", f'"{CANARY}"', "[[]]", "{a: b}", "0"])
@pytest.mark.parametrize("key", ["ssl-ca-bytes", "ssl-key-base64"])
def test_certificates_in_the_file_itself_are_refused_and_not_repeated(key: str, said: str) -> None:
    task = read_dm_task(with_security(f"{key}: {said}"))
    with pytest.raises(ConfigError, match=f"line 3: {key}: name a file that holds it") as caught:
        task.target()
    assert caught.value.code == 11112
    assert CANARY not in str(caught.value)
