"""Every pattern of the package: those that modules hold, those that stand in calls, and those that functions make.

Where a function makes a pattern, ``MADE`` says of what: a function that makes one and is not there fails a test.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import airflow_dm_loader
from airflow_dm_loader.dump import filenames, lexer, row_values, sql_modes, statement_forms, statements, value_marks
from airflow_dm_loader.dump.data_formats import data_formats
from airflow_dm_loader.dump.sql_modes import Quoting
from airflow_dm_loader.formats.delimited import patterns
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.rules.csv_format import CsvFormat

Pattern = re.Pattern[Any]
ROOT = Path(airflow_dm_loader.__file__).parent
_CALLS = frozenset({"match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split", "compile"})

_FORMS = [
    RecordFormat.of_csv(CsvFormat(**settings))
    for settings in (
        {},
        {"separator": "|+|", "delimiter": "''", "terminator": "\r\n", "backslash_escape": False},
        {"separator": "\t", "delimiter": "", "terminator": "\n"},
    )
]
_QUOTINGS = [Quoting(ansi, escapes) for ansi in (True, False) for escapes in (True, False)]
_PLACES = [value_marks.Places(5, (1, 3), backslash_escapes=escapes) for escapes in (True, False)]
_QUOTED = "`((?:[^`]|``)+)`"


def _of_rows() -> list[Pattern]:
    found = [row_values._patterns(quoting) for quoting in _QUOTINGS]
    return [pattern for each in found for pattern in (each.some_rows, each.some_values)]


def _of_records() -> list[Pattern]:
    return [pattern for form in _FORMS if (pattern := patterns.sound_record(form, 3, frozenset({1}))) is not None]


def _of_lexer() -> list[Pattern]:
    both = (lexer._WITH_BACKSLASH, lexer._WITHOUT_BACKSLASH)
    return [pattern for each in both for pattern in (each.statement, each.body, each.blank)]


# module.function -> the patterns as it makes them.
MADE: Mapping[str, Callable[[], list[Pattern]]] = {
    "dump.filenames._routes": lambda: [pattern for pattern, _ in filenames._routes(data_formats())],
    "dump.filenames._without_part": lambda: [
        re.compile(text, re.DOTALL | re.ASCII) for text in (r"(.+)\.(\d{5,})\.(\d{5,})", r"(.+)\.(\d+)")
    ],
    "dump.lexer.of": _of_lexer,
    "dump.metadata_ini._start_object": lambda: [re.compile(rf"{_QUOTED}(?:\.{_QUOTED})?\Z")],
    "dump.mysqldump.script._up_to_delimiter": lambda: [
        re.compile(re.escape(delimiter) + rb"[ \t\r]*+(?:\n|\Z)") for delimiter in (b";", b";;", b"//")
    ],
    "dump.row_values._patterns": _of_rows,
    "dump.sql_modes.quoted_pieces": lambda: [sql_modes.quoted_pieces(quoting) for quoting in _QUOTINGS],
    "dump.statements._row_pattern": lambda: [statements._ROW, statements._ROW_WITHOUT_BACKSLASH],
    "dump.statement_forms.form_name": lambda: [re.compile(statement_forms._VERB + rb"\b", re.IGNORECASE)],
    "dump.value_marks._marking": lambda: [value_marks._marking(places) for places in _PLACES],
    "dump.value_marks._reading": lambda: [value_marks._reading(places) for places in _PLACES],
    "dump.value_marks._cutting": lambda: [value_marks._cutting(places) for places in _PLACES],
    "engines.import_into.sources._pattern": lambda: [re.compile(r"s\.t\.[^/]*\.sql\Z", re.DOTALL)],
    "formats.delimited.patterns.escape_or_double": lambda: [*map(patterns.escape_or_double, _FORMS)],
    "formats.delimited.patterns.contents": lambda: [*map(patterns.contents, _FORMS)],
    "formats.delimited.patterns.field_pattern": lambda: [*map(patterns.field_pattern, _FORMS)],
    "formats.delimited.patterns.body_pattern": lambda: [*map(patterns.body_pattern, _FORMS)],
    "formats.delimited.patterns.sound_record": _of_records,
    "rules.patterns.name_pattern": lambda: [re.compile(r"a.[^b-c].*\Z", re.DOTALL)],
}
# Of these the places are tried one after the other.
_ALL_PLACES = frozenset({"dump.sql_modes.quoted_pieces", "formats.delimited.patterns.escape_or_double"})
# Gone through in loops, under another name: by ``match``.
_IN_LOOPS = frozenset(
    {
        "hidden_values._FORMS",
        "dump.statement_forms._HINT",
        "dump.statement_forms._PRIORITY",
        "dump.statements._ROW",
        "dump.statements._ROW_WITHOUT_BACKSLASH",
    }
)


@cache
def sources() -> Mapping[str, ast.Module]:
    """Each module without the package's name, and what stands in it."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text())
    return found


