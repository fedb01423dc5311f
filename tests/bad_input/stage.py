"""A dump, a server, and what a person may change between two tries: for tests that follow an error's remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.report import LoadReport
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import load_config, load_soon
from tests.tables import one, query

ROWS = ('(1,"a")', '(2,"b")')


@dataclass
class Stage:
    """A dump, a server, and what a person may change between two tries."""

    server: PrivateMariaDB
    target: TargetConfig
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    globals_before: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> LoadConfig:
        return load_config(self.folder, **self.settings)

    def sql(self, *statements: str) -> None:
        for statement in statements:
            query(self.server, statement)

    def set_global(self, name: str, value: int) -> None:
        """For the sessions that begin from now on; the test puts it back."""
        if name not in self.globals_before:
            self.globals_before[name] = one(self.server, f"SELECT @@GLOBAL.{name}")
        self.sql(f"SET GLOBAL {name} = {value}")

    def change(self, name: str, wrong: str, right: str) -> None:
        """Put one text in another's place, in a file of the dump."""
        path = self.folder / name
        text = path.read_text()
        assert wrong in text
        path.write_text(text.replace(wrong, right))

    def correct(self, name: str, wrong: str, right: str) -> None:
        """The same; the file's size stays."""
        assert len(wrong) == len(right)
        self.change(name, wrong, right)

    def led_out(self, provoke: Callable[[Stage], object], says: str, fix: Callable[[Stage], object]) -> LoadReport:
        """The report of a load that failed, with these words in its remedy, and is clean once that was followed."""
        provoke(self)
        with pytest.raises(LoaderError) as caught:
            load_soon(self.config, self.target)
        assert says in caught.value.remedy, caught.value
        assert caught.value.remedy

        fix(self)

        report = load_soon(self.config, self.target)
        assert report.outcome == "clean"
        return report
