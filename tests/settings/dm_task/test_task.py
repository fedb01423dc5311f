"""What DM refuses is refused, with DM's number and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.dm_task import read_dm_task
from airflow_dm_loader.settings.dm_task.keys import TASK, Key, Kind, Unit

TASKS = Path(__file__).parents[2] / "data" / "dm_tasks"
CANARY = "c4n4ry-p4ssw0rd"
BASE = f"""name: shop
task-mode: full
target-database: {{host: db, port: 4000, user: root, password: {CANARY}}}
mysql-instances:
  - source-id: north
"""


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read_dm_task(text)
    assert CANARY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", ["full", "small_shards", "quick_start", "version_1"])
def test_the_examples_of_dms_documentation_are_read(name: str) -> None:
    task = read_dm_task(TASKS / f"{name}.yaml")
    for source in task.sources:
        assert task.settings(source)["task_name"]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (BASE + "pool-size: 16\n", 20003, "line 6: DM has no such key in a task file"),
        (BASE + "    loader-treads: 4\n", 20003, "line 6: DM has no such key in mysql-instances[0]"),
        (BASE + "    loader-treads: 4\n", 20003, "did you mean 'loader-thread'?"),
        (BASE + "    loader: {pool-size: '16'}\n", 20003, "line 6: mysql-instances[0].loader.pool-size must be an int"),
        (BASE + "    loader: {pool-size: 0x10}\n", 20003, "must be an integer, in decimal digits"),
        (BASE + "    loader: [a]\n", 20003, "line 6: mysql-instances[0].loader must be a mapping"),
        (BASE + "    route-rules: a\n", 20003, "line 6: mysql-instances[0].route-rules must be a list"),
        (BASE + "clean-dump-file: 'true'\n", 20003, "line 6: clean-dump-file must be true or false"),
        (BASE + "meta-schema: [a]\n", 20003, "line 6: meta-schema must be a text"),
        (BASE + "name: again\n", 20003, "line 6: this key stands here twice, first in line 1"),
        (BASE + "routes: [a]\n", 20003, "line 6: routes must be a mapping of names"),
        (BASE.replace("name: shop", "name: ''"), 20019, "line 1: name: a task needs a name"),
        (BASE.replace("full", "incremental"), 20020, "line 2: task-mode 'incremental' has no load"),
        (BASE.replace("full", "dump"), 20020, "task-mode 'dump' has no load"),
        (BASE.replace("full", "Full"), 20020, "task-mode must be"),
        (BASE.replace("task-mode: full\n", ""), 20020, "line 1: task-mode must be"),
        (BASE + "shard-mode: maybe\n", 20033, "line 6: shard-mode must be"),
        (BASE + "strict-optimistic-shard-mode: true\n", 20066, "needs shard-mode optimistic"),
        (BASE + "collation_compatible: Loose\n", 20052, "loose or strict"),
        (BASE + "online-ddl-scheme: oak\n", 20007, "gh-ost or pt"),
        (BASE.replace("target-database", "# "), 20021, "target-database is missing"),
        (BASE + "column-mappings: {a: {schema-pattern: x}}\n", 20064, "line 6: column-mappings"),
        (BASE + "    column-mapping-rules: [a]\n", 20064, "line 6: column-mapping-rules"),
        (BASE.partition("mysql-instances")[0] + "mysql-instances: []\n", 20013, "line 4: mysql-instances: at least"),
        (BASE.replace("source-id: north", "loader-thread: 4"), 20005, "line 5: source-id"),
        (BASE + "  - source-id: north\n", 20014, "line 6: this source-id stands in line 5 too"),
        (BASE + "    meta: {binlog-pos: 4}\n", 20011, "binlog-name or binlog-gtid"),
        (BASE + "    loader: {}\n    loader-config-name: a\n", 20016, "can't both be said"),
        (BASE + "    mydumper: {}\n    mydumper-config-name: a\n", 20015, "can't both be said"),
        (BASE + "    syncer: {}\n    syncer-config-name: a\n", 20017, "can't both be said"),
        (BASE + "    route-rules: [a]\n", 20023, "line 6: route-rules: a name that is not in routes"),
        (BASE + "    filter-rules: [a]\n", 20024, "a name that is not in filters"),
        (BASE + "    expression-filters: [a]\n", 20040, "a name that is not in expression-filter"),
        (BASE + "    block-allow-list: a\n", 20026, "block-allow-list: a name that is not in block-allow-list"),
        (BASE + "    black-white-list: a\n", 20026, "black-white-list: a name that is not in block-allow-list"),
        (BASE + "    mydumper-config-name: a\n", 20027, "a name that is not in mydumpers"),
        (BASE + "    loader-config-name: a\n", 20029, "a name that is not in loaders"),
        (BASE + "    syncer-config-name: a\n", 20030, "a name that is not in syncers"),
        (BASE + "    validator-config-name: a\n", 20056, "a name that is not in validators"),
        (
            BASE + "    route-rules: [a, a]\nroutes: {a: {schema-pattern: s, target-schema: t}}\n",
            20032,
            "route-rules says a name twice",
        ),
        (
            BASE + "routes: {a: {schema-pattern: s, target-schema: t}}\n",
            20038,
            "line 6: routes: no instance uses what stands in line 6",
        ),
        (BASE + "loaders: {a: }\n", 20038, "line 6: loaders: no instance uses what stands in line 6"),
    ],
)
def test_what_dm_refuses_is_refused(text: str, code: int, says: str) -> None:
    error = refusal(text)
    assert (error.code, says in error.message) == (code, True), error.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml can't be read: No such file") as caught:
        read_dm_task(tmp_path / "none.yaml")
    assert caught.value.code == 20018


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(ConfigError, match="not in UTF-8"):
        read_dm_task(str(tmp_path / "t.yaml"))


def test_a_folder_a_device_and_a_dump_are_no_task_files(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_bytes(b"#" * (17 << 20))
    for path, says in ((tmp_path, "is no file"), ("/dev/zero", "is no file"), (tmp_path / "big.yaml", "is larger")):
        with pytest.raises(ConfigError, match=says) as caught:
            read_dm_task(path)
        assert caught.value.code == 20018


def test_errors_name_the_file_and_its_repr_shows_no_password(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(BASE)
    assert CANARY not in repr(read_dm_task(path))
    path.write_text(BASE + "nmae: x\n")
    with pytest.raises(ConfigError, match=r"t\.yaml, line 6: DM has no such key in a task file; did you mean 'name'"):
        read_dm_task(path)


def test_what_other_units_use_is_told_line_by_line() -> None:
    notes = read_dm_task(TASKS / "full.yaml").notes("mysql-replica-02")
    assert "line 8: online-ddl belongs to DM's sync unit; a load does not use it" in notes
    assert any(": mydumpers.*.threads belongs to DM's dump unit" in note for note in notes)
    assert any(": syncers.*.enable-ansi-quotes has no effect" in note for note in notes)
    assert any("mysql-instances[1].filter-rules" in note for note in notes)
    assert not any("mysql-instances[0]" in note for note in notes)  # another source's


def said_keys(keys: dict[str, Key], path: str = "") -> dict[str, tuple[str, Key]]:
    """A value for every key that DM knows, as YAML lines would have it."""
    found: dict[str, tuple[str, Key]] = {}
    for name, key in keys.items():
        where = f"{path}.{name}" if path else name
        if key.keys:
            found |= said_keys(dict(key.keys), where)
        else:
            found[where] = (name, key)
    return found


def example(keys: dict[str, Key]) -> dict[str, Any]:
    plain = {
        Kind.TEXT: "x",
        Kind.TEXTS: ["x"],
        Kind.INT: 1,
        Kind.BOOL: True,
        Kind.BYTES: [],
        Kind.VARIABLES: {"sql_mode": "ANSI"},
    }
    found: dict[str, Any] = {}
    for name, key in keys.items():
        if key.kind is Kind.BLOCK:
            found[name] = example(dict(key.keys))
        elif key.kind is Kind.BLOCKS:
            found[name] = [example(dict(key.keys))]
        elif key.kind is Kind.NAMED:
            found[name] = {"x": example(dict(key.keys))}
        else:
            found[name] = plain[key.kind]
    return found


def test_every_key_is_a_setting_or_is_told_as_somebody_else_s() -> None:
    """One file with all keys but those that exclude others: whatever no load uses stands in the notes."""
    import yaml

    task = example(TASK)
    task |= {"task-mode": "all", "shard-mode": "optimistic", "collation_compatible": "loose", "online-ddl-scheme": "pt"}
    del task["column-mappings"]
    instance = task["mysql-instances"][0]
    for name in ("column-mapping-rules", "loader", "mydumper", "syncer"):
        del instance[name]
    found = read_dm_task(yaml.safe_dump(task))
    notes = " ".join(found.notes())
    not_ours = {
        name
        for where, (name, key) in said_keys(TASK).items()
        if key.unit is not Unit.LOAD
        and not where.startswith(("column-mappings", "mysql-instances.column", "mysql-instances.mydumper."))
        and not where.startswith("mysql-instances.syncer.")
    }
    assert len(not_ours) > 50
    assert [name for name in sorted(not_ours) if f"{name} " not in notes] == []
    assert {key.setting for _, key in said_keys(TASK).values() if key.unit is Unit.LOAD} >= {"pool_size", "routes"}


SECRETS = (
    f"{CANARY}: x:1:2:/root:/bin/sh\n",
    f"root:{CANARY}:19000:0\ndaemon:*:19000\n",
    f"name: *{CANARY}\n",
    f"name: !{CANARY}!x a\n",
    f"a: &{CANARY} 1\nb: &{CANARY} 2\n{CANARY}: 1\n",
    f'"{CANARY}\n',
    f"-----BEGIN\n\t{CANARY}\n",
    f"{BASE}routes: {{{CANARY}: {{{CANARY}: 1}}}}\n",
    f"{BASE}routes: {{{CANARY}: {{schema-pattern: [1]}}}}\n",
    f"{BASE}routes: {{{CANARY}: {{schema-pattern: a, target-schema: b}}}}\n",
    f"{BASE}{CANARY}: 1\n{CANARY}: 1\n",
    f"{BASE}    route-rules: [{CANARY}]\n",
    f"{BASE}    block-allow-list: {CANARY}\n",
    f"{BASE.replace('north', CANARY)}  - source-id: {CANARY}\n",
    f"{BASE.replace('full', CANARY)}",
    f"{BASE}shard-mode: {CANARY}\n",
    f"{BASE}meta-schema: [{CANARY}]\n",
    f"{BASE}    loader: {{pool-size: {CANARY}}}\n",
)


@pytest.mark.parametrize("text", SECRETS)
def test_errors_name_lines_and_dms_own_keys_and_nothing_else_of_the_file(text: str) -> None:
    assert "line " in refusal(text).message


@pytest.mark.parametrize(
    "text",
    [
        f"{BASE.replace('north', CANARY)}  - source-id: other\n",
        f"{BASE}    loader: {{import-mode: {CANARY}}}\n",
        f"{BASE}    loader: {{analyze: {CANARY}, dir: '{CANARY}://x'}}\n",
        BASE.replace("password:", f"session: {{'{CANARY} x': 1}}, password:"),
    ],
)
def test_what_is_wrong_in_the_settings_is_told_without_the_value(text: str) -> None:
    with pytest.raises(ConfigError, match="line ") as caught:
        LoadConfig.from_dm_task(text)
    assert CANARY not in str(caught.value)
