"""YAML as a tree that knows its lines; what DM's own parser refuses is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow_dm_loader.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

YAML_CODE = 20003  # DM's ErrConfigYamlTransform
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as it is written, and the type that YAML sees in it: str, int, bool, null, float, ..."""

    text: str
    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A mapping; ``lines`` says where each key stands."""

    nodes: dict[str, Node]
    lines: dict[str, int]
    line: int


Node: TypeAlias = Scalar | Items | Block


def parse_yaml(text: str, fail: Callable[[int, str], ConfigError]) -> Block:
    """The one mapping that a file holds.

    Args:
        fail: makes the error of a line.

    Raises:
        ConfigError: it is no YAML, no mapping, or a key stands twice (20003).
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        found = None if root is None else _Walk(fail).node(root)
    except RecursionError:
        raise fail(1, "its values lie too deep within each other for a task file") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise fail(
            mark.line + 1 if mark else 1, f"this is no YAML: {_without_values(error.problem or error.context)}"
        ) from None
    except yaml.YAMLError:  # the reader's: a byte that no YAML may hold
        raise fail(1, "this is no YAML: it holds characters that YAML does not allow") from None
    if found is None:
        raise fail(1, "the file is empty")
    if not isinstance(found, Block):
        raise fail(found.line, "a task file is a mapping: name, task-mode, target-database, ...")
    return found


def _without_values(problem: str) -> str:
    """What PyYAML found wrong, up to where it repeats the file: that may be any file that somebody named."""
    found = re.match(r"(?:[^'\"]|'(?:<[a-z ]+>|\W)')*+", problem)
    return (found[0] if found else "").strip()


class _Walk:
    """PyYAML's nodes -> ours. A node that aliases share is walked once."""

    def __init__(self, fail: Callable[[int, str], ConfigError]) -> None:
        self._fail = fail
        self._walked: dict[int, Node] = {}
        self._inside: set[int] = set()

    def node(self, node: Any) -> Node:
        if id(node) in self._walked:
            return self._walked[id(node)]
        line = node.start_mark.line + 1
        if id(node) in self._inside:
            raise self._fail(line, "an alias leads back to itself")
        self._inside.add(id(node))
        found: Node
        if node.id == "scalar":
            found = Scalar(node.value, node.tag.removeprefix(_TAG), line)
        elif node.id == "sequence":
            found = Items(tuple(self.node(item) for item in node.value), line)
        else:
            found = self._block(node, line)
        self._inside.discard(id(node))
        self._walked[id(node)] = found
        return found

    def _block(self, node: Any, line: int) -> Block:
        nodes: dict[str, Node] = {}
        lines: dict[str, int] = {}
        merged: list[Block] = []
        for key, value in node.value:
            at = key.start_mark.line + 1
            if key.id != "scalar":
                raise self._fail(at, "a key must be a text")
            if key.tag == _MERGE:
                merged += self._merged(value, at)
                continue
            if key.value in nodes:
                raise self._fail(at, f"this key stands here twice, first in line {lines[key.value]}")
            nodes[key.value], lines[key.value] = self.node(value), at
        for block in merged:  # what is said here comes before what is merged in, and the first of two merged
            for name, value in block.nodes.items():
                nodes.setdefault(name, value)
                lines.setdefault(name, block.lines[name])
        return Block(nodes, lines, line)

    def _merged(self, node: Any, line: int) -> list[Block]:
        found = self.node(node)
        blocks = found.nodes if isinstance(found, Items) else (found,)
        if not all(isinstance(block, Block) for block in blocks):
            raise self._fail(line, "<< merges a mapping, or a list of them")
        return [block for block in blocks if isinstance(block, Block)]
