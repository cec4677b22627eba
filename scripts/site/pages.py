"""All pages of the site, from the repository. Nothing here knows MkDocs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from celery_lint.rule import Rule
from scripts.site import contracts, diagrams, marked, reference, rules
from scripts.site.places import RENAMED, ROOT, relink, site_path, source_path
from scripts.site.sources import experiments, files_in, source_page

# Where a menu has room for pages that it does not name.
_REST = "Guides"


def build() -> dict[str, str]:
    """The text of every page, by its place on the site."""
    written = dict(_written())
    wanted: set[str] = {rules.code_path(rule) for rule in rules.rules()}
    wanted |= {rules.cases_path(rule) for rule in rules.rules()}
    wanted |= {file for places in experiments().values() for file, _, _ in places}
    pages = {}
    for source, text in written.items():
        page = site_path(source)
        assert page is not None, source
        pages[page] = relink(text, source, page, wanted.add)
    return pages | dict(_sources(wanted))


def _written() -> Iterator[tuple[str, str]]:
    """What people wrote, by its file in the repository, with what is generated in its place."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        source = path.relative_to(ROOT).as_posix()
        yield source, marked.filled(rules.executed(path.read_text(encoding="utf-8")), _generated)
    for source in RENAMED:
        if source not in ("README.md", "rules/README.md") and (ROOT / source).is_file():
            yield source, marked.filled((ROOT / source).read_text(encoding="utf-8"), _generated)
    yield "rules/README.md", rules.index_page()
    for rule in rules.rules():
        yield rules.page_path(rule), rules.rule_page(rule)


_GENERATED: Mapping[str, Callable[[str], str]] = {
    "configuration": reference.configuration,
    "command-line": reference.command_line,
    "contract": contracts.contract,
    "terminal": reference.terminal,
    "picture": reference.picture,
    "diagram": diagrams.diagram,
    "other-contracts": contracts.others,
    "excerpt": reference.excerpt,
    "number": reference.number,
    "kinds": rules.kinds,
    "experiments": reference.experiments,
}


def _generated(name: str, argument: str) -> str:
    return _GENERATED[name](argument)


def _sources(wanted: set[str]) -> Iterator[tuple[str, str]]:
    """The files of the repository that are WANTED, and those in the folders that are."""
    inside = {file for path in wanted if (ROOT / path).is_dir() for file in files_in(path)}
    for path in sorted(wanted | inside):
        yield source_path(path), source_page(path)


Menu: TypeAlias = "list[str | dict[str, str | Menu]]"


def menu(wanted: Menu, pages: Mapping[str, str]) -> Menu:
    """The menu WANTED without what does not exist yet, with the rules by family; what it forgot is among the guides."""
    named: set[str] = set()
    chosen = _existing(wanted, pages, named)
    forgotten = sorted(page for page in pages if "/" not in page and page not in named)
    for item in chosen:
        if isinstance(item, dict) and _REST in item:
            under = item[_REST]
            assert isinstance(under, list)
            under.extend(forgotten)
    return chosen


def _existing(wanted: Menu, pages: Mapping[str, str], named: set[str]) -> Menu:
    chosen: Menu = []
    for item in wanted:
        if item == "@rules":
            chosen += _families()
        elif isinstance(item, dict):
            ((title, under),) = item.items()
            if isinstance(under, list):
                chosen.append({title: _existing(under, pages, named)})
            elif under in pages:
                named.add(under)
                chosen.append({title: under})
        elif item in pages:
            named.add(item)
            chosen.append(item)
    return chosen


def _families() -> Menu:
    found: Menu = []
    for family, title in rules.FAMILIES.items():
        members: Menu = [_entry(rule) for rule in rules.rules() if rule.family == family]
        if members:
            found.append({title: members})
    return found


def _entry(rule: Rule) -> dict[str, str | Menu]:
    return {f"{rule.code} {rule.name}": rules.page_path(rule)}


def other_files() -> dict[str, Path]:
    """Files beside the pages, by their place on the site."""
    schemas = (ROOT / "celery_lint/schemas").glob("*.json")
    return {f"schemas/{path.name}": path for path in sorted(schemas)}
