"""Texts of TiDB and its tools as people may see them: URIs in them lose their parameters' values.

IMPORT INTO and tidb-lightning take the keys of the dump's storage inside a URI. The server repeats URIs, or pieces of
the statement, in errors and in SHOW IMPORT JOBS; Lightning repeats its settings in its log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from airflow_dm_loader.dump.tidb_uri import redact

_URI = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"`<>,;()]+")
# Also where only a piece of a URI is left, as in "near '...&secret-access-key=...'".
_PARAMETER = re.compile(
    r"(?i)\b((?:secret-)?access-key|session-token|account-key|sas-token|encryption-key|credentials?)=[^&\s'\"`]*"
)
_MASK = "***"
_SHORTEST = 4  # characters: what is shorter would take out half of any text


@dataclass(frozen=True)
class Redactor:
    """Takes secrets out of texts. ``values`` are the known ones, in every spelling."""

    values: tuple[str, ...] = ()

    @classmethod
    def of_uris(cls, uris: Iterable[str]) -> Redactor:
        """Knows every parameter's value that :func:`redact` would hide."""
        found: set[str] = set()
        for uri in uris:
            shown = dict(parse_qsl(urlsplit(redact(uri)).query, keep_blank_values=True))
            for name, value in parse_qsl(urlsplit(uri).query, keep_blank_values=True):
                if shown.get(name) != value and len(value) >= _SHORTEST:
                    found |= {value, quote(value, safe=""), quote(value), quote_plus(value)}
        return cls(tuple(sorted(found, key=lambda value: (-len(value), value))))

    def text(self, text: str) -> str:
        """The text without secrets."""
        for value in self.values:
            text = text.replace(value, _MASK)
        text = _URI.sub(lambda match: redact(match[0]), text)
        return _PARAMETER.sub(lambda match: f"{match[1]}={_MASK}", text)

    def __repr__(self) -> str:
        return f"Redactor({len(self.values)} values)"
