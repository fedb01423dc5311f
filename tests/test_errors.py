from __future__ import annotations

import copy
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader import errors
from airflow_dm_loader.errors import ConfigError, LoaderError, RowError, excerpt


def family(root: type[LoaderError]) -> list[type[LoaderError]]:
    below = [kind for kind in root.__subclasses__() if kind.__module__ == errors.__name__]
    return [root, *(kind for child in below for kind in family(child))]


FAMILY = family(LoaderError)


def drawn_tree() -> dict[str, tuple[str, int | None]]:
    """class -> (parent, code), as the module's docstring draws them."""
    tree: dict[str, tuple[str, int | None]] = {}
    above: list[str] = []
    for line in str(errors.__doc__).splitlines():
        if match := re.match(r" {4}([│├└─ ]*)(\w+Error)\b\s*(\d{5}|200xx)?", line):
            depth = len(match[1]) // 4
            del above[depth:]
            code = match[3].replace("xx", "00") if match[3] else None
            tree[match[2]] = (above[-1] if above else "Exception", int(code) if code else None)
            above.append(match[2])
    return tree


def full(kind: type[LoaderError]) -> LoaderError:
    """An error of this kind that says all it can."""
    if issubclass(kind, ConfigError):
        error: LoaderError = kind("wrong", code=20053, remedy="Mend it.")
        return error.at(file="s.t.sql", offset=7, table="s.t")
    return kind(
        "wrong", remedy="Mend it.", file="s.t.sql", offset=7, table="s.t", errno=1062, statement=b"INSERT\xff" * 99
    )


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    parents = {name: parent for name, (parent, _) in drawn_tree().items()}
    assert parents == {kind.__name__: kind.__mro__[1].__name__ for kind in FAMILY}


def test_the_codes_in_the_docstring_are_the_codes_of_the_classes() -> None:
    drawn = {name: code for name, (_, code) in drawn_tree().items() if code is not None}
    assert len(drawn) > 12
    assert drawn == {kind.__name__: kind.code for kind in FAMILY if kind.__name__ in drawn}


def test_the_first_level_says_how_to_recover() -> None:
    assert [kind.__name__ for kind in LoaderError.__subclasses__() if kind.__module__ == errors.__name__] == [
        "FatalError",
        "RetriableError",
        "DataError",
    ]


@pytest.mark.parametrize("kind", FAMILY)
def test_each_error_says_its_code_its_place_and_what_to_do(kind: type[LoaderError]) -> None:
    text = str(full(kind))
    code = 20053 if kind is ConfigError else kind.code
    assert text.startswith(f"[{code}] wrong | ")
    assert "file s.t.sql at byte 7" in text
    assert "table s.t" in text
    assert text.endswith("| What to do: Mend it.")


@pytest.mark.parametrize("kind", FAMILY)
def test_each_error_has_a_remedy_of_its_own_accord(kind: type[LoaderError]) -> None:
    error = kind("wrong")
    assert error.remedy == kind.default_remedy
    assert str(error) == f"[{kind.code}] wrong | What to do: {kind.default_remedy}"
    assert kind.default_remedy.endswith(".")


@pytest.mark.parametrize("kind", FAMILY)
def test_each_error_survives_being_pickled_and_copied(kind: type[LoaderError]) -> None:
    error = full(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert again.__dict__ == error.__dict__
        assert str(again) == str(error)
        assert again.code == error.code


def test_a_code_of_one_setting_leaves_the_class_as_it_is() -> None:
    assert ConfigError("wrong", code=20053).code == 20053
    assert ConfigError("wrong").code == ConfigError.code == 20000


def test_where_it_happened_is_added_but_never_replaced() -> None:
    error = RowError("wrong", offset=0)
    assert error.at(file="a.sql", offset=5) is error
    error.at(file="b.sql", table="s.t")
    assert (error.file, error.offset, error.table) == ("a.sql", 0, "s.t")
    assert "file a.sql at byte 0" in str(error)


def test_the_server_s_number_is_told_apart_from_ours() -> None:
    assert str(RowError("Duplicate entry", errno=1062)).startswith("[34019] Duplicate entry | server error 1062 | ")


@given(statement=st.binary(max_size=400) | st.text(st.characters(), max_size=400))
def test_an_excerpt_is_printable_and_bounded(statement: bytes | str) -> None:
    shown = excerpt(statement)
    assert all(letter.isprintable() or letter in "\t\n" for letter in shown)
    assert shown.encode().decode() == shown
    assert len(shown) <= 4 * 200 + len("...")


def test_an_excerpt_shows_text_as_it_is() -> None:
    assert excerpt("INSERT INTO `表` VALUES\n('a')".encode()) == "INSERT INTO `表` VALUES\n('a')"
    assert excerpt(b"a\x00\x1b[31m\xff") == r"a\x00\x1b[31m\xff"
    assert excerpt("\udcff\u202e") == r"\udcff\u202e"


def test_an_excerpt_says_that_more_follows() -> None:
    assert excerpt(b"x" * 200) == "x" * 200
    assert excerpt(b"x" * 201) == "x" * 200 + "..."
    assert excerpt("表" * 67, 200) == "表" * 66 + r"\xe8\xa1" + "..."
