"""The documentation that comes with the package, as pages. Pure."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from pathlib import Path

PAGES = ("errors", "settings")

_PACKAGE = Path(__file__).parents[1]
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
{refresh}<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1.5em; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #8886; padding: .3em .6em; text-align: left; vertical-align: top; }}
pre {{ background: #8882; padding: .6em; white-space: pre-wrap; }}
:target {{ background: #fd06; }}
.n {{ text-align: right; }}
.problem {{ background: #f446; padding: .6em; }}
.bar {{ position: relative; min-width: 16em; height: 1.5em; background: #8882; }}
.bar div {{ position: absolute; height: 100%; background: #2a86; }}
.bar span {{ position: absolute; left: .5em; }}
</style>
</head>
<body>
{body}</body>
</html>
"""


def page(name: str) -> str:
    """A page of the documentation as HTML; each heading can be linked to by its text in lower case.

    Raises:
        KeyError: there is no such page.
    """
    from markdown_it import MarkdownIt

    if name not in PAGES:
        raise KeyError(name)
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(_text(name))
    for heading, inside in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", inside.content.lower().replace(" ", "-"))
    body = markdown.renderer.render(tokens, markdown.options, {})
    return as_page(name.capitalize(), body)


def as_page(title: str, body: str, *, refresh_s: int | None = None) -> str:
    """A page of ours around a body in HTML, which asks for itself again every ``refresh_s`` seconds, if any."""
    refresh = f'<meta http-equiv="refresh" content="{refresh_s}">\n' if refresh_s else ""
    return _PAGE.format(title=escape(title), body=body, refresh=refresh)


def _text(name: str) -> str:
    """In a wheel the pages lie in the package, in the repository beside it."""
    found = (folder / "docs" / f"{name}.md" for folder in (_PACKAGE, _PACKAGE.parent))
    return next(path for path in found if path.is_file()).read_text(encoding="utf-8")
