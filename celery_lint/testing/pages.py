"""The parts of the catalogue's pages that are written by the program: header tables and the index by family."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from celery_lint.rule import Rule

_HEADER = re.compile(r"(?<=<!-- header -->\n).*?(?=<!-- /header -->)", re.DOTALL)
_INDEX = re.compile(r"(?<=<!-- index -->\n).*?(?=<!-- /index -->)", re.DOTALL)


def header(rule: Rule) -> str:
    """What the decorator of RULE says, as a Markdown table."""
    cells = {
        "Severity": rule.severity.label,
        "Confidence": rule.confidence.label,
        "Fix": rule.fix,
        "Since": rule.since,
        "Preset": rule.preset,
    }
    return f"| {' | '.join(cells)} |\n|{'---|' * len(cells)}\n| {' | '.join(cells.values())} |\n"


def with_header(page: str, rule: Rule, note: str = "") -> str:
    """The text PAGE with its header table rewritten from RULE, and NOTE below it.

    Raises ValueError when it has no place for one.
    """
    return _rewritten(_HEADER, page, header(rule) + (f"\n{note}\n" if note else ""), "<!-- header -->")


def index(rules: Iterable[Rule]) -> str:
    """All RULES by family, with links to their pages and what they find in one line."""
    families = groupby(sorted(rules, key=lambda rule: (rule.code[3], rule.family, rule.code)), lambda rule: rule.family)
    return "\n".join(f"## {_words(family)}\n\n{_table(members)}" for family, members in families)


def with_index(page: str, rules: Iterable[Rule]) -> str:
    """The text PAGE with the index between its markers rewritten. Raises ValueError when it has no place for it."""
    return _rewritten(_INDEX, page, index(rules), "<!-- index -->")


def _table(rules: Iterable[Rule]) -> str:
    return f"| Code | Name | Finds | Severity | Fix |\n|---|---|---|---|---|\n{''.join(map(_row, rules))}"


def _row(rule: Rule) -> str:
    link = f"[{rule.code}]({rule.family}/{rule.stem}.md)"
    finds = rule.summary.replace("|", r"\|")
    return f"| {link} | {rule.name} | {finds} | {rule.severity.label} | {rule.fix} |\n"


def _words(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _rewritten(place: re.Pattern[str], page: str, text: str, marker: str) -> str:
    if not place.search(page):
        raise ValueError(f"there is no {marker} … {marker.replace('<!-- ', '<!-- /')} in this page")
    return place.sub(lambda _: text, page, count=1)
