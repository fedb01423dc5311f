"""Texts of TiDB's jobs and of ``tidb-lightning`` under ``hide_values``: any word of them may be a value of a row.

So only what can be none is shown: codes in the forms that their sources write, and the names of this load's tables and
data files, with the place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from airflow_dm_loader.identifiers import TableName

HIDDEN = "(hidden)"
_WORDS = re.compile(
    r"(?P<code>\b(?:Lightning|Lighting):\w+:Err\w+"  # Lighting: as its source misspells it
    r"|\b(?:autoid|ddl|executor|expression|kv|meta|parser|planner|privilege|schema|server|table|tikv|types):\d{4}\b"
    r"|\b(?i:error) \d{4}(?: \(\w{5}\))?)"
    r"|(?P<name>(?<!`)`(?:[^`]++|``)++`\.`(?:[^`]++|``)++`|[^\s'\"`/\\:,;=?()\[\]{}]+)(?::\d+)?(?: at offset \d+)?"
)


@dataclass(frozen=True)
class Hiding:
    """Knows the names that may be shown: ``schema.table`` in both spellings, and data files."""

    names: frozenset[str]

    @classmethod
    def of(cls, tables: Iterable[TableName], files: Iterable[str]) -> Self:
        plain = [(schema, table) for schema, table in tables]
        quoted = [tuple(name.replace("`", "``") for name in names) for names in plain]
        return cls(
            frozenset(
                (*files, *(".".join(names) for names in plain), *("`{}`.`{}`".format(*names) for names in quoted))
            )
        )

    def text(self, text: str) -> str:
        """``[types:1406]Data too long for 'x' in s.t.sql:0 at offset 12`` -> ``types:1406, s.t.sql:0 at offset 12``."""
        found = [match[0] for match in _WORDS.finditer(text) if match["code"] or match["name"] in self.names]
        return " ".join(part for part in (", ".join(dict.fromkeys(found)), HIDDEN if text.strip() else "") if part)

    def __repr__(self) -> str:
        return f"Hiding({len(self.names)} names)"
