"""YAML nodes -> the values that DM's types take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_dm_loader.settings.dm_task.keys import Key, Kind, Unit
from airflow_dm_loader.settings.dm_task.nodes import Block, Items, Node, Scalar
from airflow_dm_loader.settings.meant import meant

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_dm_loader.errors import ConfigError

_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_BOOLEANS = {"true": True, "yes": True, "on": True, "y": True, "false": False, "no": False, "off": False, "n": False}


@dataclass(frozen=True, slots=True)
class Values:
    """What a mapping of the file says, with the line of each key. What is empty there is not in it."""

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)  # it can hold a password
    lines: Mapping[str, int] = field(default_factory=dict)
    line: int = 0

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key."""
        return self.values.get(key, default)

    def at(self, key: str) -> int:
        """The line of a key, or of the whole where it is not there."""
        return self.lines.get(key, self.line)


@dataclass(frozen=True, slots=True)
class Unused:
    """A key that is said, and that no load uses."""

    path: str
    line: int
    key: Key


class Decoder:
    """Decodes mappings strictly, and collects what a load does not use.

    Its errors name lines and DM's keys, and nothing else of the file: it may be any that somebody named.
    """

    def __init__(self, fail: Callable[[int, str], ConfigError]) -> None:
        self._fail = fail
        self.unused: list[Unused] = []

    def block(self, node: Node, keys: Mapping[str, Key], path: str = "") -> Values:
        """One mapping. Raises ConfigError for a key that is not in ``keys``, and for a value of another type."""
        if not isinstance(node, Block):
            raise self._fail(node.line, f"{path} must be a mapping")
        values: dict[str, Any] = {}
        for name, value in node.nodes.items():
            line, where = node.lines[name], f"{path}.{name}" if path else name
            key = keys.get(name)
            if key is None:
                raise self._fail(line, f"DM has no such key in {path or 'a task file'}{meant(name, keys)}")
            if isinstance(value, Scalar) and value.kind == "null":
                continue  # as if it were not there, as in DM
            values[name] = self._value(value, key, where)
            if key.unit is not Unit.LOAD and not key.keys:
                self.unused.append(Unused(where, line, key))
        return Values(values, node.lines, node.line)

    def _value(self, node: Node, key: Key, path: str) -> Any:
        if key.kind is Kind.BLOCK:
            return self.block(node, key.keys, path)
        if key.kind is Kind.BLOCKS:
            return [self.block(item, key.keys, f"{path}[{n}]") for n, item in enumerate(self._items(node, path))]
        if key.kind is Kind.NAMED:
            return dict(self._named(node, key, path))
        if key.kind is Kind.TEXTS:
            return [self._text(item, f"{path}[{n}]") for n, item in enumerate(self._items(node, path))]
        if key.kind is Kind.VARIABLES:
            if not isinstance(node, Block):
                raise self._fail(node.line, f"{path} must be a mapping of names and values")
            found = {name: self._variable(value, f"{path}.*") for name, value in node.nodes.items()}
            return Values(found, node.lines, node.line)
        if key.kind is Kind.BYTES:
            return "" if self._is_empty(node) else "said"  # nobody needs what a private key says
        if key.kind is Kind.INT:
            return self._integer(node, path)
        if key.kind is Kind.BOOL:
            return self._boolean(node, path)
        return self._text(node, path)

    def _items(self, node: Node, path: str) -> tuple[Node, ...]:
        if not isinstance(node, Items):
            raise self._fail(node.line, f"{path} must be a list")
        return node.nodes

    def _named(self, node: Node, key: Key, path: str) -> Iterator[tuple[str, Values]]:
        if not isinstance(node, Block):
            raise self._fail(node.line, f"{path} must be a mapping of names")
        for name, value in node.nodes.items():
            if isinstance(value, Scalar) and value.kind == "null":
                yield name, Values(line=node.lines[name])
            else:
                yield name, self.block(value, key.keys, f"{path}.*")

    def _text(self, node: Node, path: str) -> str:
        """A text as it is written, also where YAML sees a number or a boolean in it: ``analyze: off``."""
        if not isinstance(node, Scalar) or node.kind == "null":
            raise self._fail(node.line, f"{path} must be a text")
        return node.text

    def _integer(self, node: Node, path: str) -> int:
        if not isinstance(node, Scalar) or node.kind != "int" or not _DECIMAL.fullmatch(node.text):
            raise self._fail(node.line, f"{path} must be an integer, in decimal digits and without quotes")
        return int(node.text)

    def _boolean(self, node: Node, path: str) -> bool:
        plain = isinstance(node, Scalar) and (node.kind == "bool" or node.text in ("y", "Y", "n", "N"))
        if not isinstance(node, Scalar) or not plain or node.text.lower() not in _BOOLEANS:
            raise self._fail(node.line, f"{path} must be true or false, without quotes")
        return _BOOLEANS[node.text.lower()]

    @staticmethod
    def _is_empty(node: Node) -> bool:
        if isinstance(node, Scalar):
            return node.text == ""
        return not node.nodes

    def _variable(self, node: Node, path: str) -> str | int:
        """A session variable: a server takes no text for a number."""
        text = self._text(node, path)
        assert isinstance(node, Scalar)
        return int(text) if node.kind == "int" and _DECIMAL.fullmatch(text) else text
