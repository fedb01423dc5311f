"""How many steps a pattern of ``re`` takes: the same backtracking as the interpreter's, counted, whatever the machine.

A step is a look at a character, or at a way to go on. What ``re`` leaves out by tricks of its own is counted here, so a
pattern may be faster there than counted, and never slower in its growth.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Continue = Callable[[int], bool]
Node = Callable[[int, Continue], bool]
_DEEP = 200_000
_OF_ONE_KIND = 1  # repetitions of the same that are reached in a pattern made of pieces
_WORDS = frozenset("_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class TooManySteps(Exception):
    """The count went beyond what was allowed."""


class CountedPattern:
    """A compiled pattern, read anew from its source."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        source, self._flags = pattern.pattern, pattern.flags
        text = source.decode("latin-1") if isinstance(source, bytes) else source
        self.tree = parser.parse(text, self._flags & ~re.UNICODE if isinstance(source, bytes) else self._flags)
        self._is_bytes = isinstance(source, bytes)
        self._text = ""
        self._steps = self._most = 0
        self._groups: dict[int, tuple[int, int]] = {}
        self._begin = self._sequence(list(self.tree), self.tree.state.flags)

    def steps(self, text: str, method: str, *, most: int) -> int:
        """Of ``match`` or ``fullmatch``, or of any other method: of finding all matches. Raises TooManySteps."""
        self._text, self._steps, self._most = text, 0, most
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEEP)
        try:
            at = 0
            while at <= len(text):
                end = self._end(at, whole=method == "fullmatch")
                if method in {"match", "fullmatch"}:
                    break
                at = at + 1 if end is None else max(end, at + 1)
        finally:
            sys.setrecursionlimit(limit)
        return self._steps

    def end(self, text: str) -> int | None:
        """Where a match at the start of a text ends, to hold against ``re``."""
        self._text, self._steps, self._most = text, 0, 1 << 40
        return self._end(0)

    def _end(self, at: int, *, whole: bool = False) -> int | None:
        self._groups.clear()
        if whole:
            return len(self._text) if self._begin(at, lambda end: end == len(self._text)) else None
        return self._alone(self._begin, at)

    @staticmethod
    def _alone(node: Node, at: int) -> int | None:
        """Where a node ends that nothing makes try another way."""
        found: list[int] = []

        def note(end: int) -> bool:
            found.append(end)
            return True

        return found[-1] if node(at, note) else None

    def _step(self) -> None:
        self._steps += 1
        if self._steps > self._most:
            raise TooManySteps

    def _sequence(self, items: Sequence[tuple[Any, Any]], flags: int) -> Node:
        nodes = [self._node(code, argument, flags) for code, argument in items]
        if len(nodes) == 1:
            return nodes[0]

        def run(at: int, go_on: Continue, number: int = 0) -> bool:
            if number == len(nodes):
                return go_on(at)
            return nodes[number](at, lambda end: run(end, go_on, number + 1))

        return run

    def _node(self, code: Any, argument: Any, flags: int) -> Node:
        if (single := self._single(code, argument, flags)) is not None:
            return lambda at, go_on: self._looks(single, at) and go_on(at + 1)
        make = getattr(self, f"_{str(code).lower()}")
        return make(argument, flags)  # type: ignore[no-any-return]

    def _looks(self, single: Callable[[str], bool], at: int) -> bool:
        self._step()
        return at < len(self._text) and single(self._text[at])

    # -- one character

    def _single(self, code: Any, argument: Any, flags: int) -> Callable[[str], bool] | None:
        if code is op.ANY:
            return (lambda _: True) if flags & re.DOTALL else (lambda char: char != "\n")
        if code in {op.LITERAL, op.NOT_LITERAL}:
            wanted, same = chr(argument), code is op.LITERAL
            if flags & re.IGNORECASE:
                return lambda char: (char.lower() == wanted.lower()) is same
            return lambda char: (char == wanted) is same
        if code is op.IN:
            return cache(lambda char: _is_in(char, argument, flags, is_bytes=self._is_bytes))
        return None

    # -- places

    def _at(self, where: Any, flags: int) -> Node:
        def is_word(at: int) -> bool:
            return 0 <= at < len(self._text) and (self._text[at] in _WORDS)

        def holds(at: int) -> bool:
            text = self._text
            if where in {op.AT_BEGINNING, op.AT_BEGINNING_STRING}:
                return at == 0 or bool(flags & re.MULTILINE and where is op.AT_BEGINNING and text[at - 1] == "\n")
            if where is op.AT_END_STRING:
                return at == len(text)
            if where is op.AT_END:
                last = at == len(text) or (at == len(text) - 1 and text[at] == "\n")
                return last or bool(flags & re.MULTILINE and text[at] == "\n")
            differ = is_word(at - 1) != is_word(at)
            return differ is (where is op.AT_BOUNDARY)

        def run(at: int, go_on: Continue) -> bool:
            self._step()
            return holds(at) and go_on(at)

        return run

    def _assert(self, argument: Any, flags: int, *, wanted: bool = True) -> Node:
        direction, items = argument
        node, width = self._sequence(list(items), flags), items.getwidth()[0]

        def run(at: int, go_on: Continue) -> bool:
            self._step()
            start = at if direction > 0 else at - width
            return (start >= 0 and self._alone(node, start) is not None) is wanted and go_on(at)

        return run

    def _assert_not(self, argument: Any, flags: int) -> Node:
        return self._assert(argument, flags, wanted=False)

    # -- groups

    def _subpattern(self, argument: Any, flags: int) -> Node:
        number, added, removed, items = argument
        node = self._sequence(list(items), (flags | added) & ~removed)
        if number is None:
            return node

        def run(at: int, go_on: Continue) -> bool:
            before = self._groups.get(number, (-1, -1))

            def close(end: int) -> bool:
                self._groups[number] = (at, end)
                return go_on(end)

            if node(at, close):
                return True
            self._groups[number] = before
            return False

        return run

    def _groupref(self, number: int, _flags: int) -> Node:
        def run(at: int, go_on: Continue) -> bool:
            self._step()
            start, end = self._groups.get(number, (-1, -1))
            text = self._text[start:end]
            return start >= 0 and self._text.startswith(text, at) and go_on(at + len(text))

        return run

    def _atomic_group(self, items: Any, flags: int) -> Node:
        node = self._sequence(list(items), flags)

        def run(at: int, go_on: Continue) -> bool:
            end = self._alone(node, at)
            return end is not None and go_on(end)

        return run

    def _branch(self, argument: Any, flags: int) -> Node:
        ways = [self._sequence(list(items), flags) for items in argument[1]]

        def run(at: int, go_on: Continue) -> bool:
            for way in ways:
                self._step()
                if way(at, go_on):
                    return True
            return False

        return run

    # -- repetitions

    def _possessive_repeat(self, argument: Any, flags: int) -> Node:
        least, most, items = argument
        node = self._sequence(list(items), flags)

        def run(at: int, go_on: Continue) -> bool:
            count = 0
            while most is op.MAXREPEAT or count < most:
                self._step()
                end = self._alone(node, at)
                if end is None or end == at:
                    break
                at, count = end, count + 1
            return count >= least and go_on(at)

        return run

    def _max_repeat(self, argument: Any, flags: int, *, greedy: bool = True) -> Node:
        least, most, items = argument
        most = 1 << 40 if most is op.MAXREPEAT else most
        if len(items) == 1 and (single := self._single(items[0][0], items[0][1], flags)) is not None:
            return self._many(single, least, most, greedy=greedy)
        node = self._sequence(list(items), flags)

        def run(at: int, go_on: Continue, count: int = 0) -> bool:
            self._step()
            ways: list[Callable[[], bool]] = []
            if count < most:
                ways.append(lambda: node(at, lambda end: (end > at or count < least) and run(end, go_on, count + 1)))
            if count >= least:
                ways.append(lambda: go_on(at))
            return any(way() for way in (ways if greedy else reversed(ways)))

        return run

    def _min_repeat(self, argument: Any, flags: int) -> Node:
        return self._max_repeat(argument, flags, greedy=False)

    def _many(self, single: Callable[[str], bool], least: int, most: int, *, greedy: bool) -> Node:
        """Of one character: what there is of it is counted once."""

        def greedily(at: int, go_on: Continue) -> bool:
            count = 0
            while count < most and self._looks(single, at + count):
                count += 1
            for taken in range(count, least - 1, -1):
                self._step()
                if go_on(at + taken):
                    return True
            return False

        def lazily(at: int, go_on: Continue) -> bool:
            for count in range(most + 1):
                if count >= least and go_on(at + count):
                    return True
                if not self._looks(single, at + count):
                    return False
            return False

        return greedily if greedy else lazily


