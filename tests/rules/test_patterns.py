from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_dm_loader.rules.patterns import joined_groups, name_pattern

NAMES = st.text("ab_[]!-*?É\n", max_size=6)
PATTERNS = st.text("ab?[]!-_É*", min_size=1, max_size=7)


def matches_by_the_book(pattern: str, name: str) -> bool:
    """DM's wildcards, read one character after the other."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return True
    if pattern[0] == "[" and "]" in pattern:
        end = pattern.index("]")
        return bool(name) and name[0] in members(pattern[1:end]) and matches_by_the_book(pattern[end + 1 :], name[1:])
    return bool(name) and pattern[0] in {"?", name[0]} and matches_by_the_book(pattern[1:], name[1:])


class _Members:
    def __init__(self, ranges: list[tuple[str, str]], *, negated: bool) -> None:
        self.ranges, self.negated = ranges, negated

    def __contains__(self, character: str) -> bool:
        return self.negated != any(first <= character <= last for first, last in self.ranges)


def members(inside: str) -> _Members:
    if inside == "!":
        return _Members([("!", "!")], negated=False)
    negated = inside[:1] == "!"
    rest = inside[1:] if negated else inside
    ranges = []
    while rest:
        if len(rest) >= 3 and rest[1] == "-":
            ranges.append((rest[0], rest[2]))
            rest = rest[3:]
        else:
            ranges.append((rest[0], rest[0]))
            rest = rest[1:]
    return _Members(ranges, negated=negated)


@given(PATTERNS, NAMES)
@example("a[", "a[")
@example("[!]", "!")
@example("[]a", "a")
@example("[b-a]", "a")
@example("[!b-a]", "a")
@example("[a-]", "-")
@example("?", "\n")
def test_wildcards_match_as_the_book_says(pattern: str, name: str) -> None:
    if "*" in pattern[:-1] and "*" in _outside_classes(pattern)[:-1]:
        with pytest.raises(ValueError, match="last character"):
            name_pattern(pattern, case_sensitive=True)
        return
    found = name_pattern(pattern, case_sensitive=True)
    assert found.matches(name) == matches_by_the_book(pattern, name)


def _outside_classes(pattern: str) -> str:
    """The pattern with each class as one letter."""
    shown = ""
    while pattern:
        end = pattern.find("]") if pattern[0] == "[" else -1
        shown += "c" if end > 0 else pattern[0]
        pattern = pattern[end + 1 if end > 0 else 1 :]
    return shown


@given(st.text("abAB?[-]", min_size=1, max_size=6), st.text("abAB-", max_size=6))
def test_case_counts_only_where_it_is_asked_for(pattern: str, name: str) -> None:
    either = name_pattern(pattern, case_sensitive=False)
    assert either.matches(name) == either.matches(name.upper()) == matches_by_the_book(pattern.lower(), name.lower())


@pytest.mark.parametrize(
    ("pattern", "name", "case_sensitive", "expected"),
    [
        ("~^sales_", "sales_00", True, True),
        ("~sales", "old_sales_00", True, True),  # unanchored
        ("~^SALES", "sales_00", True, False),
        ("~^SALES", "sales_00", False, True),
        (r"~^\D+$", "ab1", False, False),  # its text is not put into lower case
        (r"~^\d{2}$", "07", True, True),
        ("~", "anything", True, True),
        ("a~b", "a~b", True, True),
    ],
)
def test_after_a_tilde_stands_a_regular_expression(
    pattern: str, name: str, case_sensitive: bool, expected: bool
) -> None:
    assert name_pattern(pattern, case_sensitive=case_sensitive).matches(name) is expected


@pytest.mark.parametrize(
    ("regexp", "name", "expected"),
    [
        ("sales_(.*)", "sales_00", "00"),
        (r"(\w+)_(\d+)$", "sales_07", "sales07"),
        ("(a)|(b)", "xb", "b"),
        ("(é.)", "caféé", "éé"),
        ("^(x)", "sales", None),
        ("sales(_.*)?", "sales", ""),
    ],
)
def test_capture_groups_are_joined(regexp: str, name: str, expected: str | None) -> None:
    assert joined_groups(regexp, name) == expected


def test_names_that_are_no_utf_8_can_be_asked_about() -> None:
    assert name_pattern("~^a", case_sensitive=True).matches("a\udcff")
    assert name_pattern("a?", case_sensitive=True).matches("a\udcff")
