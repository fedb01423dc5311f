"""Names as servers tell them apart."""

from __future__ import annotations

import pytest

from airflow_dm_loader.identifiers import folded
from airflow_dm_loader.plan.filters import owner_of


@pytest.mark.parametrize(
    ("name", "as_servers_have_it"),
    [
        ("MYSQL", "mysql"),
        ("\u0130nfo", "info"),
        ("\u212a", "k"),
        ("\u0391\u03a3", "\u03b1\u03c3"),
        ("\u00df", "\u00df"),
    ],
)
def test_names_are_put_into_lower_case_letter_for_letter(name: str, as_servers_have_it: str) -> None:
    assert folded(name) == as_servers_have_it


@pytest.mark.parametrize("name", ["mysql", "MySQL", "\u0130NFORMATION_SCHEMA", "l\u0130ghtning_task_info", "\u212aeep"])
def test_no_way_to_write_a_name_makes_a_protected_schema_a_users(name: str) -> None:
    assert owner_of(name, "keep") is not None
