"""Looks at the site that was built: every link leads somewhere, and nothing is loaded from elsewhere.

python -m scripts.site.check build/site
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

_ELSEWHERE = re.compile(r"^(https?:)?//")
# What a browser loads by itself, by element and attribute.
_LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href"), ("use", "href")}
_HARMLESS_LINKS = {"canonical", "prev", "next", "edit"}
_CSS_URL = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")


class _Page(HTMLParser):
    """What a page leads to, loads, and offers to lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        is_harmless = tag == "link" and bool(_HARMLESS_LINKS & set(values.get("rel", "").split()))
        self.loaded += [values[name] for name in values if (tag, name) in _LOADED and not is_harmless]


def problems(site: Path) -> Iterator[str]:
    """What is wrong with the SITE that was built there."""
    for file in sorted(site.rglob("*.html")):
        name = file.relative_to(site).as_posix()
        page = _read(file)
        yield from (f"{name}: loads {each}" for each in page.loaded if _ELSEWHERE.match(each))
        # Its links start at the root of wherever the site is.
        if name != "404.html":
            yield from (f"{name}: {each} leads nowhere" for each in page.links if not _leads(each, file, site))
    for file in sorted(site.rglob("*.css")):
        text = file.read_text(encoding="utf-8")
        yield from (f"{file.relative_to(site)}: loads {each}" for each in _CSS_URL.findall(text))


def _leads(link: str, file: Path, site: Path) -> bool:
    way, fragment = urldefrag(link)
    if re.match(r"[a-z][a-z+.-]*:|//", way):
        return True
    target = (file.parent / unquote(way)).resolve() if way else file
    if target.is_dir():
        target /= "index.html"
    if not target.is_file() or not target.is_relative_to(site.resolve()):
        return False
    return not fragment or target.suffix != ".html" or unquote(fragment) in _read(target).ids


@cache
def _read(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def main() -> int:
    """Say what is wrong; 1 when anything is."""
    found = list(problems(Path(sys.argv[1]).resolve()))
    sys.stdout.write("".join(f"{each}\n" for each in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
