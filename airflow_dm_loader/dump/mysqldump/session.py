"""The session that a script makes for itself: what it sets, saves in variables of its own, and restores."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAMES = re.compile(rb"NAMES\s++['\"]?+(\w++)['\"]?+(?:\s++COLLATE\s++['\"]?+\w++['\"]?+)?+\s*+", re.IGNORECASE)
_SET = re.compile(rb"SET\s++", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    rb"\s*+(?:@(?!@)(?P<variable>\w++)|(?:@@(?:SESSION|LOCAL)\s*+\.\s*+|@@|SESSION\s++|LOCAL\s++)?+(?P<setting>\w++))"
    rb"\s*+:?+=\s*+"
    rb"(?:@@(?:(?:SESSION|LOCAL|GLOBAL)\.)?+(?P<of>\w++)|@(?P<saved>\w++)"
    rb"|'(?P<single>[^'\\]*+)'|\"(?P<double>[^\"\\]*+)\"|(?P<word>[\w.+:-]++))\s*+(?:,|\Z)",
    re.IGNORECASE,
)
_SAFE = re.compile(r"[\w.,+:/ -]*+", re.ASCII)  # that a value may hold: it is said again, in a head
_CHARSETS = ("character_set_client", "character_set_results", "collation_connection")
KNOWN = frozenset({"foreign_key_checks", "unique_checks", "sql_mode", "time_zone", *_CHARSETS})
# They change neither rows nor objects.
_OF_NO_MATTER = frozenset({
    "sql_notes", "note_verbosity", "sql_log_bin", "autocommit", "sql_quote_show_create", "net_read_timeout",
    "net_write_timeout", "wait_timeout", "interactive_timeout", "max_statement_time", "lock_wait_timeout",
})  # fmt: skip

_FORMS = {
    "names": "/*!40101 SET NAMES {} */;\n",
    "foreign_key_checks": "/*!40014 SET FOREIGN_KEY_CHECKS={}*/;\n",
    "unique_checks": "/*!40014 SET UNIQUE_CHECKS={}*/;\n",
    "sql_mode": "/*!40101 SET SQL_MODE='{}'*/;\n",
    "time_zone": "/*!40103 SET TIME_ZONE='{}'*/;\n",
}


class Session:
    """What is set at some place of a script; ``names`` is SET NAMES."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._saved: dict[str, str | None] = {}

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """Lower-case name and value, sorted."""
        return tuple(sorted(self._values.items()))

    @property
    def sql_mode(self) -> str:
        """As it was set; "": it was not."""
        return self._values.get("sql_mode", "")

    def apply(self, text: bytes) -> bool:
        """Take up a SET statement; False: it is none that a script of a dump tool holds, and nothing was changed."""
        begin = _SET.match(text)
        if begin is None:
            return False
        if names := _NAMES.fullmatch(text, begin.end()):
            for name in _CHARSETS:
                self._values.pop(name, None)
            self._values["names"] = names[1].decode("ascii").lower()
            return True
        assignments = list(_assignments(text, begin.end()))
        if not assignments or not all(self._can(found) for found in assignments):
            return False
        for found in assignments:
            self._assign(found)
        return True

    def _can(self, found: re.Match[bytes] | None) -> bool:
        if found is None:
            return False
        if found["variable"] is not None:
            return True
        name = _lower(found["setting"])
        if name in _OF_NO_MATTER:
            return True
        if name not in KNOWN or found["of"] is not None:
            return False
        if found["saved"] is not None:
            return _lower(found["saved"]) in self._saved
        return _SAFE.fullmatch(_value(found)) is not None

    def _assign(self, found: re.Match[bytes] | None) -> None:
        assert found is not None
        if found["variable"] is not None:
            of = found["of"]
            self._saved[_lower(found["variable"])] = self._values.get(_lower(of)) if of is not None else _value(found)
            return
        name = _lower(found["setting"])
        if name in _OF_NO_MATTER:
            return
        value = self._saved[_lower(found["saved"])] if found["saved"] is not None else _value(found)
        if value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = value


def _assignments(text: bytes, at: int) -> Iterator[re.Match[bytes] | None]:
    """Each of them; None: what stands here is none."""
    while at < len(text):
        found = _ASSIGNMENT.match(text, at)
        yield found
        if found is None:
            return
        at = found.end()


def _lower(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape").lower()


def _value(found: re.Match[bytes]) -> str:
    value = next((found[part] for part in ("single", "double", "word") if found[part] is not None), b"")
    return value.decode("utf-8", "surrogateescape")


def head_of(values: tuple[tuple[str, str], ...]) -> bytes:
    """The statements that make such a session, as dump tools write them at the head of a file: SET NAMES first."""
    ordered = sorted(values, key=lambda value: list(_FORMS).index(value[0]) if value[0] in _FORMS else len(_FORMS))
    lines = (_FORMS.get(name, "/*!40101 SET " + name + " = {} */;\n").format(value) for name, value in ordered)
    return "".join(lines).encode("utf-8", "surrogateescape")
