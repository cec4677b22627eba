"""Gives the pages to MkDocs: `hooks:` in mkdocs.yml names this file."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from mkdocs.config.defaults import MkDocsConfig  # noqa: E402
from mkdocs.exceptions import PluginError  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402
from mkdocs.structure.pages import Page  # noqa: E402

from celery_lint import __version__  # noqa: E402
from scripts.site import pages, places  # noqa: E402

_texts: dict[str, str] = {}
# What GitHub would show as a table above the page if it stood there.
_WIDE: dict[str, object] = {"hide": ["toc"]}
_META: dict[str, dict[str, object]] = {
    "index.md": {"template": "home.html", "title": "celery-lint", "hide": ["navigation", "toc", "footer"]},
    "how-it-works.md": _WIDE,
    "map.md": _WIDE,
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """What templates may show."""
    config.extra["version_name"] = __version__
    config.extra["repository"] = places.repository()
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is not in `docs/`, and put together the menu of what is there."""
    _texts.clear()
    try:
        _texts.update(pages.build())
    except places.BrokenLinkError as error:
        raise PluginError(str(error)) from None
    for uri, text in _texts.items():
        if uri not in files.src_uris:
            files.append(File.generated(config, uri, content=text))
    for uri, path in pages.other_files().items():
        files.append(File.generated(config, uri, content=path.read_text(encoding="utf-8")))
    config.nav = pages.menu(config.nav or [], _texts)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """A page of `docs/` with what is generated in it."""
    page.meta.update(_META.get(page.file.src_uri, {}))
    return markdown if page.file.generated_by else _texts.get(page.file.src_uri, markdown)
