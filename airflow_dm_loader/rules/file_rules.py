"""Rules of files: what the files of other tools hold, by their paths; Lightning's ``[[mydumper.files]]``."""

from __future__ import annotations

import re
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from airflow_dm_loader.rules.patterns import compile_regexp
from airflow_dm_loader.rules.rule import Rule

IGNORE = "ignore"
SCHEMA_OF_DATABASE, SCHEMA_OF_TABLE, SCHEMA_OF_VIEW = "schema-schema", "table-schema", "view-schema"
SCRIPT = "mysqldump"
DATA_TYPES = ("sql", "csv", "parquet")
TYPES = (IGNORE, SCHEMA_OF_DATABASE, SCHEMA_OF_TABLE, SCHEMA_OF_VIEW, *DATA_TYPES, SCRIPT)
_NEED_TABLE = frozenset({SCHEMA_OF_TABLE, SCHEMA_OF_VIEW, *DATA_TYPES})
_NEED_SCHEMA = _NEED_TABLE | {SCHEMA_OF_DATABASE}
COMPRESSIONS = ("", "none", "gz", "gzip", "zst", "zstd", "snappy", "lz4", "auto")

_GROUP = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})", re.ASCII)


class FileRule(Rule):
    """What the files are that it is for: those of this ``path``, or whose path the ``pattern`` matches anywhere.

    Paths are below ``dump_uri``, with ``/``. ``$1``, ``${1}`` and ``${name}`` in all else stand for the pattern's
    groups, as in Go.
    """

    model_config = ConfigDict(populate_by_name=True)

    pattern: str = ""
    path: str = ""
    schema_: str = Field("", alias="schema")
    table: str = ""
    type: str
    key: str = ""
    compression: str = "auto"

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.pattern) == bool(self.path):
            raise ValueError(f"{self}: a rule has either a pattern or a path")
        groups = compile_regexp(self.pattern) if self.pattern else None
        for name in ("schema_", "table", "type", "key", "compression"):
            self._check_groups(name.strip("_"), getattr(self, name), groups)
        if "$" not in self.type:
            _check_type(self.type)
            for name, kinds in (("schema", _NEED_SCHEMA), ("table", _NEED_TABLE)):
                if self.type.lower() in kinds and not getattr(self, "schema_" if name == "schema" else name):
                    raise ValueError(
                        f"{self}: files of type {self.type} need a {name}"
                        + (". One file of many tables has the type mysqldump" if self.type.lower() == "sql" else "")
                    )
        if "$" not in self.compression and self.compression.lower() not in COMPRESSIONS:
            raise ValueError(f"{self}: {self.compression!r} is no compression: {', '.join(filter(None, COMPRESSIONS))}")
        return self

    def _check_groups(self, name: str, template: str, pattern: Any) -> None:
        for found in _GROUP.finditer(template):
            group = found[1] or found[2]
            if group is None:  # $$
                continue
            if pattern is None:
                raise ValueError(f"{self}: {name} names the group {found[0]}, and a path has no groups")
            known = group in _names(pattern) or (group.isdigit() and int(group) <= pattern.groups)
            if not known:
                hint = f". Write ${{{found[1][0]}}}{found[1][1:]}" if found[1] and found[1][0].isdigit() else ""
                raise ValueError(f"{self}: {name} names the group {found[0]}, which the pattern does not have{hint}")
        if "$" in _GROUP.sub("", template):
            raise ValueError(f"{self}: a $ of {name} names no group; write $$ for the letter")

    def expand(self, template: str, match: Any) -> str:
        """A template with what the pattern's groups took; ``match`` None: the rule has a path."""
        if match is None:
            return _GROUP.sub("$", template)
        return _GROUP.sub(lambda found: _taken(match, found[1] or found[2]), template)

    def match(self, path: str) -> tuple[bool, Any]:
        """Whether the rule is for a file, and what the pattern took of its path."""
        if self.path:
            return path == self.path.lstrip("/").removeprefix("./"), None
        found = compile_regexp(self.pattern).search(path.encode("utf-8", "surrogateescape"))
        return found is not None, found

    def __str__(self) -> str:
        r"""``users/part-.*\.csv -> csv shop.users``, for people."""
        of = ".".join(filter(None, (self.schema_, self.table)))
        return f"{self.pattern or self.path} -> {self.type}" + (f" {of}" if of else "")


def _check_type(name: str) -> None:
    if name.lower() not in TYPES:
        raise ValueError(f"{name!r} is no type of file: {', '.join(TYPES)}")


def _names(pattern: Any) -> frozenset[str]:
    return frozenset(
        name.decode() if isinstance(name, bytes) else str(name) for name in getattr(pattern, "groupindex", {})
    )


def _taken(match: Any, group: str | None) -> str:
    if group is None:
        return "$"
    if group.isdigit():
        taken = match.group(int(group))
    else:
        taken = match.group(next(name for name in match.re.groupindex if _text(name) == group))
    return (taken or b"").decode("utf-8", "surrogateescape")


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