def _is_in(char: str, items: Sequence[tuple[Any, Any]], flags: int, *, is_bytes: bool) -> bool:
    spellings = {char, char.lower(), char.upper()} if flags & re.IGNORECASE else {char}
    negated = items[0][0] is op.NEGATE
    found = any(_is_item(each, code, argument, is_bytes) for code, argument in items for each in spellings)
    return found is not negated


def _is_item(char: str, code: Any, argument: Any, is_bytes: bool) -> bool:
    if code is op.LITERAL:
        return char == chr(argument)
    if code is op.RANGE:
        return len(char) == 1 and argument[0] <= ord(char) <= argument[1]
    if code is op.CATEGORY:
        name = str(argument).rpartition("_")[2].lower()
        plain = char.isascii() or not is_bytes
        found = plain and {
            "digit": char.isdigit(), "space": char in " \t\n\r\f\v",
            "word": char in _WORDS or (not is_bytes and char.isalnum()),
        }[name]  # fmt: skip
        return found is not ("NOT" in str(argument))
    assert code is op.NEGATE
    return False


def attacks(counted: CountedPattern) -> Iterator[tuple[str, str, str]]:
    """Texts that make a pattern try much: what stands before, what is repeated, and an end that fits nowhere.

    Each repetition in the pattern is reached by the shortest text, and fed with each of its alternatives.
    """
    seen: set[tuple[str, str]] = set()
    for before, body in _repetitions(list(counted.tree), "", Counter()):
        for pair in ((before, body), ("", before + body)):
            if pair not in seen:
                seen.add(pair)
                yield from ((*pair, end) for end in ("", "\n'`\x00"))


