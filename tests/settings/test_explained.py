from __future__ import annotations

import pytest

from airflow_dm_loader.settings import choices
from airflow_dm_loader.settings.choices import Choice
from airflow_dm_loader.settings.explained import explained

CHOICES = [kind for kind in vars(choices).values() if isinstance(kind, type) and issubclass(kind, Choice)]


@pytest.mark.parametrize("choice", [kind for kind in CHOICES if kind is not Choice])
def test_every_value_of_every_choice_is_explained_and_no_other(choice: type[Choice]) -> None:
    words = explained(choice)
    assert list(words) == [member.value for member in choice]
    assert len(set(words.values())) == len(words)
