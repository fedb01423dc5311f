"""What the dump holds can be kept out of errors and logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.errors import ConnectionLostError, LockedError, RowError, TargetError, UnsupportedStatementError
from airflow_dm_loader.hidden_values import hide_in_message, without_values

KEPT = [
    (1406, "Data too long for column 'v' at row 3"),
    (1048, "Column 'v' cannot be null"),
    (4025, "CONSTRAINT `positive` failed for `s`.`t`"),
    (1205, "Lock wait timeout exceeded; try restarting transaction"),
    (1142, "INSERT command denied to user 'u'@'h' for table `s`.`t`"),
    (None, "rows can't be told apart here"),
]
CUT = [
    (1062, "Duplicate entry '{}' for key 'PRIMARY'"),
    (1062, "the server would change a value: Duplicate entry '{}' for key 'v'"),
    (1062, "more rows are wrong than max_error_rows allows (conflict: 7): Duplicate entry '{}' for key 'v'"),
    (1366, "Incorrect integer value: '{}' for column `s`.`t`.`n` at row 1"),
    (1292, "the server would change a value: Incorrect datetime value: '{}' for column 'd' at row 12"),
    (1292, "Truncated incorrect DOUBLE value: '{}'"),
    (1300, "Invalid utf8mb4 character string: '{}'"),
    (1526, "Table has no partition for value {}"),
    (1064, "You have an error in your SQL syntax; check the manual for the right syntax to use near '{}' at line 1"),
    (1054, "Unknown column '{}' in 'field list'"),
    (1644, "{} is not for sale, says a trigger"),
    (9999, "whatever a server of the future says of {}"),
]


@pytest.mark.parametrize(("errno", "text"), KEPT)
def test_a_text_that_repeats_no_value_stays(errno: int | None, text: str) -> None:
    assert hide_in_message(text, errno) == text


@pytest.mark.parametrize(("errno", "form"), CUT)
@pytest.mark.parametrize("value", ["canary", "it's a canary", "canary' for key 'x", "'canary\n' at row 9", ""])
def test_a_value_is_cut_out(errno: int, form: str, value: str) -> None:
    hidden = hide_in_message(form.format(value), errno)

    assert "canary" not in hidden
    assert "(hidden)" in hidden


@given(st.sampled_from(CUT), st.text())
def test_whatever_the_value_is_nothing_of_it_is_left(form: tuple[int, str], value: str) -> None:
    hidden = {hide_in_message(form[1].format(f"{value}{mark}{value}"), form[0]) for mark in ("<one>", "<two>")}

    assert len(hidden) == 1 or not any(mark in text for text in hidden for mark in ("<one>", "<two>"))


def test_what_helps_to_find_the_row_stays() -> None:
    text = hide_in_message("Incorrect integer value: 'abc' for column `s`.`t`.`n` at row 1", 1366)

    assert text == "Incorrect integer value: '(hidden)' for column `s`.`t`.`n` at row 1"


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("INSERT INTO `t` VALUES (1,'canary')", "INSERT INTO `t` VALUES (hidden)"),
        ("insert ignore into `t` (`a`,`b`) values\n(1,'canary')", "insert ignore into `t` (`a`,`b`) values (hidden)"),
        ("INSERT INTO `t` SELECT 'canary VALUES'", "(hidden)"),
        ("(1,'canary')", "(hidden)"),
        ("canary", "(hidden)"),
        ("CREATE TABLE `t` (`a` int)", "CREATE TABLE `t` (`a` int)"),
    ],
)
def test_of_a_statement_the_head_stays(statement: str, shown: str) -> None:
    error = UnsupportedStatementError("not this", file="s.t.sql", offset=7, statement=statement)

    hidden = without_values(error)

    assert (hidden.statement, hidden.file, hidden.offset) == (shown, "s.t.sql", 7)
    assert isinstance(hidden, UnsupportedStatementError)
    assert error.statement == statement  # the error itself is as it was


def test_nothing_hangs_on_to_the_error_that_repeats_them() -> None:
    try:
        try:
            raise ValueError("canary")
        except ValueError as cause:
            raise RowError("Duplicate entry 'canary' for key 'v'", errno=1062, table="s.t") from cause
    except RowError as error:
        hidden = without_values(error)

    assert (hidden.__cause__, hidden.__context__) == (None, None)
    assert "canary" not in repr(hidden) + repr(hidden.args) + repr(vars(hidden)) + str(hidden)
    assert (hidden.errno, hidden.table, hidden.code) == (1062, "s.t", 34019)


@pytest.mark.parametrize("kind", [ConnectionLostError, LockedError, TargetError])
def test_an_error_is_of_the_kind_that_it_was(kind: type[TargetError]) -> None:
    error = kind("gone", errno=2013, remedy="Mend it.")

    assert type(without_values(error)) is kind
    assert str(without_values(error)) == str(error)
