"""Hooks of mkdocs: what stands at the root of the repository becomes pages, and links out of docs/ lead to the sources.

On a forge and on the site the same files are read, so links are written for the forge: relative to the file. README.md,
CONTRIBUTING.md and CHANGELOG.md become pages; a link to a source file becomes a link to the repository; the decisions
are put into the navigation by themselves.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
PAGES_OF_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_ROLE = re.compile(r":[a-z]+:<code>~?(?:[a-z_]+\.)*")  # Sphinx's roles of docstrings, once they are HTML
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    decisions = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
    assert config.nav is not None
    config.nav.append({"Decisions": [f"decisions/{name}" for name in decisions]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for source, page in PAGES_OF_ROOT.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page's text, each of its links rewritten from the repository's tree to the site's.

    Raises:
        PluginError: a link leads to a file that the repository does not have.
    """
    sources = {page: source for source, page in PAGES_OF_ROOT.items()}
    source = sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def rewritten(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[1]))
        if not (ROOT / target).exists():
            raise PluginError(f"{source} links to {match[1]}, which does not exist")
        return _on_site(target, page, config) + (match[2] or "")

    return _LINK.sub(rewritten, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return _ROLE.sub("<code>", html)


def _on_site(target: str, page: Page, config: MkDocsConfig) -> str:
    here = posixpath.dirname(page.file.src_uri)
    if target in PAGES_OF_ROOT:
        return posixpath.relpath(PAGES_OF_ROOT[target], here or ".")
    if target.startswith("docs/") and (ROOT / target).is_file():
        return posixpath.relpath(target.removeprefix("docs/"), here or ".")
    return f"{(config.repo_url or '').rstrip('/')}/blob/main/{target}"
