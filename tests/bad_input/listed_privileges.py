"""The privileges that docs/privileges.md lists."""

from __future__ import annotations

import re
from pathlib import Path

DOC = Path(__file__).parents[2] / "docs" / "privileges.md"


def listed(what: str) -> list[str]:
    """The GRANT statements that docs/privileges.md shows under a heading."""
    (section,) = re.findall(rf"## {re.escape(what)}\n(.*?)(?=\n## |\Z)", DOC.read_text(), re.DOTALL)
    return re.findall(r"^GRANT .*?;$", section, re.MULTILINE)
