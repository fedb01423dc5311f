from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.dm_task.nodes import Block, Scalar, parse_yaml


def fail(line: int, message: str) -> ConfigError:
    return ConfigError(f"line {line}: {message}")


def parse(text: str) -> Block:
    return parse_yaml(text, fail)


def test_scalars_keep_their_text_their_type_and_their_line() -> None:
    found = parse("a: off\nb: 16\n\nc: '16'\nd:\n")
    assert found.nodes == {
        "a": Scalar("off", "bool", 1),
        "b": Scalar("16", "int", 2),
        "c": Scalar("16", "str", 4),
        "d": Scalar("", "null", 5),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: this key stands here twice, first in line 1"),
        ("x:\n  a: 1\n  a: 2\n", "line 3: this key stands here twice, first in line 2"),
        ("a: [1\nb: 2\n", "line 2: this is no YAML"),
        ("a: 1\n\tb: 2\n", "line 2: this is no YAML"),
        ("- a\n- b\n", "line 1: a task file is a mapping"),
        ("text\n", "line 1: a task file is a mapping"),
        ("", "line 1: the file is empty"),
        ("a: 1\n---\nb: 1\n", "line 2: this is no YAML: but found another document"),
        ("a: \x01\n", "this is no YAML"),
        ("? [a, b]\n: 1\n", "line 1: a key must be a text"),
        ("a: &x\n  b: *x\n", "an alias leads back to itself"),
        ("a: *nothing\n", "line 1: this is no YAML"),
        ("<<: 1\n", "line 1: << merges a mapping"),
    ],
)
def test_what_is_no_plain_mapping_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert says in caught.value.message


def test_merged_keys_come_after_those_that_stand_there() -> None:
    found = parse("base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\nx:\n  <<: [*base, *other]\n  a: 9\n")
    block = found.nodes["x"]
    assert isinstance(block, Block)
    texts = {name: node.text for name, node in block.nodes.items() if isinstance(node, Scalar)}
    assert texts == {"a": "9", "b": "2", "c": "4"}
    assert block.lines["c"] == 2


def test_aliases_of_aliases_do_not_blow_up() -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}}}" for n in range(1, 60)]
    assert len(parse("\n".join(lines)).nodes) == 60


@given(st.text(max_size=200))
def test_any_text_gives_a_mapping_or_an_error_in_words(text: str) -> None:
    def worded(line: int, message: str) -> ConfigError:
        assert line >= 1
        assert message
        return fail(line, message)

    with suppress(ConfigError):
        found = parse_yaml(text, worded)
        assert set(found.nodes) == set(found.lines)