def _repetitions(
    items: Sequence[tuple[Any, Any]], before: str, seen: Counter[str], behind: str = ""
) -> Iterator[tuple[str, str]]:
    """``behind``: what follows these items."""
    for number, (code, argument) in enumerate(items):
        follows = next(iter(_samples(list(items[number + 1 : number + 2]))), "") or behind
        for inner in _inner(code, argument):
            yield from _repetitions(inner, before, seen, follows)
        if code in {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT} and argument[1] > 8:
            seen[repr(argument)] += 1
            if seen[repr(argument)] <= _OF_ONE_KIND:
                bodies = _samples(list(argument[2]))
                yield from ((before, body) for body in (*bodies, bodies[0] + follows) if body)
        before += next(iter(_samples([(code, argument)])), "")


def _inner(code: Any, argument: Any) -> list[list[tuple[Any, Any]]]:
    if code in {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}:
        return [list(argument[2])]
    if code is op.SUBPATTERN:
        return [list(argument[3])]
    if code is op.ATOMIC_GROUP:
        return [list(argument)]
    if code is op.BRANCH:
        return [list(items) for items in argument[1]]
    return []


def _samples(items: Sequence[tuple[Any, Any]], most: int = 6) -> list[str]:
    """Short texts that match, one for each alternative that there is."""
    found = [""]
    for code, argument in items:
        found = [text + more for text in found for more in _texts(code, argument)][:most]
    return list(dict.fromkeys(found))


def _texts(code: Any, argument: Any) -> list[str]:
    if code is op.LITERAL:
        return [chr(argument)]
    if code in {op.NOT_LITERAL, op.ANY}:
        return [next(char for char in "a1 '" if code is op.ANY or ord(char) != argument)]
    if code is op.IN:
        return _members(argument)
    if code in {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}:
        return [text * argument[0] for text in _samples(list(argument[2]))] if argument[0] else [""]
    if code is op.BRANCH:
        return [text for items in argument[1] for text in _samples(list(items), 2)]
    inner = _inner(code, argument)
    return _samples(inner[0]) if inner else [""]


def _members(items: Sequence[tuple[Any, Any]]) -> list[str]:
    good = [char for char in "a1 _'`\"\\*/(,=-.\n\t\x81" if _is_in(char, items, 0, is_bytes=True)]
    good += [chr(argument) for code, argument in items if code is op.LITERAL and items[0][0] is not op.NEGATE]
    good += [chr(argument[0]) for code, argument in items if code is op.RANGE and items[0][0] is not op.NEGATE]
    return list(dict.fromkeys(good))[:2] or [""]
