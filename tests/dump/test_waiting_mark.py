from __future__ import annotations

import pytest

from airflow_dm_loader.dump.waiting_mark import mark, split_mark, with_mark

MARK = " [dm-loader builds later: `k`]"


@pytest.mark.parametrize("comment", ["", "ours", "[x]", "a `b`] ", MARK])
@pytest.mark.parametrize("names", [("k",), ("k", "with`quote", "with, comma", "] [dm-loader")])
def test_what_is_put_behind_a_comment_comes_off_again(comment: str, names: tuple[str, ...]) -> None:
    assert split_mark(comment + mark(names)) == (comment, names)


@pytest.mark.parametrize("comment", ["", "k", " [dm-loader builds later: ]", f"{MARK}.", MARK.replace("k", "k`")])
def test_a_comment_without_a_mark(comment: str) -> None:
    assert split_mark(comment) == (comment, ())
    assert mark(()) == ""


@pytest.mark.parametrize(
    ("options", "marked"),
    [
        ("", f" COMMENT='{MARK}'"),
        (" ENGINE=InnoDB", f" COMMENT='{MARK}' ENGINE=InnoDB"),
        (" COMMENT='it''s' ENGINE=InnoDB", f" COMMENT='it''s{MARK}' ENGINE=InnoDB"),
        (' comment "x"', f' comment "x{MARK}"'),
        (
            " PARTITION BY HASH (`a`) (PARTITION p COMMENT = 'its')",
            f" COMMENT='{MARK}' PARTITION BY HASH (`a`) (PARTITION p COMMENT = 'its')",
        ),
    ],
)
def test_where_it_stands_in_a_create(options: str, marked: str) -> None:
    body = "(`a` int COMMENT 'a column''s, ) COMMENT=''')"
    assert with_mark(body + options, ["k"]) == body + marked


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (" COMMENT='a' COMMENT='b'", ["k"]),
        (f" COMMENT='{'x' * (2049 - len(MARK))}'", ["k"]),
        ("", ["it's"]),
        ("", ["back\\slash"]),
        ("", ["a [dm-loader builds later: `x`"]),
        ("", [f"a_long_name_{at:050}" for at in range(64)]),
    ],
)
def test_a_create_that_takes_none(options: str, names: list[str]) -> None:
    assert with_mark(f"(`a` int){options}", names) is None
