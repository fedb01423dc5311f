"""Packages that only some dumps need."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from airflow_dm_loader.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Extra:
    """A package, and the extra of ours that brings it."""

    package: str
    name: str

    def check(self, what: str, file: str) -> None:
        """Raise ConfigError where it is not installed.

        Args:
            what: is read with it, in words.
        """
        if find_spec(self.package) is None:
            raise ConfigError(
                f"{what}, as {file!r}, needs the package {self.package}, which is not installed here",
                remedy=f"pip install airflow-dm-loader[{self.name}], on every worker; then clear.",
            )
