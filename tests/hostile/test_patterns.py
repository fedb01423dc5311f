"""No input makes a pattern take more steps than its length allows, counted, on whatever machine."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile.counted_matching import CountedPattern, TooManySteps, attacks
from tests.hostile.our_patterns import MADE, all_patterns, held_by_modules, made_in_functions

FEW, MANY = 24, 60
MOST_STEPS_OF_A_CHARACTER = 300
# Twice and a half the text takes twice and a half the steps; where it were tried again from each place, six times.
GROWTH = 3.2
SURELY_LINEAR = MANY // 5  # steps of a character: tried again from each repetition, it would be half of MANY at least
METHODS = {"match": "match", "fullmatch": "fullmatch"}


def grows(pattern: re.Pattern[str] | re.Pattern[bytes], methods: frozenset[str]) -> str:
    """The text that takes more steps than it should; "": none does."""
    counted = CountedPattern(pattern)
    for before, body, end in attacks(counted):
        for method in sorted({METHODS.get(method, "search") for method in methods}):
            text, shorter = (before + body * number + end for number in (MANY, FEW))
            found = f"{method}: {before!r} + {body!r} * n + {end!r}"
            try:
                many = counted.steps(text, method, most=MOST_STEPS_OF_A_CHARACTER * len(text))
            except TooManySteps:
                return found
            if many <= SURELY_LINEAR * len(text):
                continue
            few = counted.steps(shorter, method, most=many)
            if many > GROWTH * few + 400:
                return f"{found}: {few}, {many}"
    return ""


def test_every_pattern_is_linear() -> None:
    patterns = all_patterns()

    assert len(patterns) > 180
    assert {where: found for where, (each, methods) in patterns.items() if (found := grows(each, methods))} == {}


def test_no_pattern_is_left_out() -> None:
    """Each that a function makes is made here too; each module's own are found in it."""
    assert made_in_functions() == set(MADE)
    found = [where.rpartition(" ")[0].rpartition(".")[0] for where in all_patterns()]
    assert {module: count for module, count in held_by_modules().items() if found.count(module) < count} == {}


@pytest.mark.parametrize(
    ("text", "method"),
    [
        (r"(a+)+b", "match"),
        (r"(?:a|aa)+b", "match"),
        (r"[^']*'?[^']*x", "match"),
        (r"\s*\(", "search"),
        (r"(\w+)=(\w+);", "search"),
        (r"x.*y.*z", "search"),
        (r"(?:[^`]|``)+`(?:[^`]|``)+", "fullmatch"),
        (r"(?P<a>.*),(?P<b>.*)!", "match"),
    ],
)
def test_a_pattern_that_is_not_is_found(text: str, method: str) -> None:
    assert grows(re.compile(text), frozenset({method}))


def test_patterns_are_counted_as_they_match() -> None:
    names = ("dump.ddl_tokens", "target.privileges", "dump.metadata_ini", "engines.hiding", "dump.stand_ins")
    patterns = [found for where, (found, _) in all_patterns().items() if where.startswith(names)]
    both = [(pattern, CountedPattern(pattern)) for pattern in patterns if isinstance(pattern.pattern, str)]

    @given(st.text("ab'`\\ \n1/*", max_size=12))
    @settings(max_examples=50)
    def check(text: str) -> None:
        for pattern, counted in both:
            match = pattern.match(text)
            assert counted.end(text) == (match.end() if match else None), (pattern.pattern, text)

    check()