def made_in_functions() -> set[str]:
    """Where a pattern is made of something else than a text that stands there."""
    return {
        f"{module}.{function}"
        for module in sources()
        for function, call in _calls_of_re(module)
        if function and not isinstance(call.args[0], ast.Constant)
    }


def all_patterns() -> dict[str, tuple[Pattern, frozenset[str]]]:
    """Where it stands -> a pattern, and the methods by which it is used."""
    found: dict[str, tuple[Pattern, frozenset[str]]] = {}
    for module in sources():
        found |= _held(module)
        found |= _in_calls(module)
    for where, make in MADE.items():
        methods = frozenset({"search" if where in _ALL_PLACES else "match"})
        found |= {f"{where} {at}": (pattern, methods) for at, pattern in enumerate(make())}
    return found


@cache
def held_by_modules() -> dict[str, int]:
    """Modules that compile patterns when they are imported, and how often."""
    counts = {module: sum(not function for function, _ in _calls_of_re(module)) for module in sources()}
    return {module: count for module, count in counts.items() if count}


def _held(module: str) -> dict[str, tuple[Pattern, frozenset[str]]]:
    if module not in held_by_modules():
        return {}
    values = vars(importlib.import_module(f"airflow_dm_loader.{module}"))
    names = [name for name, value in values.items() if not name.startswith("__") and not isinstance(value, type)]
    return {
        f"{module}.{name} {at}": (pattern, _methods(module, name))
        for name in names
        for at, pattern in enumerate(_inside(values[name]))
    }


def _inside(value: object, depth: int = 4) -> Iterator[Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, Mapping):
        yield from (each for part in value.values() for each in _inside(part, depth - 1))
    elif depth and isinstance(value, list | tuple | set | frozenset):
        yield from (each for part in value for each in _inside(part, depth - 1))
    elif depth and is_dataclass(value) and not isinstance(value, type):
        yield from (each for part in fields(value) for each in _inside(getattr(value, part.name), depth - 1))


def _in_calls(module: str) -> dict[str, tuple[Pattern, frozenset[str]]]:
    found = {}
    for at, (function, call) in enumerate(_calls_of_re(module)):
        assert isinstance(call.func, ast.Attribute)
        if isinstance(call.args[0], ast.Constant) and function:
            flags = re.DOTALL if "DOTALL" in ast.unparse(call) else 0
            text: Any = call.args[0].value
            found[f"{module}.{function} {at}"] = (re.compile(text, flags), frozenset({call.func.attr}))
    return found


def _methods(module: str, name: str) -> frozenset[str]:
    """By which a module uses its pattern; what nobody tells counts as tried everywhere."""
    if f"{module}.{name}" in _IN_LOOPS:
        return frozenset({"match"})
    return _uses(module).get(name, frozenset({"search"}))


@cache
def _uses(module: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for node in ast.walk(sources()[module]):
        if isinstance(node, ast.Attribute) and node.attr in _CALLS:
            value = node.value
            while isinstance(value, ast.Subscript):
                value = value.value
            name = value.id if isinstance(value, ast.Name) else getattr(value, "attr", "")
            found[name] = found.get(name, frozenset()) | {node.attr}
    return found


@cache
def _calls_of_re(module: str) -> tuple[tuple[str, ast.Call], ...]:
    """Calls of the module re, and the function that each stands in; "" at a module's own level."""
    return tuple(_in_node(sources()[module], ""))


def _in_node(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inner = child.name if isinstance(child, ast.FunctionDef) else function
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in _CALLS:
            value = child.func.value
            if isinstance(value, ast.Name) and value.id == "re":
                yield function, child
        yield from _in_node(child, inner)
